"""Where and when a story is told: who is in it, what day it is, how money is written."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from random import Random
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from saas_crm.demo.words import Ware, Words

Row = dict[str, Any]

# Roughly what one euro is worth, so that amounts look right; no rate of exchange is meant.
_EUROS = {"CNY": 7, "TWD": 32, "HKD": 8, "JPY": 150, "KRW": 1_400, "INR": 90, "BRL": 6, "MXN": 19, "SEK": 11,
          "NOK": 11, "DKK": 7, "CZK": 25, "PLN": 4, "HUF": 390, "TRY": 35, "ZAR": 19, "THB": 36, "IDR": 17_000,
          "VND": 27_000, "RUB": 95, "UAH": 45, "ILS": 4, "PHP": 62, "MYR": 5}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much is told. `deals` counts open deals by place of their stage, then won, then lost."""

    companies: int
    consumers: int
    open_deals: tuple[int, ...]
    won: int
    lost: int
    planned: int


@dataclass(frozen=True, slots=True)
class Step:
    """A stage of the workspace's pipeline, as far as a story needs it."""

    id: UUID
    pipeline_id: UUID
    kind: str


@dataclass
class Scene:
    """The setting of one workspace's story; `rng` decides all that is left to chance."""

    words: Words
    sizes: Sizes
    now: datetime
    timezone: str
    country: str
    currency: str
    owners: Mapping[UUID, int]
    steps: list[Step]
    rng: Random
    new_id: Callable[[str], UUID]
    phone: Callable[[int], str] | None = None
    rows: dict[str, list[Row]] = field(default_factory=dict)

    @property
    def today(self) -> date:
        """The calendar day where the workspace is."""
        return self.now.astimezone(ZoneInfo(self.timezone)).date()

    @property
    def open_steps(self) -> list[Step]:
        """The stages of deals still open, in order."""
        return [step for step in self.steps if step.kind == "open"]

    def closing_step(self, kind: str) -> Step:
        """The stage of won or of lost deals."""
        return next(step for step in self.steps if step.kind == kind)

    def at(self, day: date, hour: float) -> datetime:
        """Return a time of day where the workspace is, in UTC."""
        clock = time(int(hour), int(hour % 1 * 60))
        return datetime.combine(day, clock, ZoneInfo(self.timezone)).astimezone(UTC)

    def ago(self, days: float) -> datetime:
        """Return some working hour about that many days ago, never in the future."""
        day = self.today - timedelta(days=round(days))
        day -= timedelta(days=max(day.weekday() - 4, 0))
        moment = self.at(day, self.rng.choice((8.5, 9.25, 10, 10.75, 11.5, 13.5, 14.25, 15, 16, 16.75)))
        return min(moment, self.now - timedelta(minutes=self.rng.randint(5, 90)))

    def between(self, first: datetime, last: datetime) -> datetime:
        """Return some moment between two."""
        return first + (last - first) * self.rng.random()

    def owner(self) -> UUID:
        """Return one of those who own records, the busier ones more often."""
        return self.rng.choices(list(self.owners), weights=list(self.owners.values()))[0]

    def price(self, ware: Ware) -> Decimal:
        """Return what a ware costs this time: two or three digits that matter, in the workspace's currency."""
        amount = self.rng.triangular(ware.low, ware.high, ware.low + (ware.high - ware.low) / 3)
        amount *= _EUROS.get(self.currency, 1)
        step = 10 ** max(len(str(int(amount))) - 3, 0) * 5
        return Decimal(max(round(amount / step), 1) * step)

    def add(self, table: str, **values: Any) -> Row:
        """Add a row to a table of the story and return it."""
        row = {"id": self.new_id(table), **values}
        self.rows.setdefault(table, []).append(row)
        return row
