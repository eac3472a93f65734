"""Who sees few of many records: these are found first, each way by its own index, and not every record is asked.

`visible()` asks of a record whether its owner is within reach, else whether its customer is seen, and so on. For who
sees every third record a page of fifty is full after 150 of them. For who sees one of thirty, or none but their own,
a list and its count ask thousands. Whether somebody sees few is counted once in a while and remembered: where that is
not so any more, a query is slower, and nothing else.
"""

from __future__ import annotations

import time
from typing import Any, Literal

from sqlalchemy import ColumnElement, Float, and_, any_, column, func, or_, select, table, union_all

from saas_crm.access.permissions import CurrentMember
from saas_crm.access.reaching import array_of, outside, owned_ids, parent_model, shared_ids, within_reach
from tenants.db import AnyUnion, fetch

Many = Literal["", "page", "whole"]
"""Of how many records it is asked whether they are seen: as many as fill a page, or all there are, as by a count."""
FEW: dict[Many, float] = {"page": 5, "whole": 60}
"""How many records are few, times the root of how many there are: of 100,000 1,600 for a page, 19,000 for a count.

A page asks fewer records the more of them are seen, so what is few for it is less. Both are measured; what is seen in
two ways counts twice.
"""
LASTS = 600.0  # seconds
_CLASSES = table("pg_class", column("oid"), column("reltuples", Float))
_known: dict[tuple[object, ...], tuple[float, float]] = {}


def sees_few(model: type[Any], member: CurrentMember, many: Many) -> bool:
    """Whether a member sees few records of a kind, in some way that takes more than a look at their owners."""
    if not many or not member.children_follow or not model.__follows__ or not _limited(model.__resource__, member):
        return False
    return _share(model, member) <= FEW[many]


def _share(model: type[Any], member: CurrentMember) -> float:
    """Return how many records a member sees, in parts of the root of how many there are, as counted lately."""
    now, key = time.monotonic(), _key(model, member)
    counted, share = _known.get(key, (-LASTS, 0.0))
    if counted > now - LASTS:
        return share
    if len(_known) > 10_000:
        _known.clear()
    share = _count(model, member)
    _known[key] = (now, share)
    return share


def ids_seen(model: type[Any], member: CurrentMember) -> Any:
    """Return an array of the records that `visible()` shows a member of whom `sees_few` is true.

    What is seen in two ways is there twice. The indexes are of living records; the recycle bin has one of its own.
    """
    return array_of(_query(model, member))


def _query(model: type[Any], member: CurrentMember) -> AnyUnion:
    ways = _ways(model, member)
    living = (select(model.id).where(model.deleted_at.is_(None), way).correlate(None) for way in ways)
    binned = select(model.id).where(model.deleted_at.is_not(None), or_(*ways)).correlate(None)
    return union_all(*living, binned)


def _ways(model: type[Any], member: CurrentMember) -> list[ColumnElement[bool]]:
    """Return the clauses that `visible()` puts together by OR, each such that an index finds what it says."""
    ways = [within_reach(model.owner_id, member, f"{model.__resource__}:read")]
    if member.shares:
        ways.append(model.id == any_(shared_ids(model.__resource__, member)))
    for name, parent in model.__follows__:
        if member.can(f"{parent}:read"):
            seen = _refers(model, name, ids_seen(parent_model(parent), member))
            ways.append(and_(seen, *outside(model.owner_id, member)))
            if member.walls:  # what hangs on one's own is seen through every wall
                ways.append(_refers(model, name, owned_ids(parent, member)))
            if member.shares and member.walls:  # and so is what hangs on something shared
                ways.append(_refers(model, name, shared_ids(parent, member)))
    return ways


def _refers(model: type[Any], name: str, ids: Any) -> ColumnElement[bool]:
    """Return the clause "this attribute is one of these", by the column that holds it."""
    column = getattr(model, model.__held_in__.get(name, name))
    found: ColumnElement[bool] = column == any_(ids)
    return found if name not in model.__held_in__ else and_(found, getattr(model, name) == column)


def _limited(resource: str, member: CurrentMember) -> bool:
    """Whether the member sees only some of a kind, and of all through which they see more of it."""
    ways = [parent for _name, parent in parent_model(resource).__follows__ if member.can(f"{parent}:read")]
    return member.scope(f"{resource}:read") not in (None, "all") and all(_limited(parent, member) for parent in ways)


def _key(model: type[Any], member: CurrentMember) -> tuple[object, ...]:
    kinds = (model.__resource__, *(parent for _name, parent in model.__follows__))
    scopes = (member.scope(f"{kind}:read") for kind in kinds)
    return (model, member.id, member.team_id, member.teams, member.walls, member.shares, *scopes)


def _count(model: type[Any], member: CurrentMember) -> float:
    """Count what the member sees, no further than it is few."""
    size = select(_CLASSES.c.reltuples).where(_CLASSES.c.oid == func.to_regclass(model.__tablename__)).scalar_subquery()
    root = func.sqrt(func.greatest(size, 100))
    some = _query(model, member).limit(func.trunc(max(FEW.values()) * root) + 1).subquery()
    num = select(func.count()).select_from(some).scalar_subquery()
    return float(fetch(select((num / root).label("share")))[0].share)
