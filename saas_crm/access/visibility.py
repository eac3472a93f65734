"""`visible()`: the one function that turns a member's scope into a WHERE clause.

List, detail, search, picker, export and API all go through it; a read that does not is a bug that a
test looks for.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Integer, Uuid, and_, any_, false, func, literal_column, or_, select, true
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import InstrumentedAttribute

from saas_crm.access.models import Member, Team
from saas_crm.access.permissions import CurrentMember, Scope
from saas_crm.core.records import Record

READERS = 100
"""For how many readers each query is kept in a process: some 30 kB each, or a few where only its SQL is kept."""

_parents: dict[str, type[Any]] = {}


def follows(resource: str, model: type[Any]) -> None:
    """Register the model behind a resource name, so that `__follows__` can find it."""
    _parents[resource] = model


def parent_model(resource: str) -> type[Any]:
    """Return the model registered for a resource name; raises KeyError."""
    return _parents[resource]


def visible(model: type[Any], member: CurrentMember, action: str = "read") -> ColumnElement[bool]:
    """Return the WHERE clause for the records of `model` the member may reach with `action`.

    Reading follows a record's parents (`__follows__`): whoever sees a customer sees what hangs on it.
    Changing does not: it takes the scope on the record itself.
    """
    scope = member.scope(f"{model.__resource__}:{action}")
    if scope is None:
        return false()
    if scope == "all":
        return true()
    reach = owned_within(model.owner_id, member, scope)
    if action != "read" or not model.__follows__:
        return reach
    return or_(reach, *(_through(model, column, parent, member) for column, parent in model.__follows__))


def seen(model: type[Any], reference: Any, member: CurrentMember) -> ColumnElement[bool]:
    """Return the ON clause that joins a record where it lives and the member sees it.

    The one rule for names beside other records (a deal's customer, a contact's company, an activity's parties):
    a name is told to who may see the record that bears it; for others, and of deleted ones, it is not there.
    """
    return and_(model.id == reference, model.deleted_at.is_(None), visible(model, member))


@dataclass(frozen=True, slots=True)
class Reader:
    """A member as far as queries depend on them: readers who are equal get the same query, built once."""

    reach: tuple[object, ...]
    member: CurrentMember = field(compare=False)


def reader(member: CurrentMember, *permissions: str) -> Reader:
    """Return the member as a query depends on them that asks for these permissions' scopes."""
    return Reader((member.id, member.team_id, *(member.scope(permission) for permission in permissions)), member)


def owned_within(owner: InstrumentedAttribute[Any] | Any, member: CurrentMember, scope: Scope) -> ColumnElement[bool]:
    """Return the clause "its owner is within the member's scope".

    Who is within is found once, as an array: as a join it was looked up again for each row.
    """
    if scope == "all":
        return true()
    if scope == "own" or member.team_id is None:
        return owner == member.id
    within = select(Member.id).where(Member.team_id == member.team_id)
    if scope != "team":
        within = select(Member.id).join(Team, Team.id == Member.team_id).where(Team.path.contains([member.team_id]))
    return owner == any_(func.array(within.correlate(None).scalar_subquery(), type_=ARRAY(Uuid)))


def _through(model: type[Any], column: str, parent_resource: str, member: CurrentMember) -> ColumnElement[bool]:
    """The record's parent is visible. Only the record comes from outside, also where the parent is joined there.

    OFFSET 0 keeps PostgreSQL from reading all parents into a hash first, which it would even for a page of fifty.
    """
    parent = _parents[parent_resource]
    found = select(parent.id).where(and_(parent.id == getattr(model, column), visible(parent, member)))
    return found.correlate(model).offset(literal_column("0", Integer)).exists()


def reaches(record: Record, member: CurrentMember, action: str, *, team_of_owner: UUID | None = None) -> bool:
    """Whether the member's scope certainly covers one loaded record, without asking the database.

    True for `all`, and for own records; team scopes are answered by the owner's team if it is given.
    """
    scope = member.scope(f"{record.__resource__}:{action}")
    owner_id = getattr(record, "owner_id", None)
    if scope is None:
        return False
    if scope == "all" or owner_id == member.id:
        return True
    return scope == "team" and member.team_id is not None and team_of_owner == member.team_id
