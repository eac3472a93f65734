"""What all exports have in common: permission, a few at a time, and a line in the log."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, case, false, func, select, true

from saas_crm.access.permissions import CurrentMember
from saas_crm.access.throttle import TooManyAttempts
from saas_crm.core import limits
from saas_crm.core.audit import BLANKED, plain, record_act
from tenants.db import db

AT_ONCE = 2
"""Exports a member can have under way at the same time."""
PAUSE = 10  # seconds after which to try again


def begin_export(member: CurrentMember, resource: str) -> None:
    """Check the permission, and hold one of the member's places until the end of this transaction.

    Raises Forbidden, and TooManyAttempts where all of them are taken. They are advisory locks: they go with the
    transaction, however it ends.
    """
    member.require(f"{resource}:export")
    if resource == "audit":
        limits.check_feature("audit_export")
    check_place(db.session.scalar(select(takes_place(member))))


def takes_place(member: CurrentMember) -> ColumnElement[bool]:
    """Return the column that takes a place and says whether one was free; one that is held already is."""
    places = [func.pg_try_advisory_xact_lock(place_of(member.id, place)) for place in range(AT_ONCE)]
    return case(*((place, true()) for place in places), else_=false())


def check_place(free: bool | None) -> None:
    """Raise TooManyAttempts where no place was free."""
    if not free:
        raise TooManyAttempts(PAUSE)


def place_of(member_id: UUID, place: int) -> int:
    """Return the key of the lock of one of a member's places: a positive number of 63 bits."""
    return (member_id.int & (2**61 - 1)) << 1 | place


def note_export(resource: str, *, rows: int, kind: str, wanted: dict[str, Any], record_id: UUID | None = None) -> None:
    """Write down that so many records left the workspace, and which: by a filter, or those of one record.

    Not the words that were searched for: they are mostly a person's name, which nobody would find to erase it.
    """
    narrowed = {name: BLANKED if name == "q" else plain(value) for name, value in wanted.items()}
    changes: dict[str, Any] = {"rows": [None, rows], "format": [None, kind]}
    if narrowed:
        changes["filter"] = [None, narrowed]
    record_act(db.session(), "export", resource, record_id, changes)
