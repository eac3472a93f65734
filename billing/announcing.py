"""Which letters follow from what happened, or from the time alone; the words are in `billing.letters`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from billing.held import FOR_DELETION, Held
from billing.owing import GRACE, LETTERS, ends_at
from billing.rules import Standing

TRIAL_REMINDERS = (3, 1)
"""Days before the trial's end on which its end is told."""
DEBT_REMINDERS = (12, 7, 3)
"""Days of the days of grace on which it is told again; the latest that has come counts."""
ABOUT_ENDING = frozenset({"cancel_asked", "closing_asked", "ends_with_deletion", "taken_back"})


@dataclass(frozen=True, slots=True)
class Word:
    """A letter that is to be sent: its kind, the key by which it is sent once, until when, and in how many days."""

    kind: str
    key: str = ""
    until: datetime | None = None
    days: int = 0


_AFTER = {
    "started": "subscribed", "converted": "subscribed", "past_due": "payment_failed", "read_only": "read_only",
    "recovered": "recovered", "cancel_taken_back": "taken_back", "cancelled": "cancelled", "trial": "trial_begun",
}  # fmt: skip


def words_of(kinds: Iterable[str], before: Held, standing: Standing, reason: str = "") -> list[Word]:
    """Return the letters that follow from what happened (`billing_changes.kind`), and why it ended, if that is known.

    Of one that ends because the workspace is to be deleted, that is told once: what is deleted does not go on as Free.
    """
    found = []
    for kind in kinds:
        if kind == "free":
            if reason != FOR_DELETION or before.state == "trialing":
                found.append(Word("trial_over" if before.state == "trialing" else "free"))
        elif kind == "cancel_asked":
            found.append(_ending(standing, reason))
        elif kind in _AFTER:
            found.append(Word(_AFTER[kind], until=standing.until))
    return found


def _ending(standing: Standing, reason: str) -> Word:
    if reason == FOR_DELETION:
        return Word("ends_with_deletion", until=standing.until)
    return Word("closing_asked" if standing.cancel_to == "closed" else "cancel_asked", until=standing.period_ends_at)


def letter_owed(held: Held) -> Word | None:
    """Return the letter of a state of debt that is not on its way yet: without it nothing follows (`billing.owing`)."""
    kind = LETTERS.get(held.state)
    if kind is None:
        return None
    return _unless_told(held, Word(kind, kind, ends_at(held.state, held.state_since, held.past_due_since)))


def reminder_due(held: Held, at: datetime) -> Word | None:
    """Return the reminder whose day has come and that was not sent; of two only the later one.

    Of a debt that we came to know late, those are left out whose day had gone by then: the first letter has just left.
    """
    if held.state == "trialing" and held.trial_ends_at is not None and held.trial_ends_at > at:
        left = -((at - held.trial_ends_at) // timedelta(days=1))
        for days in sorted(TRIAL_REMINDERS):
            if left <= days:
                return _unless_told(held, Word("trial_soon", f"trial_soon-{days}", held.trial_ends_at, left))
    if held.state == "past_due" and held.past_due_since is not None:
        until = ends_at("past_due", held.state_since, held.past_due_since)
        for days in DEBT_REMINDERS:
            if held.state_since < until - GRACE + timedelta(days=days) <= at:
                left = max(-((at - until) // timedelta(days=1)), 0)
                return _unless_told(held, Word("payment_still_due", f"payment_still_due-{days}", until, left))
    return None


def _unless_told(held: Held, word: Word) -> Word | None:
    return None if word.key in held.told else word
