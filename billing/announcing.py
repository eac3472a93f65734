"""Which letters follow from what happened, or from the time alone; the words are in `billing.letters`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from billing.held import Held
from billing.rules import GRACE, Standing

TRIAL_REMINDERS = (3, 1)
"""Days before the trial's end on which its end is told."""
DEBT_REMINDERS = (12, 7, 3)
"""Days after the first unpaid invoice on which it is told again; the latest that has come counts."""
ABOUT_ENDING = frozenset({"cancel_asked", "closing_asked", "taken_back"})


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


def words_of(kinds: Iterable[str], before: Held, standing: Standing) -> list[Word]:
    """Return the letters that follow from what happened (`billing_changes.kind`)."""
    found = []
    for kind in kinds:
        if kind == "free":
            found.append(Word("trial_over" if before.state == "trialing" else "free"))
        elif kind == "cancel_asked":
            to = "closing_asked" if standing.cancel_to == "closed" else "cancel_asked"
            found.append(Word(to, until=standing.period_ends_at))
        elif kind in _AFTER:
            found.append(Word(_AFTER[kind], until=standing.until))
    return found


def reminder_due(held: Held, at: datetime) -> Word | None:
    """Return the reminder whose day has come and that was not sent; of two only the later one."""
    if held.state == "trialing" and held.trial_ends_at is not None and held.trial_ends_at > at:
        left = -((at - held.trial_ends_at) // timedelta(days=1))
        for days in sorted(TRIAL_REMINDERS):
            if left <= days:
                return _unless_told(held, Word("trial_soon", f"trial_soon-{days}", held.trial_ends_at, left))
    if held.state == "past_due" and held.past_due_since is not None:
        until = held.past_due_since + GRACE
        for days in DEBT_REMINDERS:
            if at >= held.past_due_since + timedelta(days=days):
                left = max(-((at - until) // timedelta(days=1)), 0)
                return _unless_told(held, Word("payment_still_due", f"payment_still_due-{days}", until, left))
    return None


def _unless_told(held: Held, word: Word) -> Word | None:
    return None if word.key in held.told else word
