"""The board's columns and the forecast on its head, ready for their templates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from urllib.parse import urlencode
from uuid import UUID

from flask import request
from markupsafe import Markup

from saas_crm.access.field_rules import may_know
from saas_crm.access.permissions import CurrentMember
from saas_crm.core.cursors import CursorError, decode_cursor, encode_cursor
from saas_crm.core.i18n import gettext as _
from saas_crm.core.i18n import ngettext
from saas_crm.opportunities.board import Column
from saas_crm.opportunities.rules import ForecastMonth
from web.formatting import dotted, money, money_short, month, number
from web.opportunities.cards import cards_html
from web.opportunities.filters import UNDATED, deals_url

SCOPE = "board"


@dataclass(frozen=True, slots=True)
class ColumnPart:
    """One stage on the board: its head and its first cards, in the reader's notation."""

    id: UUID
    name: str
    kind: str
    count: str
    total: str
    weighted: str
    cards: Markup
    tab_url: str
    list_url: str = ""
    next_url: str = ""


class Forecast(NamedTuple):
    """What a month may bring: the weighted sum and the total, in full and in few characters, and the deals behind it.

    Of the deals without a month, how many stands in place of what they may bring.
    """

    label: str
    first: str
    second: str
    first_short: str
    second_short: str
    href: str


def column_part(column: Column, currency: str, owner: str, member: CurrentMember) -> ColumnPart:
    """Return a column as the page shows it; `owner` is whose deals the board is narrowed to."""
    stage, more = column.stage, bool(column.cards) and column.more
    told = may_know(member, "opportunity", "amount")  # an empty column has no amount that could be veiled
    return ColumnPart(
        stage.id,
        stage.name,
        stage.kind,
        number(column.count),
        money(column.amount, currency) if told else "",
        money(column.weighted.to_integral_value(), currency) if told and stage.kind == "open" else "",
        cards_html(column.cards, member),
        deals_url(stage=stage.id, owner=owner),
        deals_url(view="list", stage=stage.id, owner=owner) if more else "",
        next_cards_url(stage.id, column.cards[-1], owner) if more else "",
    )


def next_cards_url(stage_id: UUID, last: Any, owner: str) -> str:
    """Return the address of the cards that follow a column's last one."""
    cursor = encode_cursor(SCOPE, (last.stage_since, last.id))
    query = {"owner": owner, "after": cursor} if owner else {"after": cursor}
    return f"{deals_url()}/stages/{stage_id}/cards?{urlencode(query)}"


def asked_after() -> tuple[Any, ...] | None:
    """Return the key of the last card shown; an old or broken cursor begins at the top."""
    try:
        key = decode_cursor(request.args.get("after", ""), SCOPE, (datetime, UUID))
    except CursorError:
        return None
    return None if None in key else key


def forecast_part(months: Sequence[ForecastMonth], currency: str, owner: str) -> list[Forecast]:
    """Return the forecast as the board's head shows it; each month leads to its open deals.

    A month that can bring nothing is left out: two zeros tell nobody anything. Deals without a month count even
    without an amount, because they are missing from every other sum.
    """
    return [
        _dated(entry, currency, owner) if entry.month else _undated(entry, currency, owner)
        for entry in months
        if (entry.amount if entry.month else entry.count)
    ]


def _dated(entry: ForecastMonth, currency: str, owner: str) -> Forecast:
    late = _("%(number)s overdue", number=number(entry.late)) if entry.late else ""
    return Forecast(
        dotted(month(entry.month), late),
        _weighted(money(entry.weighted.to_integral_value(), currency)),
        _in_all(money(entry.amount, currency)),
        _weighted(money_short(entry.weighted, currency)),
        _in_all(money_short(entry.amount, currency)),
        deals_url(view="list", status="open", month=f"{entry.month:%Y-%m}", owner=owner),
    )


def _undated(entry: ForecastMonth, currency: str, owner: str) -> Forecast:
    count = ngettext("%(number)s deal", "%(number)s deals", entry.count, number=number(entry.count))
    return Forecast(
        _("No expected close"),
        count,
        _in_all(money(entry.amount, currency)),
        count,
        _in_all(money_short(entry.amount, currency)),
        deals_url(view="list", status="open", month=UNDATED, owner=owner),
    )


def _weighted(amount: str) -> str:
    return _("%(amount)s weighted", amount=amount) if amount else ""


def _in_all(amount: str) -> str:
    return _("%(amount)s in all", amount=amount) if amount else ""
