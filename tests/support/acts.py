"""What the workspace's log says: its acts, as rows."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

from sqlalchemy import select

from saas_crm.access.permissions import CurrentMember
from saas_crm.core.audit import AuditEntry
from tenants.db import db

Acting = Callable[[str], AbstractContextManager[CurrentMember]]


def acts(acting: Acting, who: str = "owner", **wanted: Any) -> list[Any]:
    """Return action, resource, member and origin of the workspace's acts, the latest first."""
    with acting(who):
        query = select(
            AuditEntry.action, AuditEntry.resource, AuditEntry.member_id, AuditEntry.through, AuditEntry.origin,
            AuditEntry.changes, AuditEntry.at, AuditEntry.record_id,
        ).order_by(AuditEntry.at.desc(), AuditEntry.id.desc())  # fmt: skip
        for name, value in wanted.items():
            query = query.where(getattr(AuditEntry, name) == value)
        return list(db.session.execute(query))
