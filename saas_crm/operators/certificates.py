"""What is left of workspaces that were deleted, as the console shows it."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select

from saas_crm.workspaces.deleting import Certificate
from tenants.db import AnyRow
from tenants.directory import shared_reader
from tenants.models import DeletionCertificate


def certificate_of(certificate_id: UUID) -> Certificate | None:
    """Return a certificate, None where there is no such one."""
    table = DeletionCertificate
    query = select(
        table.id, table.tenant_id, table.slug, table.name, table.asked_by, table.asked_at, table.deleted_at,
        table.counts,
    )  # fmt: skip
    with shared_reader() as connection:
        row = connection.execute(query.where(table.id == certificate_id)).one_or_none()
    return Certificate(*row[:7], **row.counts) if row is not None else None


def certificates(*, before: UUID | None = None, limit: int = 50) -> list[AnyRow]:
    """Return certificates, the latest first, and one more than `limit`: id, slug, name, deleted_at.

    The page after begins `before` the last one's id; ids are ordered by time (UUIDv7).
    """
    table = DeletionCertificate
    query = select(table.id, table.slug, table.name, table.deleted_at).order_by(table.id.desc()).limit(limit + 1)
    if before is not None:
        query = query.where(table.id < before)
    with shared_reader() as connection:
        return list(connection.execute(query))
