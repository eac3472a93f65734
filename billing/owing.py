"""What becomes of who owes, as plain values: everything works, then all can be read, then it is over.

A step follows from time that was lived: a state is held, its letter is queued with it, and the days in it count from
then on. So a worker that was away for weeks, or a day that was typed wrongly, never takes more than one step at a look.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from billing.held import Held

GRACE = timedelta(days=14)
"""How long everything works after the first invoice that is not paid."""
WARNED = timedelta(days=3)
"""How long it works at least after we knew of the debt and told of it, however long ago it was due."""
READING = timedelta(days=30)
"""How long after that a workspace can still be read by all its people."""
CLOSING = timedelta(days=30)
"""How long a cancelled workspace waits for its owners, before the rules of its deletion begin."""
ANOTHER = timedelta(days=1)
"""A debt that began so much later is another one: the older invoice was paid."""
LETTERS = {"past_due": "payment_failed", "read_only": "read_only", "cancelled": "cancelled"}
"""The letter of each state (`billing.letters`): before it is on its way nothing follows."""
_FOLLOWS = {"past_due": "read_only", "read_only": "cancelled"}


@dataclass(frozen=True, slots=True)
class Step:
    """A state of a debt, since when it is held, and until when it lasts."""

    state: str
    since: datetime
    until: datetime


def step_of(held: Held, unpaid_since: datetime, now: datetime, *, other: bool) -> Step:
    """Return the state of who owes since a moment, at most one step further than what is held.

    It is an `other` subscription's debt where that is not the one that is held.
    """
    state = _present(held, unpaid_since, other=other)
    began = held.state_since if state == held.state else now
    until = ends_at(state, began, unpaid_since)
    if state not in _FOLLOWS or now < until or LETTERS[state] not in held.told:
        return Step(state, began, until)
    return Step(_FOLLOWS[state], now, ends_at(_FOLLOWS[state], now, unpaid_since))


def ends_at(state: str, began: datetime, unpaid_since: datetime | None = None) -> datetime:
    """Return until when a state of LETTERS lasts that began at a moment."""
    if state == "past_due":
        return max((unpaid_since or began) + GRACE, began + WARNED)
    return began + (READING if state == "read_only" else CLOSING)


def _present(held: Held, unpaid_since: datetime, *, other: bool) -> str:
    """Return the state before any step: a debt of its own begins at the beginning."""
    if held.state not in ("read_only", "cancelled"):
        return "past_due"
    anew = held.past_due_since is None or unpaid_since >= held.past_due_since + ANOTHER
    if anew and (other or held.state == "read_only"):
        return "past_due"
    return held.state
