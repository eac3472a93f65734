"""The board's columns and the forecast on its head, ready for their templates."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple
from urllib.parse import urlencode
from uuid import UUID

from flask import current_app, request
from markupsafe import Markup

from saas_crm.access.field_rules import may_know
from saas_crm.access.permissions import CurrentMember
from saas_crm.core.cursors import CursorError, decode_cursor, encode_cursor
from saas_crm.core.i18n import gettext as _
from saas_crm.core.i18n import ngettext, spoken
from saas_crm.opportunities.board import Column
from saas_crm.opportunities.rules import ForecastMonth
from web.formatting import dotted, money, money_short, month, number
from web.opportunities.cards import cards_html
from web.opportunities.filters import UNDATED, deals_url

SCOPE = "board"
KEPT = 1_000  # of a kilobyte or two, in each process
_CARDS = f"cards-{secrets.token_hex(16)}"  # stands for the cards of a column, see FORM_TOKEN


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


class Around(NamedTuple):
    """All that a column shows around its cards."""

    id: UUID
    name: str
    kind: str
    deals: str
    total: str
    weighted: str
    shown: bool
    list_url: str
    next_url: str


def columns_html(columns: Sequence[ColumnPart], shown_id: UUID) -> Markup:
    """Return the columns of a board, of which the phone shows one. What is around the cards is written once."""
    locale, found = spoken(), []
    for part in columns:
        around = Around(part.id, part.name, part.kind, part.count, part.total, part.weighted, part.id == shown_id,
                        part.list_url, part.next_url)  # fmt: skip
        before, after = _around(around, locale)
        found += [before, part.cards, after]
    return Markup("".join(found))  # noqa: S704 - templates wrote it


@lru_cache(KEPT)
def _around(part: Around, _locale: str) -> tuple[str, str]:
    macros: Any = current_app.jinja_env.get_template("components/board.html").module
    written = macros.stage_column(
        part, part.deals, part.total, part.weighted, part.shown, part.list_url, part.next_url,
        caller=lambda: Markup(_CARDS),  # noqa: S704 - no markup
    )  # fmt: skip
    before, _cards, after = str(written).partition(_CARDS)
    return before, after


def next_cards_url(stage_id: UUID, last: Any, owner: str) -> str:
    """Return the address of the cards that follow a column's last one."""
    return _next_cards_url(deals_url(), stage_id, last.stage_since, last.id, owner)


@lru_cache(KEPT)
def _next_cards_url(path: str, stage_id: UUID, since: datetime, last_id: str, owner: str) -> str:
    cursor = encode_cursor(SCOPE, (since, last_id))
    query = {"owner": owner, "after": cursor} if owner else {"after": cursor}
    return f"{path}/stages/{stage_id}/cards?{urlencode(query)}"


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
