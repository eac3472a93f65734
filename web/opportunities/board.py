"""Pages: the board of deals; with ?view=list the same deals as a list."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, redirect, render_template
from flask.typing import ResponseReturnValue

from saas_crm.core.clock import today_in
from saas_crm.edge.current import current_member
from saas_crm.edge.declared import requires
from saas_crm.opportunities import board as boards
from saas_crm.opportunities.pipelines import get_stage
from tenants.context import current_tenant
from web.forms import is_htmx
from web.lists import asked_choice, asked_id
from web.opportunities import listing
from web.opportunities.cards import cards_html
from web.opportunities.columns import ColumnPart, asked_after, column_part, columns_html, forecast_part, next_cards_url
from web.opportunities.filters import asked_owner, deals_url, owner_choices, owner_value, view_urls

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
    owner = owner_value(member, owner_id)
    columns = [column_part(column, currency, owner, member) for column in found.columns]
    shown_id = _shown(columns, asked_id("stage"))
    return render_template(
        "opportunities/board.html",
        columns=columns,
        shown_id=shown_id,
        columns_html=columns_html(columns, shown_id),
        forecast=forecast_part(found.forecast, currency, owner),
        is_empty=not any(column.count for column in found.columns),
        owner=owner,
        views=view_urls(owner),
        owners=owner_choices(member),
        may_create=member.can("opportunity:create"),
    )


@bp.get("/deals/stages/<uuid:stage_id>/cards")
@requires("opportunity:read")
def cards(stage_id: UUID) -> ResponseReturnValue:
    """Answer the next cards of one column."""
    member = current_member()
    owner_id = asked_owner(member)
    owner = owner_value(member, owner_id)
    stage = get_stage(stage_id, member=member)
    list_url = deals_url(view="list", stage=stage.id, owner=owner)
    if not is_htmx():
        return redirect(list_url, 303)
    page = boards.more_cards(member, stage.id, after=asked_after(), owner_id=owner_id)
    return render_template(
        "opportunities/_cards.html",
        stage_id=stage.id,
        cards=cards_html(page.rows, member),
        list_url=list_url if page.after else "",
        next_url=next_cards_url(stage.id, page.rows[-1], owner) if page.after else "",
    )


def _shown(columns: list[ColumnPart], asked: UUID | None) -> UUID:
    """Return the stage that the phone shows: the one asked for, else the first with deals."""
    ids = [column.id for column in columns]
    if asked in ids:
        return asked
    return next((column.id for column in columns if column.cards and column.kind == "open"), ids[0])
