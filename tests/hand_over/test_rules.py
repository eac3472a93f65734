"""Dividing customers: plain values in, plain answers out."""

from __future__ import annotations

from collections import Counter
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from saas_crm.hand_over.rules import WAYS, Bundle, Seat, divided, gains, with_picks

ANN, BEN, CAT = (UUID(int=900 + n) for n in range(3))


def customer(number: int, deals: int = 0) -> Bundle:
    return Bundle(UUID(int=number), deals=deals)


@pytest.mark.parametrize(
    ("way", "deals", "seats", "expected"),
    [
        ("one", [1, 0, 5], [Seat(BEN)], [BEN, BEN, BEN]),
        ("team", [0, 0, 0, 0], [Seat(ANN), Seat(BEN)], [ANN, BEN, ANN, BEN]),
        ("team", [4, 3, 2, 1], [Seat(ANN), Seat(BEN)], [ANN, BEN, BEN, ANN]),
        ("team", [0, 0], [Seat(ANN, deals=99), Seat(BEN)], [ANN, BEN]),
        ("load", [1, 1, 1], [Seat(ANN, deals=2), Seat(BEN)], [BEN, BEN, ANN]),
        ("load", [5, 1, 1], [Seat(ANN), Seat(BEN)], [ANN, BEN, BEN]),
        ("load", [0, 0, 0], [Seat(ANN, deals=1), Seat(BEN, deals=1), Seat(CAT, deals=2)], [ANN, BEN, CAT]),
        ("load", [0, 0, 0], [Seat(ANN, deals=9, customers=1), Seat(BEN, customers=3)], [ANN, ANN, BEN]),
        ("load", [2, 0, 0], [Seat(ANN, deals=9), Seat(BEN, customers=1)], [BEN, ANN, ANN]),
        ("picked", [1, 2], [Seat(ANN)], [None, None]),
        ("one", [1], [], [None]),
        ("load", [], [Seat(ANN)], []),
    ],
)
def test_who_gets_what(way: str, deals: list[int], seats: list[Seat], expected: list[UUID | None]) -> None:
    bundles = [customer(number, count) for number, count in enumerate(deals)]
    division = divided(way, bundles, seats)  # type: ignore[arg-type]
    assert [division.get(bundle.customer) for bundle in bundles] == expected


@given(
    st.sampled_from([way for way in WAYS if way != "picked"]),
    st.lists(st.integers(0, 9), max_size=40),
    st.lists(st.integers(0, 20), min_size=1, max_size=6),
)
def test_everything_goes_to_somebody_and_the_same_each_time(way: str, deals: list[int], loads: list[int]) -> None:
    bundles = [customer(number, count) for number, count in enumerate(deals)]
    seats = [Seat(UUID(int=900 + place), load) for place, load in enumerate(loads)]
    division = divided(way, bundles, seats)  # type: ignore[arg-type]
    assert set(division) == {bundle.customer for bundle in bundles}
    assert set(division.values()) <= {seat.member for seat in seats}
    assert divided(way, reversed(bundles), seats) == division  # type: ignore[arg-type]


@given(st.integers(0, 60), st.integers(1, 7))
def test_a_team_gets_the_same_number_of_customers_each(customers: int, team: int) -> None:
    bundles = [customer(number, number % 4) for number in range(customers)]
    division = divided("team", bundles, [Seat(UUID(int=900 + place)) for place in range(team)])
    numbers = Counter(division.values())
    assert max(numbers.values(), default=0) - min(numbers[UUID(int=900 + p)] for p in range(team)) <= 1


@given(st.integers(0, 60), st.lists(st.tuples(st.integers(0, 20), st.integers(0, 30)), min_size=1, max_size=6))
def test_customers_without_deals_fill_up_who_has_fewest_whatever_their_deals(
    customers: int, loads: list[tuple[int, int]]
) -> None:
    seats = [Seat(UUID(int=900 + place), deals, had) for place, (deals, had) in enumerate(loads)]
    given_to = Counter(divided("load", [customer(number) for number in range(customers)], seats).values())
    after = {seat.member: seat.customers + given_to[seat.member] for seat in seats}
    fewest = min(after.values())
    assert all(after[member] <= fewest + 1 for member in given_to), "who is given one ends at most one above the fewest"


def test_single_customers_go_elsewhere_or_stay() -> None:
    bundles = [customer(number) for number in range(3)]
    division = divided("one", bundles, [Seat(ANN)])
    picks = {UUID(int=0): BEN, UUID(int=1): CAT, UUID(int=77): BEN}
    assert with_picks(division, picks, bundles, keeper=CAT) == {UUID(int=0): BEN, UUID(int=2): ANN}


def test_what_everybody_gains() -> None:
    bundles = [Bundle(UUID(int=1), 3, 2, 1), Bundle(UUID(int=2), 1, 0, 4), Bundle(UUID(int=3))]
    assert gains({UUID(int=1): ANN, UUID(int=2): ANN}, bundles) == {ANN: Bundle(ANN, 4, 2, 5)}
