"""Which entries of the index a member sees: the same rules as `visible()`, on the owners that are copied into it."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, and_, any_, false, func, not_, or_

from saas_crm.access.permissions import CurrentMember
from saas_crm.access.visibility import outside, owned_ids, parent_model, parent_seen, shared_ids, within_reach
from saas_crm.search.models import ASKED, PERSON, SearchEntry


def parent_unseen(member: CurrentMember) -> ColumnElement[bool] | None:
    """Return the clause "has a parent that the member does not see"; None for who sees all of them."""
    if not member.walls and all(member.scope(f"{kind}:read") == "all" for kind in ("company", PERSON)):
        return None
    seen = or_(*(_parent_seen(kind, member) for kind in ("company", PERSON)))
    return and_(SearchEntry.parent_id.is_not(None), not_(func.coalesce(seen, false())))


def _parent_seen(parent: str, member: CurrentMember) -> ColumnElement[bool]:
    """Return the clause "its parent is of this kind and the member sees it"."""
    if parent == PERSON:
        known = parent_seen(SearchEntry, SearchEntry.parent_id, PERSON, member)
        return and_(SearchEntry.parent_owner_id == ASKED, known)
    reach = within_reach(SearchEntry.parent_owner_id, member, f"{parent}:read")
    if member.shares and member.can(f"{parent}:read"):
        reach = or_(reach, SearchEntry.parent_id == any_(shared_ids(parent, member)))
    return and_(SearchEntry.parent_owner_id.is_distinct_from(ASKED), reach)


def may_see(member: CurrentMember, kinds: Sequence[str]) -> ColumnElement[bool]:
    """The same rule as `visible()`, on the copied owners: own scope, its customer's, or a share."""
    may_read = [kind for kind in kinds if member.can(f"{kind}:read")]
    return or_(false(), *(and_(SearchEntry.kind == kind, _reach(kind, member)) for kind in may_read))


def _reach(kind: str, member: CurrentMember) -> ColumnElement[bool]:
    ways = [within_reach(SearchEntry.owner_id, member, f"{kind}:read")]
    parents = [parent for _name, parent in parent_model(kind).__follows__]
    follows = parents if member.children_follow else []
    if member.walls or not member.children_follow:  # what hangs on one's own is seen in any case
        known = [parent for parent in parents if member.can(f"{parent}:read")]
        ways += [SearchEntry.parent_owner_id == member.id] if "company" in known else []
        ways += [SearchEntry.parent_id == any_(owned_ids(PERSON, member))] if PERSON in known else []
    if member.scope(f"{kind}:read") != "all":
        here = (SearchEntry.parent_id.is_not(None), *outside(SearchEntry.owner_id, member))
        ways += [and_(*here, _parent_seen(parent, member)) for parent in follows]
    if member.shares:
        ways.append(SearchEntry.record_id == any_(shared_ids(kind, member)))
        held = [parent for parent in follows if member.can(f"{parent}:read")]
        ways += [SearchEntry.parent_id == any_(shared_ids(parent, member)) for parent in held]
    return or_(*ways)
