"""Whose eyes a page is seen through: the reader's own, or another member's, to look and not to touch.

What the session keeps is no permission: it is checked again on every request, and ends by itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from flask import g, request, session

from saas_crm.access.permissions import CurrentMember
from saas_crm.access.view_as import note_end, still_seen
from saas_crm.core.audit import act_as
from saas_crm.core.clock import now
from saas_crm.edge.origin import request_actor
from tenants.db import db

KEY = "view_as"
READING = frozenset({"GET", "HEAD", "OPTIONS"})
LEAVING = frozenset({"viewing.end", "support.leave"})
"""The changes that may be asked for while one looks as somebody else."""


class OnlyLooking(Exception):
    """Something was to be changed while the reader looks as another member."""


@dataclass(frozen=True, slots=True)
class Viewing:
    """The reader themselves, while `g.member` is whom they look as; `until` it ends by itself.

    An `operator` is no member: then the reader is whom they look as, and this their name.
    """

    reader: CurrentMember
    until: datetime
    operator: str = ""


def viewing() -> Viewing | None:
    """Return who really reads, while they look as another member; else None."""
    found: Viewing | None = g.get("viewing") if g else None
    return found


def reader_for_logs() -> dict[str, str | None]:
    """Return who reads, for logs: the member, also while they look as another; of an operator the visit, no member."""
    present, member = viewing(), g.get("member")
    if present is not None and present.operator:
        return {"member": None, "visit": str(g.visit.id)}
    reader = present.reader if present is not None else member
    return {"member": str(reader.id) if reader is not None else None}


def begin_viewing(reader: CurrentMember, member_id: UUID, until: datetime) -> None:
    """Let the reader's browser show this workspace as the member sees it, from the next request on."""
    session[KEY] = {
        "tenant": str(g.tenant.id), "reader": str(reader.id), "member": str(member_id), "until": until.timestamp(),
    }  # fmt: skip


def end_viewing() -> None:
    """Let the reader see with their own eyes again; nothing happens when they do already."""
    session.pop(KEY, None)
    g.pop("viewing", None)


def kept_viewing() -> dict[str, str] | None:
    """Return tenant, reader and member of what the session keeps, in whatever workspace; None when it keeps nothing."""
    kept: dict[str, Any] | None = session.get(KEY)
    return {f"{name}_id": kept[name] for name in ("tenant", "reader", "member")} if kept else None


def eyes_of(reader: CurrentMember) -> CurrentMember:
    """Return the member whose pages the reader gets: themselves, or whom they look as.

    Where looking has come to its end, that is noted in the audit at once, whatever becomes of the request.
    """
    kept: dict[str, Any] | None = session.get(KEY)
    if not kept or kept["tenant"] != str(g.tenant.id):
        return reader
    if kept["reader"] != str(reader.id):
        end_viewing()
        return reader
    until = datetime.fromtimestamp(kept["until"], tz=now().tzinfo)
    seen = still_seen(UUID(kept["member"]), reader) if until > now() else None
    if seen is None:
        _end_by_itself(reader, UUID(kept["member"]), "rights" if until > now() else "time")
        return reader
    g.viewing = Viewing(reader, until)
    return seen


def refuse_changes(permission: str | None) -> None:
    """Raise OnlyLooking for everything but reading, and leaving; a file of data is taken in one's own name only."""
    takes_out = (permission or "").endswith(":export")
    if viewing() is not None and (takes_out or request.method not in READING) and request.endpoint not in LEAVING:
        raise OnlyLooking


def _end_by_itself(reader: CurrentMember, member_id: UUID, why: str) -> None:
    end_viewing()
    act_as(db.session(), request_actor(reader.id, "web"))
    note_end(member_id, why)
    g.viewing_ended = True
