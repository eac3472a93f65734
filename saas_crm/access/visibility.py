"""`visible()`: the one function that turns a member's scope into a WHERE clause.

List, detail, search, picker, export and API all go through it; a read that does not is a bug that a
test looks for.

**Children follow their customer**, by one rule: who sees a record sees what hangs on it (`__follows__`). A contact
hangs on its company. A deal hangs on its customer, which is its company, and its contact only where it has none: a
company's deal is not told to who sees no more than one of its people. An activity hangs on all that it names: company,
contact and deal. That goes all the way: a consumer's deal is seen by who sees the consumer through their company. It is
for reading, for the whole workspace or not at all (`Policy.children_follow`), and what a closed unit hides stays
hidden. **Whoever owns a record reads what hangs on it**, through closed units and whatever the workspace decided: who
is given a customer is given its history. Sums are not of what one sees so, but of what one answers for: `within_reach`.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any, Self

from sqlalchemy import ColumnElement, Integer, and_, any_, false, literal_column, or_, select, true

from saas_crm.access.few import FEW, Many, ids_seen, sees_few
from saas_crm.access.permissions import CurrentMember
from saas_crm.access.reaching import (
    SHARED,
    follows,
    is_followed,
    of_ones_own,
    outside,
    owned_ids,
    owned_within,
    parent_model,
    shared_ids,
    shares_of,
    within_reach,
)
from tenants.taken import Ids, NamesIds

__all__ = [
    "READERS", "SHARED", "Reader", "follows", "outside", "owned_ids", "owned_within", "parent_model", "parent_seen",
    "reader", "seen", "shared_ids", "visible", "within_reach",
]  # fmt: skip
READERS = 100
"""For how many kinds of readers each query is kept in a process, or readers, where it has no words of its own yet."""


def visible(
    model: type[Any], member: CurrentMember, action: str = "read", *, many: Many = ""
) -> ColumnElement[bool]:  # fmt: skip
    """Return the WHERE clause for the records of `model` the member may reach with `action`.

    Reading follows a record's parents (`__follows__`), unless the workspace switched that off: whoever sees a customer
    sees what hangs on it. Changing does not: it takes the scope on the record itself. A closed unit hides what its
    members own from who is outside, whatever the scope. What is shared with a member they see, and with `edit` may
    change, all the same; and so what hangs on it. What hangs on what is their own they read in any case.

    `many` changes nothing of this. It says that many records are asked, as by a list ("page") or a count ("whole"):
    where the member sees few, these are found first, by indexes, and not every record is asked (`few`).
    """
    permission = f"{model.__resource__}:{action}"
    scope = member.scope(permission)
    if scope is None:
        return false()
    if scope == "all" and not member.walls:
        return true()
    if action == "read" and sees_few(model, member, many):
        found: ColumnElement[bool] = model.id == any_(ids_seen(model, member))
        return found
    reach = within_reach(model.owner_id, member, permission)
    if action == "read" and scope != "all" and member.children_follow and model.__follows__:
        through = (_through(model, column, parent, member) for column, parent in model.__follows__)
        reach = or_(reach, *(and_(parent_seen, *outside(model.owner_id, member)) for parent_seen in through))
    further = [*of_ones_own(model, member, action), *shares_of(model, member, action)]
    return or_(reach, *further) if further else reach


def seen(model: type[Any], reference: Any, member: CurrentMember) -> ColumnElement[bool]:
    """Return the ON clause that joins a record where it lives and the member sees it.

    The one rule for names beside other records (a deal's customer, a contact's company, an activity's parties):
    a name is told to who may see the record that bears it; for others, and of deleted ones, it is not there.
    """
    return and_(model.id == reference, model.deleted_at.is_(None), visible(model, member))


@dataclass(frozen=True, slots=True)
class Reader(NamesIds):
    """A member as far as queries depend on them: readers who are equal get the same query, built once.

    Kept queries are built for all of one `shape`: who reaches records by the same rules, whoever they are.
    """

    reach: tuple[object, ...]
    member: CurrentMember = field(compare=False)
    shape: tuple[object, ...] = field(compare=False)

    @property
    def ids(self) -> Ids:
        """Return what of the member stands in queries: themselves, their team and those they answer for, the walls."""
        member = self.member
        return member.id, member.team_id, member.teams, member.walls

    def with_ids(self, ids: Ids) -> Self:
        """Return a reader of the same shape, for whom nothing is remembered that was built for the member."""
        values: tuple[Any, Any, Any, Any] = ids  # type: ignore[assignment]
        own, team, teams, walls = values
        member = replace(self.member, id=own, team_id=team, teams=teams, walls=walls)
        return replace(self, reach=(*_ids_of(member), *self.reach), member=member)


def reader(member: CurrentMember, *permissions: str, many: type[Any] | None = None) -> Reader:
    """Return the member as a query depends on them that asks for these permissions' scopes.

    `many` is the model of which it asks a great number, as `visible(…, many=True)` does.
    """
    asked = (member.scope(permission) for permission in _with_parents(permissions))
    few = [many is not None and sees_few(many, member, kind) for kind in FEW]
    rules = (member.shares, member.children_follow, *few, *member.fields.items(), *asked)
    # Of one team a query says so, of several only that they are: `owned_within`. Of walls none does; but one that came
    # to take the only one must not serve who has several.
    there = (member.team_id is not None, min(len(member.teams), 2), min(len(member.walls), 2))
    return Reader((*_ids_of(member), *rules), member, (*there, *rules))


def _ids_of(member: CurrentMember) -> tuple[object, ...]:
    """Return the ids of a member, and whether and where a kept query takes them: else it would be built of another."""
    places = getattr(member.id, "place", None)
    return (member.id, member.team_id, member.teams, member.walls, places)


@lru_cache(200)
def _with_parents(permissions: tuple[str, ...]) -> tuple[str, ...]:
    """Return the permissions with those on the parents that a record is seen, or shared, through."""
    found = dict.fromkeys(permissions)
    for permission in permissions:
        resource, action = permission.split(":")
        follows = parent_model(resource).__follows__ if is_followed(resource) and action in SHARED else ()
        found |= dict.fromkeys(_with_parents(tuple(f"{parent}:{action}" for _column, parent in follows)))
    return tuple(found)


def _through(model: type[Any], column: str, parent_resource: str, member: CurrentMember) -> ColumnElement[bool]:
    return parent_seen(model, getattr(model, column), parent_resource, member)


def parent_seen(model: type[Any], reference: Any, parent_resource: str, member: CurrentMember) -> ColumnElement[bool]:
    """Return the clause "the member sees the parent" that a reference of a row of `model` names.

    Only the row comes from outside, also where the parent is joined there. OFFSET 0 keeps PostgreSQL from reading all
    parents into a hash first, which it would even for a page of fifty.
    """
    parent = parent_model(parent_resource)
    found = select(parent.id).where(and_(parent.id == reference, visible(parent, member)))
    return found.correlate(model).offset(literal_column("0", Integer)).exists()
