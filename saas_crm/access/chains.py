"""Through whom a record is seen: its own owner, and the owners of what it hangs on (`__follows__`)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import Uuid, and_, case, func, literal, null, select, union_all
from sqlalchemy import cast as as_type
from sqlalchemy.orm import aliased

from saas_crm.access.models import Share
from saas_crm.access.permissions import SALES
from saas_crm.access.reach import NOBODY
from saas_crm.access.visibility import parent_model
from tenants.db import AnyRow, AnySelect, AnyUnion, fetch

LONGEST = 5


@dataclass(frozen=True, slots=True)
class Link:
    """One way to see a record: by its own owner, or by that of a parent, each of whose kinds one must see at all."""

    resource: str
    through: tuple[str, ...] = ()

    @property
    def held(self) -> tuple[str, ...]:
        """The kinds one must be allowed to see for this way, itself last."""
        return (*self.through, self.resource)


def links(resource: str, through: tuple[str, ...] = ()) -> tuple[Link, ...]:
    """Return the ways to see a kind of record, its own owner first."""
    found = [Link(resource, through)]
    for _column, parent in parent_model(resource).__follows__:
        found += links(parent, (*through, resource))
    return tuple(found)


def _joined(resource: str, entity: Any, query: AnySelect) -> tuple[AnySelect, list[Any]]:
    """Return the query with the parents of a record joined to it, and the record and they in the order of `links`."""
    entities = [entity]
    for column, parent in parent_model(resource).__follows__:
        above = aliased(parent_model(parent))
        query = query.outerjoin(above, above.id == getattr(entity, column))
        query, further = _joined(parent, above, query)
        entities += further
    return query, entities


def _owner(entity: Any) -> Any:
    """The owner as text for grouping: NOBODY's id where there is none, NULL where there is no such record."""
    return case((entity.id.is_(None), None), else_=func.coalesce(entity.owner_id, as_type(literal(NOBODY), Uuid)))


@dataclass(frozen=True, slots=True)
class Alike:
    """How many records of a kind have the same owners along their links; of those shared with one member, `member_id`.

    `edited` counts those of them that the member may edit by the share itself.
    """

    resource: str
    member_id: UUID | None
    owners: tuple[UUID | None, ...]
    number: int
    edited: int = 0


def alike(resources: tuple[str, ...]) -> list[Alike]:
    """Count the living records of some kinds by their owners, in one statement."""
    if not resources:
        return []
    return [_alike(row) for row in fetch(_counting(resources))]


def _alike(row: AnyRow) -> Alike:
    length = len(links(row[0]))
    return Alike(row[0], row[1], tuple(row[2 : 2 + length]), row[-2], row[-1])


@cache
def _counting(resources: tuple[str, ...]) -> AnyUnion:
    return union_all(*(part for resource in resources for part in (_all(resource), _shared(resource))))


def _all(resource: str) -> AnySelect:
    model = parent_model(resource)
    query, entities = _joined(resource, model, select().select_from(model))
    owners = [_owner(entity) for entity in entities]
    counts = (func.count(), literal(0))
    return _columns(query, resource, as_type(null(), Uuid), owners, counts).where(model.deleted_at.is_(None))


def _shared(resource: str) -> AnySelect:
    """The same of what is shared with somebody, by itself or through what it hangs on."""
    model = parent_model(resource)
    query, entities = _joined(resource, model, select().select_from(model))
    columns = [model.id.label("id"), Share.member_id.label("member_id"),
               and_(Share.record_id == model.id, Share.level == "edit").label("edited"),
               *(_owner(entity).label(f"of_{at}") for at, entity in enumerate(entities))]  # fmt: skip
    # One join for each: several in one by OR would compare every record with every share.
    each = [
        query.join(Share, Share.record_id == entity.id)
        .add_columns(*columns)
        .where(model.deleted_at.is_(None), Share.deleted_at.is_(None))
        for entity in entities
    ]
    found = union_all(*each).subquery()
    owners = [found.c[f"of_{at}"] for at in range(len(entities))]
    number = func.count(found.c.id.distinct())
    counts = (number, number.filter(found.c.edited))
    return _columns(select().select_from(found), resource, found.c.member_id, owners, counts, found.c.member_id)


def _columns(
    query: AnySelect, resource: str, member: Any, owners: list[Any], counts: tuple[Any, Any], *grouped: Any
) -> AnySelect:
    places = [*owners, *[as_type(null(), Uuid)] * (LONGEST - len(owners))]
    named = [place.label(f"owner_{at}") for at, place in enumerate(places)]
    columns = (literal(resource), member, *named, *counts)
    return query.add_columns(*columns).group_by(*grouped, *owners)


@dataclass(frozen=True, slots=True)
class Seen:
    """One way to see a certain record: the kind, the record's id and its owner."""

    link: Link
    record_id: UUID
    owner_id: UUID


def ways_to(resource: str, record_id: UUID) -> list[Seen]:
    """Return the ways to see one record that there are; empty when it is not there."""
    model = parent_model(resource)
    query, entities = _joined(resource, model, select().select_from(model))
    columns = [column for entity in entities for column in (entity.id, _owner(entity))]
    row = fetch(query.add_columns(*columns).where(model.id == record_id)).one_or_none()
    return list(_ways(resource, row)) if row is not None else []


def _ways(resource: str, row: AnyRow) -> Iterator[Seen]:
    for at, link in enumerate(links(resource)):
        if row[2 * at] is not None:
            yield Seen(link, row[2 * at], row[2 * at + 1])


def kinds() -> tuple[str, ...]:
    """Return the kinds of records that are somebody's."""
    return SALES
