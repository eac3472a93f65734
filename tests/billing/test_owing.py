"""Who owes goes one step at a look, after days that were lived and a letter that was sent."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from billing.announcing import letter_owed, reminder_due
from billing.held import Held
from billing.rules import standing_by_clock
from tests.billing.test_rules import DAY, DEBT, ENDED, MANUAL, PAYING, T, said, standing_of

OWES = replace(PAYING, state="past_due", past_due_since=T, state_since=T, told=("payment_failed",))
READS = replace(OWES, state="read_only", state_since=T + 14 * DAY, told=("read_only",))
OVER = replace(OWES, state="cancelled", state_since=T + 44 * DAY, told=("cancelled",))
LATE = replace(OWES, state_since=T + 90 * DAY)


@pytest.mark.parametrize(
    ("held", "after", "state", "since", "until"),
    [
        (PAYING, 0, "past_due", 0, 14),
        (PAYING, 5, "past_due", 5, 14),
        (PAYING, 13, "past_due", 13, 16),
        (PAYING, 400, "past_due", 400, 403),
        (OWES, 13.99, "past_due", 0, 14),
        (OWES, 14, "read_only", 14, 44),
        (OWES, 400, "read_only", 400, 430),
        (replace(OWES, told=()), 400, "past_due", 0, 14),
        (LATE, 92.99, "past_due", 90, 93),
        (LATE, 93, "read_only", 93, 123),
        (READS, 43.99, "read_only", 14, 44),
        (READS, 44, "cancelled", 44, 74),
        (READS, 400, "cancelled", 400, 430),
        (replace(READS, state_since=T + 400 * DAY), 429, "read_only", 400, 430),
        (replace(READS, told=("payment_failed",)), 400, "read_only", 14, 44),
        (OVER, 400, "cancelled", 44, 74),
    ],
)
def test_each_step_waits_for_its_days_and_its_letter(
    held: Held, after: float, state: str, since: float, until: float
) -> None:
    at = T + after * DAY
    for found in (standing_of(said(**DEBT), held, at), standing_of(said(**ENDED, unpaid_since=T), held, at)):
        assert (found.state, found.state_since, found.until) == (state, T + since * DAY, T + until * DAY)
    if held.past_due_since is not None:
        assert standing_by_clock(held, at).state == state


def test_whoever_was_away_for_however_long_one_look_is_one_step() -> None:
    """Looks come as they like, and letters leave after each: from active to the end are the days of all its states."""
    held, seen, at = PAYING, [], T + 1_000 * DAY
    while not seen or seen[-1][0] != "cancelled":
        found = standing_of(said(**DEBT), held, at)
        again = standing_of(said(**DEBT), replace(held, state=found.state, state_since=found.state_since), at)
        assert again.state == found.state, "at the same moment nothing follows from a second look"
        if found.state != held.state:
            seen.append((found.state, at))
            letter = {"past_due": "payment_failed"}.get(found.state, found.state)
            held = replace(held, state=found.state, state_since=at, past_due_since=T, told=(letter,))
        at += timedelta(hours=1)
    states, moments = zip(*seen, strict=True)
    assert states == ("past_due", "read_only", "cancelled")
    assert moments[1] - moments[0] >= 3 * DAY
    assert moments[2] - moments[1] >= 30 * DAY


@pytest.mark.parametrize(
    ("held", "facts", "state"),
    [
        (READS, said(status="past_due", unpaid_since=T + 30 * DAY), "past_due"),
        (READS, said(status="past_due", unpaid_since=T + 0.9 * DAY), "read_only"),
        (OWES, said(status="past_due", unpaid_since=T + 30 * DAY), "past_due"),
        (OVER, said(status="past_due", unpaid_since=T + 30 * DAY), "cancelled"),
        (OVER, said(status="past_due", unpaid_since=T + 42 * DAY, subscription_id="sub_2"), "past_due"),
        (replace(OVER, past_due_since=None, cancel_to="closed"), said(**ENDED, unpaid_since=T + 30 * DAY), "cancelled"),
    ],
)
def test_another_debt_begins_at_the_beginning(held: Held, facts: object, state: str) -> None:
    """The older invoice was paid, or it is another subscription's; one that is over stays over."""
    assert standing_of(facts, held, T + 43 * DAY).state == state  # type: ignore[arg-type]


def test_a_plan_by_hand_goes_the_same_way() -> None:
    found = standing_by_clock(replace(MANUAL, paid_until=T), T + 60 * DAY)
    assert (found.state, found.state_since, found.until) == ("past_due", T + 60 * DAY, T + 63 * DAY)
    over = replace(MANUAL, state="cancelled", past_due_since=T, paid_until=T, state_since=T + 70 * DAY)
    assert standing_by_clock(over, T + 80 * DAY).state == "cancelled"
    again = standing_by_clock(replace(over, paid_until=T + 75 * DAY), T + 80 * DAY)
    assert (again.state, again.until) == ("past_due", T + 89 * DAY), "another day was put, and has gone by"


def test_a_letter_that_was_lost_is_owed_until_it_is_sent() -> None:
    assert letter_owed(OWES) is None
    assert letter_owed(PAYING) is None
    owed = letter_owed(replace(READS, told=()))
    assert owed is not None
    assert (owed.kind, owed.until) == ("read_only", T + 44 * DAY)


@pytest.mark.parametrize(
    ("held", "after", "key"),
    [
        (OWES, 2.9, None), (OWES, 3, "payment_still_due-3"), (OWES, 8, "payment_still_due-7"),
        (OWES, 13, "payment_still_due-12"), (LATE, 90.5, None), (LATE, 91, "payment_still_due-12"),
    ],
)  # fmt: skip
def test_reminders_count_from_the_end(held: Held, after: float, key: str | None) -> None:
    found = reminder_due(held, T + after * DAY)
    assert (found.key if found else None) == key
