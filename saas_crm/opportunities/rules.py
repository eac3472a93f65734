"""Pure rules of the sales process: the default pipeline, what closing needs, the weighted forecast."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal

CLOSE_REASONS: Mapping[str, tuple[str, ...]] = {
    "won": ("price", "product", "service", "relationship", "timing", "other"),
    "lost": ("price", "product", "competitor", "no_budget", "no_decision", "timing", "other"),
}
STALE_DAYS = 30


@dataclass(frozen=True, slots=True)
class StagePlan:
    """A stage of the pipeline every workspace starts with."""

    kind: str
    probability: int
    names: Mapping[str, str]


DEFAULT_PIPELINE_NAMES = {"en": "Sales", "zh_Hans": "销售", "zh_Hant": "銷售"}
DEFAULT_STAGES = (
    StagePlan("open", 10, {"en": "Lead", "zh_Hans": "线索", "zh_Hant": "線索"}),
    StagePlan("open", 25, {"en": "Qualified", "zh_Hans": "已确认", "zh_Hant": "已確認"}),
    StagePlan("open", 50, {"en": "Proposal", "zh_Hans": "方案", "zh_Hant": "提案"}),
    StagePlan("open", 75, {"en": "Negotiation", "zh_Hans": "谈判", "zh_Hant": "談判"}),
    StagePlan("won", 100, {"en": "Won", "zh_Hans": "赢单", "zh_Hant": "贏單"}),
    StagePlan("lost", 0, {"en": "Lost", "zh_Hans": "输单", "zh_Hant": "輸單"}),
)


def name_in(name: str, names: Mapping[str, str], locale: str) -> str:
    """Return a stage's or pipeline's name for a reader: their language's, else the one it was given."""
    return names.get(locale) or name


def is_stale(status: str, last_activity_at: datetime, now: datetime) -> bool:
    """Whether an open deal lies still: nothing has happened with it, nor has it moved, for STALE_DAYS."""
    return status == "open" and now - last_activity_at >= timedelta(days=STALE_DAYS)


def days_between(then: datetime, now: datetime) -> int:
    """Return how many whole days have passed; 0 for what is still to come."""
    return max((now - then).days, 0)


def weighted(amount: Decimal, probability: int) -> Decimal:
    """Return an amount times its chance (percent), half a minor unit rounded up."""
    return (amount * probability / 100).quantize(Decimal("0.01"), ROUND_HALF_UP)


@dataclass(frozen=True, slots=True)
class Sum:
    """Some deals of one stage and month: how many, how much, with which chance in percent, still open or not."""

    stage_id: object
    month: date | None
    count: int
    amount: Decimal
    probability: int
    open: bool = True


@dataclass(frozen=True, slots=True)
class ForecastMonth:
    """What one month may bring; `month` is None for deals without an expected close.

    `late` says how many of its deals were expected in an earlier month.
    """

    month: date | None
    count: int
    amount: Decimal
    weighted: Decimal
    late: int = 0


def forecast(sums: Iterable[Sum], *, first: date, months: int = 3) -> list[ForecastMonth]:
    """Roll open deals up into months: the one that contains `first` and those after it; last, those without one.

    Deals expected earlier than `first` are overdue and still to come, so they count in the first month;
    closed and later ones are left out. Source: weighted pipeline = sum of amount x stage probability.
    """
    starts: list[date] = [month_after(first, n) for n in range(months)]
    totals = {start: (0, Decimal(0), Decimal(0), 0) for start in (*starts, None)}
    for entry in sums:
        start = entry.month and max(entry.month.replace(day=1), starts[0])
        if entry.open and start in totals:
            count, total, chance, late = totals[start]
            chance += weighted(entry.amount, entry.probability)
            late += entry.count if entry.month and entry.month < starts[0] else 0
            totals[start] = count + entry.count, total + entry.amount, chance, late
    return [ForecastMonth(start, *held) for start, held in totals.items()]


def month_after(day: date, months: int) -> date:
    """Return the first of the month `months` after the day's own."""
    index = day.year * 12 + day.month - 1 + months
    return date(index // 12, index % 12 + 1, 1)
