"""The deals as a list: search, filters, order, paging by key."""

from __future__ import annotations

from typing import Any

from flask import render_template, url_for

from saas_crm.access.field_rules import may_know
from saas_crm.access.permissions import CurrentMember
from saas_crm.core.clock import today_in
from saas_crm.core.i18n import gettext as _
from saas_crm.core.i18n import ngettext, pgettext
from saas_crm.edge.current import current_member
from saas_crm.opportunities.pipelines import stages
from saas_crm.opportunities.queries import COUNTED, ORDERS, count_up_to, opportunity_rows
from web.formatting import number
from web.forms import wants_part
from web.lists import address, after_key, asked, asked_choice, counted, next_url, sorting
from web.numbers import shows_numbers
from web.opportunities.cards import base_url
from web.opportunities.filters import (
    asked_deals,
    asked_owner,
    close_choices,
    owner_choices,
    owner_value,
    status_choices,
    view_urls,
)

PAGE = 50
NARROWING = ("q", "owner", "stage", "status", "month", "number", "after")


def render(member: CurrentMember) -> str:
    """Return the page of the list, or the part of it that htmx asks for."""
    today = today_in(member.timezone)
    wanted, sort = asked_deals(member, today), asked_choice("sort", ORDERS, "-updated_at")
    scope = f"deals:{sort}"
    page = opportunity_rows(member, wanted, sort=sort, after=after_key(scope, ORDERS[sort]), limit=PAGE)
    choices = stages(member, archived=True)
    owner_id = asked_owner(member)
    part = wants_part("results", "rows")
    return render_template(
        "opportunities/_results.html" if part else "opportunities/list.html",
        rows=page.rows,
        next_url=next_url(page, scope),
        count=_said(count_up_to(member, wanted)),
        columns=_columns(sort),
        coded=shows_numbers("opportunity"),
        stages={stage.id: stage for stage in choices},
        stage_choices=[(str(stage.id), stage.name) for stage in choices],
        wanted=wanted,
        base=base_url(),
        today=today,
        narrowed=wanted.narrows,
        clear_url=address(**dict.fromkeys(NARROWING)) if wanted.narrows else "",
        filters=sum(
            map(
                bool,
                (wanted.owner_id, wanted.stage_id, wanted.status, wanted.closes_before, wanted.undated, wanted.number),
            )
        ),
        closes=[] if part else close_choices(member, today),
        close=asked("month"),
        q=wanted.q,
        sort=sort,
        owner=owner_value(member, owner_id),
        views=view_urls(owner_value(member, owner_id)),
        owners=[] if part else owner_choices(member),
        statuses=status_choices(),
        may_create=member.can("opportunity:create"),
        export_url=address(url_for("exports.opportunities"), after=None, view=None)
        if member.can("opportunity:export")
        else "",
    )


def _said(count: int) -> str:
    if count > COUNTED:
        return _("%(number)s deals", number=counted(count, COUNTED))
    return ngettext("%(number)s deal", "%(number)s deals", count, number=number(count))


def _columns(sort: str) -> list[dict[str, Any]]:
    """Return the columns of the list; their number is that of the cells of a row. The undated stand last."""
    amount = sorting(_("Amount"), "-amount", sort, num=True)
    told = may_know(current_member(), "opportunity", "amount")
    return [
        {"label": _("Name")},
        *([{"label": pgettext("column", "No.")}] if shows_numbers("opportunity") else []),
        {"label": _("Stage")},
        sorting(_("Expected close"), "expected_close", sort),
        {"label": _("Owner")},
        sorting(_("Last changed"), "-updated_at", sort),
        amount if told else {"label": _("Amount"), "num": True},
    ]
