"""What a member owns, customer by customer, and what others have already."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, literal, or_, select, union_all
from sqlalchemy.dialects.postgresql import ARRAY

from saas_crm.access.models import Member
from saas_crm.access.permissions import CurrentMember
from saas_crm.access.visibility import visible, within_reach
from saas_crm.core.keyset import at_most
from saas_crm.hand_over.registry import HandedOver, handed_over
from saas_crm.hand_over.rules import Bundle
from tenants.db import AnyRow, fetch

Counts = Mapping[str, int]
"""How many records of each resource."""


def bundles_of(member_id: UUID, *, closed: bool) -> list[Bundle]:
    """Return a member's customers with what goes along. Records in the recycle bin go too, and count for nothing."""
    counted: list[tuple[HandedOver, str, ColumnElement[bool]]] = [
        (kind, kind.counts, kind.goes(closed=False)) for kind in handed_over.values()
    ]
    if closed:
        counted += [(kind, "closed", kind.closed) for kind in handed_over.values() if kind.closed is not None]
    parts = [
        select(kind.customer.label("customer"), literal(counts).label("counts"),
               func.count().filter(kind.model.deleted_at.is_(None)).label("num"))
        .where(kind.model.owner_id == member_id, clause)
        .group_by(kind.customer)
        for kind, counts, clause in counted
    ]  # fmt: skip
    found: dict[UUID, dict[str, int]] = defaultdict(lambda: {"customers": 0, "deals": 0, "activities": 0, "closed": 0})
    for customer, counts, num in fetch(union_all(*parts)):
        found[customer][counts] += num
    return [Bundle(customer, **counts) for customer, counts in found.items()]


def owned_by(member_ids: Collection[UUID], *, closed: bool = False) -> dict[UUID, dict[str, int]]:
    """Return how many living records of each resource the members have that would go along."""
    ids = literal(list(member_ids), ARRAY(Member.id.type))
    parts = [
        select(kind.model.owner_id.label("owner_id"), literal(resource).label("resource"), func.count().label("num"))
        .where(kind.model.owner_id == ids.any_(), kind.model.deleted_at.is_(None), kind.goes(closed=closed))
        .group_by(kind.model.owner_id)
        for resource, kind in handed_over.items()
    ]
    counts = {member_id: dict.fromkeys(handed_over, 0) for member_id in member_ids}
    for owner_id, resource, num in fetch(union_all(*parts)):
        counts[owner_id][resource] = num
    return counts


def closed_of(member_id: UUID) -> int:
    """Return how many closed records a member has that go along only when that is chosen."""
    parts = [
        select(func.count().label("num")).where(
            kind.model.owner_id == member_id, kind.model.deleted_at.is_(None), kind.closed
        )
        for kind in handed_over.values()
        if kind.closed is not None
    ]
    return sum(row.num for row in fetch(union_all(*parts))) if parts else 0


def names_of(customers: Collection[UUID], actor: CurrentMember, *, q: str = "", limit: int = 50) -> Sequence[AnyRow]:
    """Return id, resource and name of the first of these that the actor sees and whose name holds `q`, by name."""
    ids = literal(list(customers), ARRAY(Member.id.type))
    parts = [_names(resource, kind, ids, actor, q) for resource, kind in handed_over.items()]
    found = union_all(*parts).subquery()
    return fetch(select(found).order_by(found.c.place, found.c.name, found.c.id).limit(at_most(limit))).all()


def _names(resource: str, kind: HandedOver, ids: Any, actor: CurrentMember, q: str) -> Any:
    model, place = kind.model, list(handed_over).index(resource)
    query = select(
        model.id.label("id"), literal(resource).label("resource"), kind.name.label("name"),
        literal(place).label("place"),
    ).where(model.id == ids.any_(), visible(model, actor))  # fmt: skip
    return query.where(kind.name.icontains(q, autoescape=True)) if q else query


def left_behind(actor: CurrentMember, *, limit: int = 50) -> Sequence[AnyRow]:
    """Return the members who are locked out or have left, still own something, and whom the actor may hand over for."""
    still = [
        select(kind.model.id)
        .where(and_(kind.model.owner_id == Member.id, kind.model.deleted_at.is_(None), kind.goes(closed=False)))
        .exists()
        for kind in handed_over.values()
    ]
    query = select(Member.id, Member.name, Member.status, Member.user_id, Member.photo_digest).where(
        Member.status != "active", or_(*still), within_reach(Member.id, actor, "hand_over:create")
    )
    return fetch(query.order_by(Member.name, Member.id).limit(at_most(limit))).all()
