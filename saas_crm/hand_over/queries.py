"""Reads: what was handed over, by whom, to whom, and how much of it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, String, and_, column, false, func, literal, not_, or_, select, true, union_all
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import aliased

from saas_crm.access.models import Member
from saas_crm.access.permissions import CurrentMember
from saas_crm.access.visibility import visible, within_reach
from saas_crm.core.errors import NotFound
from saas_crm.core.keyset import Order, Page, cut, page
from saas_crm.hand_over.models import HandOver, HandOverItem
from saas_crm.hand_over.registry import handed_over
from tenants.db import AnyRow, AnySelect, db, fetch

ORDERS = {"-created_at": Order(HandOver.created_at, descending=True), "created_at": Order(HandOver.created_at)}
BRIEFED = Order(column("place", String))
_From, _By = aliased(Member), aliased(Member)
COLUMNS = (
    HandOver.id, HandOver.version, HandOver.created_at, HandOver.from_id, _From.name.label("from_name"),
    _From.status.label("from_status"), HandOver.made_by_id, _By.name.label("made_by_name"), HandOver.note,
    HandOver.undone_at,
)  # fmt: skip


def _rows(clause: ColumnElement[bool]) -> AnySelect:
    return (
        select(*COLUMNS)
        .join(_From, _From.id == HandOver.from_id)
        .join(_By, _By.id == HandOver.made_by_id)
        .where(HandOver.deleted_at.is_(None), clause)
    )


def _within(member: CurrentMember) -> ColumnElement[bool]:
    member.require("hand_over:read")
    return within_reach(HandOver.from_id, member, "hand_over:read")


def _to_me(member: CurrentMember) -> ColumnElement[bool]:
    given = select(HandOverItem.record_id).where(
        HandOverItem.hand_over_id == HandOver.id, HandOverItem.to_id == member.id
    )
    return given.exists()


def hand_overs(
    member: CurrentMember, *, after: Sequence[Any] | None = None, limit: int = 20, sort: str = "-created_at"
) -> Page[AnyRow]:
    """Return a page of the hand-overs within the member's scope, newest first."""
    rows = fetch(page(_rows(_within(member)), ORDERS[sort], HandOver.id, after=after, limit=limit)).all()
    return cut(rows, limit, "created_at")


def hand_over(hand_over_id: UUID, *, member: CurrentMember) -> AnyRow:
    """Return a hand-over within the member's scope; raises NotFound."""
    return _one(_rows(_within(member)), hand_over_id)


def made(hand_over_id: UUID) -> AnyRow:
    """Return a hand-over that the reader has just made, whatever they may read of others."""
    return _one(_rows(true()), hand_over_id)


def reached(hand_over_id: UUID, *, member: CurrentMember) -> None:
    """Raise NotFound unless the member may take a hand-over back: their own, or one between people within their scope.

    Somebody may have changed their team since: nothing is taken from where the member could give nothing.
    """
    member.require("hand_over:create")
    inside = within_reach(HandOverItem.to_id, member, "hand_over:create")
    elsewhere = select(HandOverItem.record_id).where(HandOverItem.hand_over_id == HandOver.id, not_(inside)).exists()
    between = and_(within_reach(HandOver.from_id, member, "hand_over:create"), not_(elsewhere))
    query = select(HandOver.id).where(HandOver.id == hand_over_id, or_(HandOver.made_by_id == member.id, between))
    if db.session.scalar(query) is None:
        raise NotFound


def told_of(hand_over_ids: Collection[UUID], *, member: CurrentMember) -> dict[UUID, bool]:
    """Return those of these hand-overs that the member may look at, and whether as a whole or what they were given."""
    if not hand_over_ids:
        return {}
    whole = _within(member) if member.can("hand_over:read") else false()
    query = select(HandOver.id, whole.label("whole")).where(HandOver.deleted_at.is_(None), or_(whole, _to_me(member)))
    return {row.id: row.whole for row in fetch(query.where(HandOver.id.in_(sorted(hand_over_ids))))}


def received(member: CurrentMember, *, after: Sequence[Any] | None = None, limit: int = 20) -> Page[AnyRow]:
    """Return a page of the hand-overs by which the member was given something, newest first."""
    query = _rows(_to_me(member)).where(HandOver.undone_at.is_(None))
    rows = fetch(page(query, ORDERS["-created_at"], HandOver.id, after=after, limit=limit)).all()
    return cut(rows, limit, "created_at")


def _one(query: AnySelect, hand_over_id: UUID) -> AnyRow:
    found = fetch(query.where(HandOver.id == hand_over_id)).one_or_none()
    if found is None:
        raise NotFound
    return found


def items_of(hand_over_id: UUID) -> int:
    """Return how many records a hand-over moved, those of the recycle bin with them."""
    return db.session.scalar(select(func.count()).where(HandOverItem.hand_over_id == hand_over_id)) or 0


def counts_of(hand_over_ids: Collection[UUID]) -> dict[UUID, dict[UUID, dict[str, int]]]:
    """Return how many records of each resource went to whom by each of these; not those in the recycle bin then."""
    ids = literal(list(hand_over_ids), ARRAY(HandOver.id.type))
    parts: list[AnySelect] = [
        select(HandOverItem.hand_over_id.label("hand_over_id"), HandOverItem.to_id.label("to_id"),
               literal(resource).label("resource"), func.count().label("num"))
        .join(HandOver, HandOver.id == HandOverItem.hand_over_id)
        .join(kind.model, kind.model.id == HandOverItem.record_id)
        .where(HandOverItem.hand_over_id == ids.any_(), HandOverItem.resource == resource,
               or_(kind.model.deleted_at.is_(None), kind.model.deleted_at > HandOver.created_at))
        .group_by(HandOverItem.hand_over_id, HandOverItem.to_id)
        for resource, kind in handed_over.items()
    ]  # fmt: skip
    found: dict[UUID, dict[UUID, dict[str, int]]] = {one: {} for one in hand_over_ids}
    for hand_over_id, to_id, resource, num in fetch(union_all(*parts)):
        found[hand_over_id].setdefault(to_id, dict.fromkeys(handed_over, 0))[resource] = num
    return found


def names_of_members(member_ids: Collection[UUID]) -> dict[UUID, AnyRow]:
    """Return id, name, user and photo of members, also of those who have left."""
    query = select(Member.id, Member.name, Member.user_id, Member.photo_digest, Member.team_id)
    return {row.id: row for row in fetch(query.where(Member.id.in_(member_ids)))} if member_ids else {}


def briefed(
    hand_over_id: UUID, *, member: CurrentMember, to_id: UUID | None = None, after: Sequence[Any] | None = None,
    limit: int = 10, received: bool = False,
) -> tuple[AnyRow, Page[AnyRow]]:  # fmt: skip
    """Return a hand-over, and a page of what it moved that has briefs (customers and deals) and that the member sees.

    In one statement. Each of the page, by name, has resource, record_id, name and to_id; what was deleted meanwhile
    is left out. The hand-over is one within the member's scope, or with `received` one by which they were given
    something; raises NotFound.
    """
    parts = [
        select(kind.model.id.label("record_id"), literal(resource).label("resource"), kind.name.label("name"),
               func.concat(place, ":", func.lower(kind.name), type_=String).label("place"),
               HandOverItem.to_id.label("to_id"))
        .join(HandOverItem, HandOverItem.record_id == kind.model.id)
        .where(HandOverItem.hand_over_id == hand_over_id, HandOverItem.resource == resource,
               *((HandOverItem.to_id == to_id,) if to_id else ()),
               kind.goes(closed=False), kind.model.deleted_at.is_(None), visible(kind.model, member))
        for place, (resource, kind) in enumerate(handed_over.items())
        if kind.briefed
    ]  # fmt: skip
    found = union_all(*parts).subquery()
    by: Any = found.c.record_id
    moved = page(select(found), Order(found.c.place), by, after=after, limit=limit).subquery()
    asked = _rows(_to_me(member) if received else _within(member)).where(HandOver.id == hand_over_id)
    rows = fetch(asked.add_columns(moved).outerjoin(moved, true()).order_by(moved.c.place, moved.c.record_id)).all()
    if not rows:
        raise NotFound
    return rows[0], cut([row for row in rows if row.record_id is not None], limit, "place", "record_id")
