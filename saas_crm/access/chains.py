"""Through whom a record is seen: its own owner, and the owners of what it hangs on (`__follows__`)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import Integer, Uuid, case, func, literal, null, select, union_all
from sqlalchemy import cast as as_type
from sqlalchemy.dialects.postgresql import ARRAY, aggregate_order_by
from sqlalchemy.orm import aliased

from saas_crm.access.models import Share
from saas_crm.access.permissions import SALES
from saas_crm.access.reach import NOBODY
from saas_crm.access.visibility import parent_model
from tenants.db import AnyRow, AnySelect, AnyUnion, fetch

LONGEST = 8
"""The ways to an activity: its own owner, and those of company, contact (and its company) and deal (and its three)."""


@dataclass(frozen=True, slots=True)
class Link:
    """One way to see a record: by its own owner, or by that of a parent, each of whose kinds one must see at all."""

    resource: str
    through: tuple[str, ...] = ()

    @property
    def held(self) -> tuple[str, ...]:
        """The kinds one must be allowed to see for this way, itself last."""
        return (*self.through, self.resource)

    def stands_between(self, other: Link) -> bool:
        """Whether this is the record itself, or a parent of it, on the way to the other."""
        return len(self.held) <= len(other.through) and other.through[: len(self.held)] == self.held


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

    `shared` are the places along the links that are shared with the member, `edited` those of them by which they may
    edit.
    """

    resource: str
    member_id: UUID | None
    owners: tuple[UUID | None, ...]
    number: int
    shared: frozenset[int] = frozenset()
    edited: frozenset[int] = frozenset()


def alike(resources: tuple[str, ...]) -> list[Alike]:
    """Count the living records of some kinds by their owners, in one statement."""
    if not resources:
        return []
    return [_alike(row) for row in fetch(_counting(resources))]


def _alike(row: AnyRow) -> Alike:
    length = len(links(row[0]))
    number, shared, edited = row[-3:]
    return Alike(row[0], row[1], tuple(row[2 : 2 + length]), number, frozenset(shared or ()), frozenset(edited or ()))


@cache
def _counting(resources: tuple[str, ...]) -> AnyUnion:
    return union_all(*(part for resource in resources for part in (_all(resource), _shared(resource))))


_NONE = as_type(null(), ARRAY(Integer))


def _all(resource: str) -> AnySelect:
    model = parent_model(resource)
    query, entities = _joined(resource, model, select().select_from(model))
    owners = [_owner(entity) for entity in entities]
    columns = _columns(resource, as_type(null(), Uuid), owners, _NONE, _NONE)
    return query.add_columns(*columns).where(model.deleted_at.is_(None)).group_by(*owners)


def _shared(resource: str) -> AnySelect:
    """The same of what is shared with somebody, by itself or through what it hangs on."""
    model = parent_model(resource)
    query, entities = _joined(resource, model, select().select_from(model))
    named = [_owner(entity).label(f"of_{at}") for at, entity in enumerate(entities)]
    # One join for each: several in one by OR would compare every record with every share.
    each = [
        query.join(Share, Share.record_id == entity.id)
        .add_columns(model.id.label("id"), Share.member_id, Share.level, literal(at).label("place"), *named)
        .where(model.deleted_at.is_(None), Share.deleted_at.is_(None))
        for at, entity in enumerate(entities)
    ]
    found = union_all(*each).subquery()
    places = aggregate_order_by(found.c.place, found.c.place)
    given = func.array_agg(places).label("shared")
    edited = func.array_agg(places).filter(found.c.level == "edit").label("edited")
    owners = [found.c[f"of_{at}"] for at in range(len(entities))]
    one = select(found.c.member_id, *owners, given, edited).group_by(found.c.id, found.c.member_id, *owners).subquery()
    alike_in = [one.c.member_id, *(one.c[f"of_{at}"] for at in range(len(entities))), one.c.shared, one.c.edited]
    columns = _columns(resource, one.c.member_id, alike_in[1:-2], one.c.shared, one.c.edited)
    return select(*columns).group_by(*alike_in)


def _columns(resource: str, member: Any, owners: list[Any], shared: Any, edited: Any) -> list[Any]:
    places = [*owners, *[as_type(null(), Uuid)] * (LONGEST - len(owners))]
    named = [place.label(f"owner_{at}") for at, place in enumerate(places)]
    return [literal(resource).label("kind"), member.label("member_id"), *named, func.count().label("number"),
            shared.label("shared"), edited.label("edited")]  # fmt: skip


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
