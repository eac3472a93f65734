"""The recycle bin as a member sees it: what was deleted of the kinds they may delete, the latest first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Uuid, and_, cast, literal, or_, select, union_all

from saas_crm.access.models import Member
from saas_crm.access.permissions import CurrentMember
from saas_crm.access.visibility import visible
from saas_crm.core.errors import NotFound
from saas_crm.core.keyset import Page, cut
from saas_crm.core.recycling import Bin, bins
from tenants.db import AnyRow, db


def kinds_for(member: CurrentMember) -> list[str]:
    """Return the kinds of records the member may delete, and so restore."""
    return [kind for kind in reversed(bins) if member.can(f"{kind}:delete")]


def recycled(
    member: CurrentMember, *, kind: str = "", after: Sequence[Any] | None = None, limit: int = 50
) -> Page[AnyRow]:
    """Return a page of the bin: kind, id, label, deleted_at and the name of who deleted it."""
    kinds = [known for known in kinds_for(member) if kind in ("", known)]
    if not kinds:
        return Page([], None)
    found = union_all(*(_part(known, bins[known], member, after, limit) for known in kinds)).subquery()
    query = (
        select(found.c.kind, found.c.id, found.c.label, found.c.deleted_at, Member.name.label("deleted_by"))
        .outerjoin(Member, Member.id == found.c.deleted_by_id)
        .order_by(found.c.deleted_at.desc(), found.c.id.desc())
        .limit(limit + 1)
    )
    return cut(db.session.execute(query).all(), limit, "deleted_at")


def get_recycled(kind: str, record_id: UUID, *, member: CurrentMember) -> Any:
    """Return a record in the bin that the member may restore; raises NotFound."""
    if kind not in kinds_for(member):
        raise NotFound
    model = bins[kind].model
    query = select(model).where(model.id == record_id, model.deleted_at.is_not(None), visible(model, member, "delete"))
    found = db.session.scalar(query)
    if found is None:
        raise NotFound
    return found


def _part(kind: str, found: Bin, member: CurrentMember, after: Sequence[Any] | None, limit: int) -> Any:
    model = found.model
    query = select(
        literal(kind).label("kind"), model.id, getattr(model, found.label).label("label"), model.deleted_at,
        cast(model.deleted_by_id, Uuid).label("deleted_by_id"),
    ).where(model.deleted_at.is_not(None), visible(model, member, "delete"))  # fmt: skip
    if after is not None:
        earlier = and_(model.deleted_at == after[0], model.id < after[1])
        query = query.where(or_(model.deleted_at < after[0], earlier))
    return select(query.order_by(model.deleted_at.desc(), model.id.desc()).limit(limit + 1).subquery())
