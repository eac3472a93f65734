"""`visible()`: the one function that turns a member's scope into a WHERE clause.

List, detail, search, picker, export and API all go through it; a read that does not is a bug that a
test looks for.

**Children follow their customer**, by one rule: who sees a record sees what hangs on it (`__follows__`). A contact
hangs on its company. A deal hangs on its customer, which is its company, and its contact only where it has none: a
company's deal is not told to who sees no more than one of its people. An activity hangs on all that it names: company,
contact and deal. That goes all the way: a consumer's deal is seen by who sees the consumer through their company. It is
for reading, for the whole workspace or not at all (`Policy.children_follow`), and what a closed unit hides stays
hidden. Sums are not of what one sees so, but of what one answers for: `within_reach`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Integer,
    Uuid,
    and_,
    any_,
    false,
    func,
    literal,
    literal_column,
    not_,
    or_,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import InstrumentedAttribute

from saas_crm.access.models import Member, Share, Team
from saas_crm.access.permissions import CurrentMember, Scope
from tenants.db import AnySelect

READERS = 100
"""For how many readers each query is kept in a process: some 30 kB each, or a few where only its SQL is kept."""

SHARED = ("read", "update")
"""What a share can give; deleting, giving away and sharing on take the scope."""

_parents: dict[str, type[Any]] = {}


def follows(resource: str, model: type[Any]) -> None:
    """Register the model behind a resource name, so that `__follows__` can find it."""
    _parents[resource] = model


def parent_model(resource: str) -> type[Any]:
    """Return the model registered for a resource name; raises KeyError."""
    return _parents[resource]


def visible(model: type[Any], member: CurrentMember, action: str = "read") -> ColumnElement[bool]:
    """Return the WHERE clause for the records of `model` the member may reach with `action`.

    Reading follows a record's parents (`__follows__`), unless the workspace switched that off: whoever sees a customer
    sees what hangs on it. Changing does not: it takes the scope on the record itself. A closed unit hides what its
    members own from who is outside, whatever the scope. What is shared with a member they see, and with `edit` may
    change, all the same; and so what hangs on it.
    """
    permission = f"{model.__resource__}:{action}"
    scope = member.scope(permission)
    if scope is None:
        return false()
    if scope == "all" and not member.walls:
        return true()
    reach = within_reach(model.owner_id, member, permission)
    if action == "read" and scope != "all" and member.children_follow and model.__follows__:
        through = (_through(model, column, parent, member) for column, parent in model.__follows__)
        reach = or_(reach, *(and_(parent_seen, *outside(model.owner_id, member)) for parent_seen in through))
    shares = _shares(model, member, action)
    return or_(reach, *shares) if shares else reach


def within_reach(owner: Any, member: CurrentMember, permission: str) -> ColumnElement[bool]:
    """Return the clause "its owner is within the scope of this permission, and behind no wall".

    Less than `visible()`: what a member sees through a customer or a share is not theirs to answer for, and not in
    the sums they are asked about.
    """
    scope = member.scope(permission)
    if scope is None:
        return false()
    return and_(owned_within(owner, member, scope), *outside(owner, member))


def outside(owner: Any, member: CurrentMember) -> tuple[ColumnElement[bool], ...]:
    """Return the clause "no closed unit hides its owner from the member", if there are any."""
    if not member.walls:
        return ()
    hidden = select(Member.id).join(Team, Team.id == Member.team_id).where(Team.path.overlap(list(member.walls)))
    return (not_(func.coalesce(owner == any_(_array(hidden)), false())),)


def _shares(model: type[Any], member: CurrentMember, action: str) -> list[ColumnElement[bool]]:
    """Return the clauses "it, or what it hangs on, is shared with the member"; to change it takes `edit`."""
    if not member.shares or action not in SHARED:
        return []
    found = [model.id == any_(shared_ids(model.__resource__, member, action))]
    if member.children_follow:
        found += [
            func.coalesce(getattr(model, column) == any_(shared_ids(parent, member, action)), false())
            for column, parent in model.__follows__
            if member.can(f"{parent}:{action}")
        ]
    return found


def shared_ids(resource: str, member: CurrentMember, action: str = "read") -> Any:
    """Return an array of the records of a kind that are shared with a member, found once for a statement."""
    shared = select(Share.record_id).where(Share.member_id == member.id, Share.resource == resource)
    return _array(shared if action == "read" else shared.where(Share.level == "edit"))


def _array(found: AnySelect) -> Any:
    return func.array(found.correlate(None).scalar_subquery(), type_=ARRAY(Uuid))


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
    where = (member.id, member.team_id, member.teams, member.walls, member.shares, member.children_follow)
    asked = (member.scope(permission) for permission in _with_parents(permissions))
    return Reader((*where, *member.fields.items(), *asked), member)


@lru_cache(200)
def _with_parents(permissions: tuple[str, ...]) -> tuple[str, ...]:
    """Return the permissions with those on the parents that a record is seen, or shared, through."""
    found = dict.fromkeys(permissions)
    for permission in permissions:
        resource, action = permission.split(":")
        follows = _parents[resource].__follows__ if resource in _parents and action in SHARED else ()
        found |= dict.fromkeys(_with_parents(tuple(f"{parent}:{action}" for _column, parent in follows)))
    return tuple(found)


def owned_within(owner: InstrumentedAttribute[Any] | Any, member: CurrentMember, scope: Scope) -> ColumnElement[bool]:
    """Return the clause "its owner is within the member's scope".

    Who is within is found once, as an array: as a join it was looked up again for each row.
    """
    if scope == "all":
        return true()
    teams = list(member.teams or filter(None, [member.team_id]))
    if scope == "own" or not teams:
        return owner == member.id
    of_team = Member.team_id == any_(literal(teams, ARRAY(Uuid)))
    within = select(Member.id).where(or_(of_team, Member.id == member.id))
    if scope != "team":
        below = or_(Team.path.overlap(teams), Member.id == member.id)
        within = select(Member.id).outerjoin(Team, Team.id == Member.team_id).where(below)
    return owner == any_(_array(within))


def _through(model: type[Any], column: str, parent_resource: str, member: CurrentMember) -> ColumnElement[bool]:
    return parent_seen(model, getattr(model, column), parent_resource, member)


def parent_seen(model: type[Any], reference: Any, parent_resource: str, member: CurrentMember) -> ColumnElement[bool]:
    """Return the clause "the member sees the parent" that a reference of a row of `model` names.

    Only the row comes from outside, also where the parent is joined there. OFFSET 0 keeps PostgreSQL from reading all
    parents into a hash first, which it would even for a page of fifty.
    """
    parent = _parents[parent_resource]
    found = select(parent.id).where(and_(parent.id == reference, visible(parent, member)))
    return found.correlate(model).offset(literal_column("0", Integer)).exists()
