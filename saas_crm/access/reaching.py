"""By what a member reaches records: owners within a scope, walls, shares; `visibility` puts them together."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    ColumnElement,
    Integer,
    Select,
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
    union_all,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import InstrumentedAttribute

from saas_crm.access.models import Member, Share, Team
from saas_crm.access.permissions import CurrentMember, Scope
from tenants.db import AnyQuery

SHARED = ("read", "update")
"""What a share can give; deleting, giving away and sharing on take the scope."""

_parents: dict[str, type[Any]] = {}


def follows(resource: str, model: type[Any]) -> None:
    """Register the model behind a resource name, so that `__follows__` can find it."""
    _parents[resource] = model


def parent_model(resource: str) -> type[Any]:
    """Return the model registered for a resource name; raises KeyError."""
    return _parents[resource]


def is_followed(resource: str) -> bool:
    """Whether a model is registered for a resource name."""
    return resource in _parents


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
    return (not_(func.coalesce(owner == any_(array_of(hidden)), false())),)


def shares_of(model: type[Any], member: CurrentMember, action: str) -> list[ColumnElement[bool]]:
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


def of_ones_own(model: type[Any], member: CurrentMember, action: str) -> list[ColumnElement[bool]]:
    """Return the clauses "it hangs on what is the member's own", by which they read it whatever hides it else.

    Nothing where that is seen through its parent anyway: where no unit is closed to them and children follow.
    """
    if action != "read" or (member.children_follow and not member.walls):
        return []
    found: list[ColumnElement[bool]] = []
    for column, resource in model.__follows__:
        if member.can(f"{resource}:read"):
            parent = parent_model(resource)
            own = select(parent.id).where(parent.id == getattr(model, column), parent.owner_id == member.id)
            found.append(own.correlate(model).offset(literal_column("0", Integer)).exists())
    return found


def owned_ids(resource: str, member: CurrentMember) -> Any:
    """Return an array of what a member owns of a kind, also deleted; found by the indexes of both."""
    model = parent_model(resource)
    own = select(model.id).where(model.owner_id == member.id)
    return array_of(union_all(own.where(model.deleted_at.is_(None)), own.where(model.deleted_at.is_not(None))))


def shared_ids(resource: str, member: CurrentMember, action: str = "read") -> Any:
    """Return an array of the records of a kind that are shared with a member, found once for a statement."""
    shared = select(Share.record_id).where(Share.member_id == member.id, Share.resource == resource)
    return array_of(shared if action == "read" else shared.where(Share.level == "edit"))


def array_of(found: AnyQuery) -> Any:
    """Return an array of the ids that a query finds, which is run once for a statement."""
    alone = found.correlate(None) if isinstance(found, Select) else found
    return func.array(alone.scalar_subquery(), type_=ARRAY(Uuid))


def owned_within(owner: InstrumentedAttribute[Any] | Any, member: CurrentMember, scope: Scope) -> ColumnElement[bool]:
    """Return the clause "its owner is within the member's scope".

    Who is within is found once, as an array: as a join it was looked up again for each row.
    """
    if scope == "all":
        return true()
    teams = list(member.teams or filter(None, [member.team_id]))
    if scope == "own" or not teams:
        return owner == member.id
    # Of one team it is known how many they are, of an array not: then each run would be planned anew.
    of_team = Member.team_id == (teams[0] if len(teams) == 1 else any_(literal(teams, ARRAY(Uuid))))
    within = select(Member.id).where(or_(of_team, Member.id == member.id))
    if scope != "team":
        below = or_(Team.path.overlap(teams), Member.id == member.id)
        within = select(Member.id).outerjoin(Team, Team.id == Member.team_id).where(below)
    return owner == any_(array_of(within))
