"""The board's columns and the forecast on its head, ready for their templates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

from flask import request, url_for

from saas_crm.core.cursors import CursorError, decode_cursor, encode_cursor
from saas_crm.opportunities.board import Column
from saas_crm.opportunities.rules import ForecastMonth
from web.formatting import money, month, number
from web.opportunities.cards import Card, CardWriter

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
    cards: list[Card] = field(default_factory=list)
    list_url: str = ""
    next_url: str = ""


class Forecast(NamedTuple):
    """What a month may bring: the weighted sum of a total, and the deals behind it."""

    label: str
    weighted: str
    total: str
    href: str


def column_part(column: Column, currency: str, owner: str, write: CardWriter | None = None) -> ColumnPart:
    """Return a column as the page shows it; `owner` is whose deals the board is narrowed to."""
    stage, cards = column.stage, [write.of_row(row) for row in column.cards] if write else []
    more = bool(cards) and column.more
    return ColumnPart(
        stage.id,
        stage.name,
        stage.kind,
        number(column.count),
        money(column.amount, currency),
        money(column.weighted, currency) if stage.kind == "open" else "",
        cards,
        url_for("board.index", view="list", stage=stage.id, owner=owner or None) if more else "",
        next_cards_url(stage.id, column.cards[-1], owner) if more else "",
    )


def next_cards_url(stage_id: UUID, last: Any, owner: str) -> str:
    """Return the address of the cards that follow a column's last one."""
    cursor = encode_cursor(SCOPE, (last.stage_since, last.id))
    return url_for("board.cards", stage_id=stage_id, owner=owner or None, after=cursor)


def asked_after() -> tuple[Any, ...] | None:
    """Return the key of the last card shown; an old or broken cursor begins at the top."""
    try:
        key = decode_cursor(request.args.get("after", ""), SCOPE, (datetime, UUID))
    except CursorError:
        return None
    return None if None in key else key


def forecast_part(months: Sequence[ForecastMonth], currency: str, owner: str) -> list[Forecast]:
    """Return the forecast as the board's head shows it; each month leads to its open deals."""
    return [
        Forecast(
            month(entry.month),
            money(entry.weighted, currency),
            money(entry.amount, currency),
            _deals_of(entry.month, owner),
        )
        for entry in months
    ]


def _deals_of(first: date | None, owner: str) -> str:
    wanted = f"{first:%Y-%m}" if first else None
    return url_for("board.index", view="list", status="open", month=wanted, owner=owner or None)
