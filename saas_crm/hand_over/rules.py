"""How customers are divided among those who take over: plain values in, plain answers out.

A bundle is a customer with all that belongs to it and goes along: it stays together, with one successor.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from heapq import heapify, heapreplace
from typing import Literal, get_args
from uuid import UUID

Way = Literal["one", "team", "load", "picked"]
WAYS: tuple[Way, ...] = get_args(Way)
UNDO_DAYS = 30
Division = Mapping[UUID, UUID]
"""Who gets which bundle: successor by customer."""
Load = tuple[int, int]
"""What is compared first, and what where that is the same."""


@dataclass(frozen=True, slots=True)
class Bundle:
    """One customer to be handed over, and how much work comes with it: open deals and, apart, closed ones."""

    customer: UUID
    customers: int = 1
    deals: int = 0
    activities: int = 0
    closed: int = 0

    @property
    def is_empty(self) -> bool:
        """Whether all of it lies in the recycle bin."""
        return not (self.customers or self.deals or self.activities or self.closed)


@dataclass(frozen=True, slots=True)
class Seat:
    """One who takes over, and the open deals and the customers they have already."""

    member: UUID
    deals: int = 0
    customers: int = 0


def divided(way: Way, bundles: Iterable[Bundle], seats: Sequence[Seat]) -> dict[UUID, UUID]:
    """Return who gets what; the same input always gives the same answer, so a preview tells what will happen.

    Nobody gets anything by "picked" or where there is no seat. Raises KeyError for a way there is not.
    """
    return _WAYS[way](sorted(bundles, key=_heaviest_first), seats) if seats else {}


def with_picks(division: Division, picks: Division, bundles: Iterable[Bundle], keeper: UUID) -> dict[UUID, UUID]:
    """Return a division in which single customers go where they were picked to; what the keeper keeps is left out.

    Picks of customers that are not handed over count for nothing.
    """
    known = {bundle.customer for bundle in bundles}
    chosen = {**division, **{customer: to for customer, to in picks.items() if customer in known}}
    return {customer: to for customer, to in chosen.items() if to != keeper}


def gains(division: Division, bundles: Iterable[Bundle]) -> dict[UUID, Bundle]:
    """Return for each successor what a division brings them, summed up."""
    sums: dict[UUID, Bundle] = {}
    for bundle in bundles:
        to = division.get(bundle.customer)
        if to is not None:
            had = sums.get(to, Bundle(to, customers=0))
            sums[to] = Bundle(
                to, had.customers + bundle.customers, had.deals + bundle.deals, had.activities + bundle.activities,
                had.closed + bundle.closed,
            )  # fmt: skip
    return sums


def _heaviest_first(bundle: Bundle) -> tuple[int, int, UUID]:
    return -bundle.deals, -bundle.customers, bundle.customer


def _to_one(bundles: Sequence[Bundle], seats: Sequence[Seat]) -> dict[UUID, UUID]:
    return {bundle.customer: seats[0].member for bundle in bundles}


def _evenly(bundles: Sequence[Bundle], seats: Sequence[Seat]) -> dict[UUID, UUID]:
    """Give each bundle to who was given fewest customers so far, and of these to who was given fewest deals."""
    return _greedily(bundles, seats, [(0, 0) for _ in seats], lambda bundle: (bundle.customers, bundle.deals))


def _by_load(bundles: Sequence[Bundle], seats: Sequence[Seat]) -> dict[UUID, UUID]:
    """Give what has open deals to who has fewest of these then, and all else to who has fewest customers then.

    Deals alone would not do: most customers have none, so all of them would go to the one with fewest.
    """
    busy, quiet = [one for one in bundles if one.deals], [one for one in bundles if not one.deals]
    division = _greedily(
        busy, seats, [(seat.deals, seat.customers) for seat in seats], lambda bundle: (bundle.deals, bundle.customers)
    )
    given = gains(division, busy)
    had = [(seat, given.get(seat.member, Bundle(seat.member, customers=0))) for seat in seats]
    begin = [(seat.customers + more.customers, seat.deals + more.deals) for seat, more in had]
    return division | _greedily(quiet, seats, begin, lambda bundle: (bundle.customers, bundle.deals))


def _greedily(
    bundles: Sequence[Bundle], seats: Sequence[Seat], begin: Sequence[Load], weight: Callable[[Bundle], Load]
) -> dict[UUID, UUID]:
    waiting = [(load, place) for place, load in enumerate(begin)]
    heapify(waiting)
    division = {}
    for bundle in bundles:
        (first, second), place = waiting[0]
        division[bundle.customer] = seats[place].member
        more = weight(bundle)
        heapreplace(waiting, ((first + more[0], second + more[1]), place))
    return division


def _nothing(_bundles: Sequence[Bundle], _seats: Sequence[Seat]) -> dict[UUID, UUID]:
    return {}


_WAYS: Mapping[str, Callable[[Sequence[Bundle], Sequence[Seat]], dict[UUID, UUID]]] = {
    "one": _to_one, "team": _evenly, "load": _by_load, "picked": _nothing,
}  # fmt: skip
