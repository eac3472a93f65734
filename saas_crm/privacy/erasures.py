"""The certificates of who was erased: without a word about them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Uuid, cast, exists, false, null, select

from saas_crm.access.models import Member
from saas_crm.access.permissions import CurrentMember
from saas_crm.core.errors import NotFound
from saas_crm.core.keyset import Order, Page, cut, page
from saas_crm.privacy.fingerprints import is_known
from saas_crm.privacy.models import Erasure
from tenants.context import current_tenant
from tenants.db import AnyRow, AnySelect, fetch
from tenants.versions import lacks_tables

ORDERS = {"-created_at": Order(Erasure.created_at, descending=True)}
COLUMNS = (
    Erasure.id, Erasure.number, Erasure.created_at, Erasure.contact_id, Erasure.member_id,
    Member.name.label("member_name"), Erasure.reason, Erasure.parts, Erasure.fingerprints,
)  # fmt: skip


def erasures(
    member: CurrentMember, *, after: Sequence[Any] | None = None, limit: int = 50
) -> Page[AnyRow]:  # fmt: skip
    """Return a page of certificates, the latest first."""
    member.require("privacy:read")
    return cut(fetch(page(_rows(), ORDERS["-created_at"], Erasure.id, after=after, limit=limit)), limit, "created_at")


def erasure(erasure_id: UUID, *, member: CurrentMember) -> AnyRow:
    """Return one certificate; raises NotFound."""
    member.require("privacy:read")
    found = fetch(_rows().add_columns(Erasure.salt).where(Erasure.id == erasure_id)).one_or_none()
    if found is None:
        raise NotFound
    return found


def certified(erasure_id: UUID) -> AnyRow:
    """Return the certificate of an erasure that the reader has just done, whatever they may read of others."""
    return fetch(_rows().where(Erasure.id == erasure_id)).one_or_none()


def is_about(found: AnyRow, identifier: str) -> bool:
    """Whether a certificate is that of who has this name, address or number."""
    return bool(identifier.strip()) and is_known(identifier, found.salt, found.fingerprints)


def erased_of(contact_ids: Collection[UUID]) -> AnySelect:
    """Return the query of those of some contacts who were erased; in a workspace that is behind, of nobody."""
    if lacks_tables(current_tenant()):
        return select(cast(null(), Uuid)).where(false())
    return select(Erasure.contact_id).where(Erasure.contact_id.in_(contact_ids))


def was_erased(contact_ids: Collection[UUID]) -> ColumnElement[bool]:
    """Return the clause "one of them was erased", so that none of them is made again."""
    return exists(erased_of(contact_ids))


def _rows() -> AnySelect:
    return select(*COLUMNS).join(Member, Member.id == Erasure.member_id)
