"""Whether a tenant may be worked in, and why not: plain values, the one place that decides it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

OPERATOR, BILLING, DELETION, RESTORING = "operator", "billing", "deletion", "restoring"
"""Causes. Each is set and lifted by itself: who pays again does not open what the operator closed."""

Kind = Literal["read_only", "closed"]
Access = Literal["open", "read_only", "closed"]
READ_ONLY: Literal["read_only"] = "read_only"
CLOSED: Literal["closed"] = "closed"
_STATUS = {"open": "active", "read_only": "read_only", "closed": "suspended"}


@dataclass(frozen=True, slots=True)
class Suspension:
    """One cause: what it forbids, why, whom to ask, and until when, if that is known."""

    cause: str
    kind: Kind
    reason: str = ""
    ask: str = ""
    until: datetime | None = None


def access_of(status: str, suspensions: Sequence[Suspension], *, owner: bool = False) -> Access:
    """Return what a tenant's people may do; the strictest cause decides.

    While it waits to be deleted, or is closed for what is owed, its owner may still read it and take everything along:
    nobody is locked out of their own data for money. A tenant that is not open for
    no cause that is known (it was closed before causes were noted) is closed.
    """
    if status == "active":
        return "open"
    kinds = [READ_ONLY if owner and one.cause in (BILLING, DELETION) else one.kind for one in suspensions]
    if status not in ("read_only", "suspended") or not kinds:
        return READ_ONLY if status == "read_only" else CLOSED
    return CLOSED if CLOSED in kinds else READ_ONLY


def status_for(suspensions: Sequence[Suspension]) -> str:
    """Return the status that the registry keeps for a tenant with these causes."""
    return _STATUS["open"] if not suspensions else _STATUS[access_of("suspended", suspensions)]


def key_of(status: str, suspensions: Sequence[Suspension]) -> str:
    """Return the same as the database's `public.standing()`: by it a process sees that it remembers wrongly."""
    if status == "active":
        return status
    return " ".join([status, *(f"{one.cause}={one.kind}" for one in sorted(suspensions, key=lambda one: one.cause))])


def telling(suspensions: Sequence[Suspension]) -> Suspension | None:
    """Return the one that people are told of: the strictest, and of those the deletion first."""
    ordered = sorted(suspensions, key=lambda one: (one.kind != CLOSED, one.cause != DELETION, one.cause))
    return ordered[0] if ordered else None
