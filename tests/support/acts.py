"""What the workspace's log says: its acts, as rows."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

from sqlalchemy import literal, select
from sqlalchemy.dialects.postgresql import JSONB

from saas_crm.access.permissions import CurrentMember
from saas_crm.core.audit import AuditEntry
from tenants.context import current_tenant
from tenants.db import db
from tenants.versions import lacks_tables
from tests.support.behind import BEHIND

Acting = Callable[[str], AbstractContextManager[CurrentMember]]

HERE = None if "acme" in BEHIND else "127.0.0.1"
"""The address that acts of acme are noted with; a workspace a release behind has no place for it."""


def acts(acting: Acting, who: str = "owner", **wanted: Any) -> list[Any]:
    """Return action, resource, member and origin of the workspace's acts, the latest first.

    In a workspace a release behind nobody keeps an origin, so it is none.
    """
    with acting(who):
        origin = literal({}, JSONB) if lacks_tables(current_tenant()) else AuditEntry.origin
        query = select(
            AuditEntry.action, AuditEntry.resource, AuditEntry.member_id, AuditEntry.through, AuditEntry.changes,
            AuditEntry.at, AuditEntry.record_id, origin.label("origin"),
        ).order_by(AuditEntry.at.desc(), AuditEntry.id.desc())  # fmt: skip
        for name, value in wanted.items():
            query = query.where(getattr(AuditEntry, name) == value)
        return list(db.session.execute(query))
