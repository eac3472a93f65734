"""What happens to a workspace as a whole that upper rooms may want to know."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import psycopg


@dataclass(frozen=True, slots=True)
class BackedUp:
    """A workspace was backed up; `kept` are all its backups that are kept, the newest first: stamp, size in bytes."""

    tenant_id: UUID
    kept: Sequence[tuple[str, int]]


@dataclass(frozen=True, slots=True)
class DeletionDecided:
    """A deletion was asked for, or taken back: published in the transaction of that, which speaks as the login."""

    connection: psycopg.Connection[Any]
    tenant_id: UUID


@dataclass(frozen=True, slots=True)
class DeletionComes:
    """A workspace is deleted in a moment; nothing is open yet. Handlers raise nothing: it does not wait for them."""

    tenant_id: UUID


@dataclass(frozen=True, slots=True)
class WorkspaceGoes:
    """A workspace is being deleted, in this transaction, which is the owner's; its rows are all there still.

    Handlers write into `stays` what others keep of it, by who they are: it stands in the certificate.
    """

    connection: psycopg.Connection[Any]
    tenant_id: UUID
    stays: dict[str, str]


@dataclass(frozen=True, slots=True)
class WorkspaceRestored:
    """A new workspace was made of an archive, in this transaction, which is the owner's.

    `archived_id` is the workspace that the archive was written of; `owners` are the sign-ins of those who own the new.
    """

    connection: psycopg.Connection[Any]
    tenant_id: UUID
    archived_id: UUID
    owners: Sequence[UUID]
