"""Pages: the board of deals; with ?view=list the same deals as a list."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, render_template, url_for
from flask.typing import ResponseReturnValue

from saas_crm.access.permissions import CurrentMember
from saas_crm.core.clock import today_in
from saas_crm.core.cursors import encode_cursor
from saas_crm.edge.current import current_member
from saas_crm.edge.declared import requires
from saas_crm.opportunities import board as boards
from saas_crm.opportunities.board import Column
from saas_crm.opportunities.pipelines import StageView, get_stage, view_of
from saas_crm.opportunities.rules import ForecastMonth
from tenants.context import current_tenant
from web.formatting import money, number
from web.forms import wants_part
from web.lists import address, asked_choice, asked_id
from web.opportunities import listing
from web.opportunities.cards import CardWriter
from web.opportunities.columns import ColumnPart, after_card, column_part, forecast_part
from web.opportunities.filters import asked_owner, owner_choices, owner_value

bp = Blueprint("board", __name__)


@bp.get("/deals")
@requires("opportunity:read")
def index() -> str:
    """Show the deals as a board, or as a list when the address says so."""
    member = current_member()
    if asked_choice("view", ("list",)):
        return listing.render(member)
    currency, owner_id = current_tenant().currency, asked_owner(member)
    found = boards.board(member, currency=currency, today=today_in(member.timezone), owner_id=owner_id)
    write = CardWriter(member)
    columns = [column_part(column, currency, owner_id, write) for column in found.columns]
    return render_template(
        "opportunities/board.html",
        columns=columns,
        shown_id=_shown(columns),
        forecast=forecast_part(found.forecast, currency),
        is_empty=not any(column.count for column in found.columns),
        owner=owner_value(member, owner_id),
        owners=owner_choices(member),
        may_create=member.can("opportunity:create"),
    )
