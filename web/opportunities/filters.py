"""Which deals a page shows: whose, of which stage, expected when; all of it lives in the address."""

from __future__ import annotations

from collections.abc import Hashable
from datetime import date
from functools import lru_cache
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from flask import g, request, url_for

from saas_crm.access.owners import KEPT, owner_names
from saas_crm.access.permissions import CurrentMember
from saas_crm.core.i18n import gettext as _
from saas_crm.core.numbering.patterns import LONGEST
from saas_crm.opportunities.models import STATUSES
from saas_crm.opportunities.queries import DealFilter
from saas_crm.opportunities.rules import month_after
from web.formatting import month
from web.lists import asked, asked_choice, asked_id
from web.options import Offered
from web.periods import period_asked, period_choices

ADDRESSES = 2_000  # of a hundred bytes, kept in each process
ME = "me"
UNDATED = "none"
"""What the address says in place of a month for deals without an expected close."""


def asked_owner(member: CurrentMember) -> UUID | None:
    """Return whose deals are asked for: `owner` is "me" or a member's id; None means everybody's."""
    value = request.values.get("owner", "")
    if value == ME:
        return member.id
    try:
        return UUID(value)
    except ValueError:
        return None


def owner_choices(member: CurrentMember) -> Offered:
    """Return the choices of the owner filter: mine first, then the colleagues by name."""
    return _mine_first(_("My deals"), str(member.id), owner_names(member, "opportunity"))


@lru_cache(KEPT)
def _mine_first(label: str, mine: str, names: tuple[tuple[str, str], ...]) -> Offered:
    return Offered([(ME, label), *(one for one in names if one[0] != mine)])


def owner_value(member: CurrentMember, owner_id: UUID | None) -> str:
    """Return the owner as the address writes it."""
    if owner_id is None:
        return ""
    return ME if owner_id == member.id else str(owner_id)


def deals_url(**query: Hashable) -> str:
    """Return the address of the board or list with this query; empty values are left out.

    The path is made once per request, and each address once: a board needs some twenty of these.
    """
    if "deals_path" not in g:
        g.deals_path = url_for("board.index")
    return _address(g.deals_path, *query.items())


@lru_cache(ADDRESSES)
def _address(path: str, *query: tuple[str, Hashable]) -> str:
    given = [(name, value) for name, value in query if value]
    return f"{path}?{urlencode(given)}" if given else path


def view_urls(owner: str) -> tuple[str, str]:
    """Return the addresses of the board and of the list, of the same owner's deals."""
    return deals_url(owner=owner), deals_url(view="list", owner=owner)


def asked_month() -> date | None:
    """Return the first day of the month asked for as 2026-04, None without one, and for the calendar's very last."""
    try:
        first = date.fromisoformat(f"{asked('month')}-01")
    except ValueError:
        return None
    return first if first < date.max.replace(day=1) else None  # the month after it is asked for as well


def asked_deals(member: CurrentMember, today: date) -> DealFilter:
    """Return what the list is narrowed to.

    The present month holds the overdue deals too, as the forecast counts them; quarters and years hold what is expected
    in them.
    """
    first, period = asked_month(), period_asked(asked("month"), today, member.ways.fiscal_month)
    only_of_month = first is not None and first != today.replace(day=1)
    return DealFilter(
        q=asked("q"),
        owner_id=asked_owner(member),
        stage_id=asked_id("stage"),
        status=asked_choice("status", STATUSES),
        closes_from=period.first if period else first if only_of_month else None,
        closes_before=period.after if period else month_after(first, 1) if first else None,
        undated=asked("month") == UNDATED,
        number=asked("number")[:LONGEST],
    )


def close_choices(member: CurrentMember, today: date) -> list[tuple[str, str]]:
    """Return the choices of when deals are expected to close: quarters, years, and the month that is asked for."""
    of_month = asked_month()
    return [
        *([(f"{of_month:%Y-%m}", month(of_month))] if of_month else []),
        *period_choices(today, member.ways.fiscal_month), (UNDATED, _("No expected close")),
    ]  # fmt: skip


def status_choices() -> list[tuple[str, str]]:
    """Return the states a deal can be in, in the reader's language."""
    names: dict[str, Any] = {"open": _("Open"), "won": _("Won"), "lost": _("Lost")}
    return [(status, names[status]) for status in STATUSES]
