"""Monthly recurring revenue and seats as a roll-forward: what a month begins with, what moved it, what it ends with.

The movements are those the field reckons with (ChartMogul, "MRR movement definitions",
https://help.chartmogul.com/hc/en-us/articles/203299912). **New**: a workspace pays for the first time. **Expansion**,
**contraction**: who pays goes on with more or less (seats, plan, interval, price). **Churn**: who paid pays nothing any
more, also when unpaid invoices made the workspace read-only. **Reactivation**: who paid once and then did not pays
again.

Amounts of several currencies are never added. Between plans (and where somebody changes the currency) revenue
*moves*: what was paid before leaves the one and comes to the other, and only the difference is expansion or
contraction. So for each plan and currency, and for all plans of a currency, begins + new + reactivation + expansion -
contraction - churn + moved = ends.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields, replace
from datetime import date
from typing import Any

PAYING = ("active", "past_due")
STATES = ("trialing", "active", "past_due", "read_only", "free", "cancelled")


@dataclass(frozen=True, slots=True)
class Step:
    """Workspaces that changed alike in a month, and what that was; without a month, where they stood before the first.

    `how` is the movement of revenue ("" for none), `grew` whether seats became more (1), fewer (-1) or neither (0).
    Amounts are in the currency's smallest unit.
    """

    month: date | None
    was_state: str
    was_plan: str
    was_currency: str
    state: str
    plan: str
    currency: str
    how: str
    grew: int
    count: int
    was_mrr: int
    mrr: int
    was_seats: int
    seats: int


@dataclass(frozen=True, slots=True)
class Figures:
    """A month of a plan in a currency ("" for all together). Amounts are in the currency's smallest unit, a month each.

    `contraction` and `churn` are what was lost, not below zero; `moved` may be. `trials` are those that began;
    `began` and `left` the workspaces that began and ceased to pay. The states are those at the month's end, or now.
    """

    month: date
    plan: str
    currency: str
    begins: int = 0
    new: int = 0
    reactivation: int = 0
    expansion: int = 0
    contraction: int = 0
    churn: int = 0
    moved: int = 0
    ends: int = 0
    seats_added: int = 0
    seats_removed: int = 0
    seats_moved: int = 0
    seats: int = 0
    trials: int = 0
    began: int = 0
    left: int = 0
    trialing: int = 0
    active: int = 0
    past_due: int = 0
    read_only: int = 0

    @property
    def paying(self) -> int:
        """Return how many workspaces pay at the month's end."""
        return self.active + self.past_due

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to tell of it."""
        return not any(getattr(self, name) for name in COUNTED)


@dataclass(frozen=True, slots=True)
class Cohort:
    """The workspaces whose trial began in a month, how many of them paid since, and how many are still trying."""

    month: date
    trials: int
    converted: int
    trying: int

    @property
    def share(self) -> int | None:
        """Return the share of all these trials that paid since, in whole per cent; None of no trials."""
        return (200 * self.converted + self.trials) // (2 * self.trials) if self.trials else None


COUNTED = tuple(field.name for field in fields(Figures) if field.name not in ("month", "plan", "currency"))
MONEY = ("begins", "new", "reactivation", "expansion", "contraction", "churn", "moved", "ends")
"""The figures that are amounts of the currency."""
_KEPT = ("ends", "seats", *(state for state in STATES if state in COUNTED))
"""What goes on from one month into the next."""


def figures(steps: Iterable[Step], first: date, last: date) -> Iterator[Figures]:
    """Yield each month from the first to the last, for each plan and currency of which there is something to tell."""
    by_month: dict[date | None, list[Step]] = {}
    for step in steps:
        by_month.setdefault(step.month, []).append(step)
    held: dict[tuple[str, str], dict[str, int]] = {}
    for step in by_month.get(None, []):
        _stand(_of(held, step.plan, step.currency), step.state, step.count, step.mrr, step.seats)
    month = first
    while month <= last:
        now = {key: {**{name: values.get(name, 0) for name in _KEPT}, "begins": values.get("ends", 0)}
               for key, values in held.items()}  # fmt: skip
        for step in by_month.get(month, []):
            _take(now, step)
        for (plan, currency), values in sorted(now.items()):
            found = Figures(month, plan, currency, **values)
            if not found.is_empty:
                yield found
        held, month = now, month_after(month)


def _take(now: dict[tuple[str, str], dict[str, int]], step: Step) -> None:
    """Book what changed: out of where it was, into where it is."""
    was, here = _of(now, step.was_plan, step.was_currency), _of(now, step.plan, step.currency)
    _stand(was, step.was_state, -step.count, -step.was_mrr, -step.was_seats)
    _stand(here, step.state, step.count, step.mrr, step.seats)
    where = was if step.how == "churn" else here
    if step.how in ("new", "reactivation", "expansion", "contraction", "churn"):
        _add(where, step.how, abs(step.mrr - step.was_mrr))
    _add(was if step.grew < 0 and not step.seats else here, "seats_added" if step.grew > 0 else "seats_removed",
         abs(step.seats - step.was_seats))  # fmt: skip
    if was is not here and step.was_mrr and step.mrr:
        _add(was, "moved", -step.was_mrr)
        _add(here, "moved", step.mrr if step.how == "moved" else step.was_mrr)
    if was is not here and step.was_seats and step.seats:
        _add(was, "seats_moved", -step.was_seats)
        _add(here, "seats_moved", step.was_seats)
    _add(here, "trials", step.count if step.state == "trialing" and not step.was_state else 0)
    _add(here, "began", step.count if step.state in PAYING and step.was_state not in PAYING else 0)
    _add(was, "left", step.count if step.was_state in PAYING and step.state not in PAYING else 0)


def _stand(values: dict[str, int], state: str, count: int, mrr: int, seats: int) -> None:
    if state in _KEPT:
        _add(values, state, count)
    _add(values, "ends", mrr)
    _add(values, "seats", seats)


def _of(all_: dict[tuple[str, str], dict[str, int]], plan: str, currency: str) -> dict[str, int]:
    return all_.setdefault((plan, currency), {})


def _add(values: dict[str, int], name: str, count: int) -> None:
    values[name] = values.get(name, 0) + count


def together(rows: Iterable[Figures], *, by: tuple[str, ...]) -> list[Figures]:
    """Return the figures added up over all that is not in `by` ("month", "plan", "currency"), in order.

    Where currencies are put together, amounts are left out: only workspaces and seats can be added.
    """
    found: dict[tuple[object, ...], Figures] = {}
    for row in rows:
        key = tuple(getattr(row, name) for name in by)
        before = found.get(key) or Figures(row.month, row.plan if "plan" in by else "",
                                           row.currency if "currency" in by else "")  # fmt: skip
        sums = {name: getattr(before, name) + getattr(row, name) for name in COUNTED}
        found[key] = replace(before, **sums)
    nothing: dict[str, Any] = dict.fromkeys(MONEY, 0)
    rows = [found[key] for key in sorted(found, key=str)]
    return rows if "currency" in by else [replace(row, **nothing) for row in rows]


def month_after(month: date) -> date:
    """Return the first day of the month after."""
    return date(month.year + month.month // 12, month.month % 12 + 1, 1)
