"""Reads of activities: the timeline of a record, the Today page, the API's list."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import BindParameter, ColumnElement, Uuid, and_, bindparam, false, func, not_, select, union_all
from sqlalchemy.orm import joinedload

from saas_crm.access.models import Member
from saas_crm.access.permissions import CurrentMember
from saas_crm.access.visibility import READERS, Reader, reader, seen, visible
from saas_crm.activities.models import Activity
from saas_crm.core.errors import NotFound
from saas_crm.core.keyset import Order, Page, at_most, cut, page
from saas_crm.customers.models import Company, Contact
from tenants.db import AnyRow, AnySelect, AnyUnion, db, fetch
from tenants.kept import kept_queries

ORDERS = {
    "-at": Order(Activity.at, descending=True),
    "at": Order(Activity.at),
    "due_at": Order(Activity.due_at, nullable=True),
}
_ENTRY = (
    Activity.id, Activity.kind, Activity.subject, Activity.body, Activity.outcome, Activity.at, Activity.due_at,
    Activity.done_at, Activity.duration_minutes, Activity.location,
    Activity.company_id, Activity.contact_id, Member.name.label("owner_name"),
    Contact.name.label("contact_name"), Company.name.label("company_name"),
    Contact.mobile, Contact.phone, Company.phone.label("company_phone"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class ActivityFilter:
    """What a list of activities is narrowed to."""

    kind: str = ""
    owner_id: UUID | None = None
    company_id: UUID | None = None
    contact_id: UUID | None = None
    opportunity_id: UUID | None = None
    done: bool | None = None

    @property
    def finds_few(self) -> bool:
        """Whether a record finds few of which to ask whether they are seen."""
        return bool(self.company_id or self.contact_id or self.opportunity_id)


def get_activity(activity_id: UUID, *, member: CurrentMember, action: str = "read") -> Activity:
    """Return a living activity the member may reach; raises NotFound."""
    query = select(Activity).where(
        Activity.id == activity_id, Activity.deleted_at.is_(None), visible(Activity, member, action)
    )
    found = db.session.scalar(query.options(joinedload(Activity.owner).joinedload(Member.team)))
    if found is None:
        raise NotFound
    return found


def _entries(member: CurrentMember) -> AnySelect:
    """Return the query of what timelines show; `may_update` says whether this member may change the activity.

    Built once for a member: that takes as long as running it.
    """
    return _entries_of(reader(member, *_ASKED))


_ASKED = ("activity:read", "activity:update", "company:read", "contact:read", "opportunity:read")


@lru_cache(READERS)
def _entries_of(asking: Reader) -> AnySelect:
    member = asking.member
    return (
        select(*_ENTRY, _may_update(member))
        .outerjoin(Member, Member.id == Activity.owner_id)
        .outerjoin(Contact, seen(Contact, Activity.contact_id, member))
        .outerjoin(Company, seen(Company, Activity.company_id, member))
        .where(Activity.deleted_at.is_(None))
    )


def _may_update(member: CurrentMember) -> ColumnElement[bool]:
    return func.coalesce(visible(Activity, member, "update"), false()).label("may_update")


def _of(parent: str, record_id: UUID | BindParameter[UUID]) -> ColumnElement[bool]:
    columns: dict[str, Any] = {
        "company": Activity.company_id,
        "contact": Activity.contact_id,
        "opportunity": Activity.opportunity_id,
    }
    return columns[parent] == record_id  # type: ignore[no-any-return]


def _shown(member: CurrentMember) -> tuple[ColumnElement[bool], ...]:
    """Return what a visible record's story is narrowed by: nothing where who sees the record sees all of it."""
    return () if member.children_follow and not member.walls else (visible(Activity, member),)


_IS_PLANNED = and_(Activity.done_at.is_(None), Activity.due_at.is_not(None))


def timeline(
    parent: str,
    record_id: UUID,
    *,
    member: CurrentMember,
    after: Sequence[Any] | None = None,
    limit: int = 20,
) -> Page[AnyRow]:
    """Return a page of what happened with a visible record, newest first; what is planned is `planned()`.

    `parent` is "company", "contact" or "opportunity". The caller has loaded the record as visible; an activity
    follows its record, so no further clause is needed than the member's right to read activities at all, unless the
    workspace switched that off or a closed unit hides some.
    """
    member.require("activity:read")
    query = _entries(member).where(_of(parent, record_id), not_(_IS_PLANNED), *_shown(member))
    rows = fetch(page(query, ORDERS["-at"], Activity.id, after=after, limit=limit)).all()
    return cut(rows, limit, "at")


def story(
    parent: str, record_id: UUID, *, member: CurrentMember, limit: int = 20
) -> tuple[Sequence[AnyRow], Page[AnyRow]]:
    """Return what is planned with a visible record, and the first page of its timeline, in one statement."""
    member.require("activity:read")
    query = _story_of(parent, reader(member, *_ASKED), limit)
    plans: list[AnyRow] = []
    past: list[AnyRow] = []
    for row in fetch(query, {"record_id": record_id}):
        (plans if row.done_at is None and row.due_at is not None else past).append(row)
    # A union keeps no order of its own.
    plans.sort(key=lambda row: (row.due_at, row.id))
    past.sort(key=lambda row: (row.at, row.id), reverse=True)
    return plans, cut(past, limit, "at")


@kept_queries(READERS)
def _story_of(parent: str, asking: Reader, limit: int) -> AnyUnion:
    query = _entries_of(asking).where(_of(parent, bindparam("record_id", type_=Uuid)), *_shown(asking.member))
    ahead = query.where(_IS_PLANNED).order_by(Activity.due_at, Activity.id).limit(at_most(limit)).subquery()
    behind = page(query.where(not_(_IS_PLANNED)), ORDERS["-at"], Activity.id, after=None, limit=limit).subquery()
    return union_all(select(ahead), select(behind))


def planned(parent: str, record_id: UUID, *, member: CurrentMember, limit: int = 20) -> Sequence[AnyRow]:
    """Return what is planned with a visible record, the next step first, whoever is to do it."""
    member.require("activity:read")
    query = _entries(member).where(_of(parent, record_id), _IS_PLANNED, *_shown(member))
    return fetch(query.order_by(Activity.due_at, Activity.id).limit(at_most(limit))).all()


def entry(activity_id: UUID, *, member: CurrentMember) -> AnyRow:
    """Return one activity as the timeline shows it; raises NotFound."""
    row = fetch(_entries(member).where(Activity.id == activity_id, visible(Activity, member))).one_or_none()
    if row is None:
        raise NotFound
    return row


def due_for(member: CurrentMember, *, now: datetime, days: int = 7, limit: int = 100) -> Sequence[AnyRow]:
    """Return the member's own open activities that are overdue or due within `days`, the oldest first."""
    member.require("activity:read")
    until = now + timedelta(days=days)
    return [row for row in fetch(_due_of(reader(member, *_ASKED), limit)) if row.due_at < until]


@kept_queries(READERS)
def _due_of(asking: Reader, limit: int) -> AnySelect:
    return (
        _entries_of(asking)
        .where(Activity.owner_id == asking.member.id, _IS_PLANNED)
        .order_by(Activity.due_at, Activity.id)
        .limit(at_most(limit))
    )


def next_step_of(parent: str, record_id: UUID, *, member: CurrentMember) -> AnyRow | None:
    """Return the next open activity of a visible record, if any is planned."""
    return next(iter(planned(parent, record_id, member=member, limit=1)), None)


def recent_customers(member: CurrentMember, *, limit: int = 8) -> Sequence[AnyRow]:
    """Return the customers the member dealt with last, for + Log: company and contact ids and names."""
    lately = (
        select(Activity.company_id, Activity.contact_id, Activity.at)
        .where(Activity.owner_id == member.id, Activity.deleted_at.is_(None))
        .order_by(Activity.at.desc(), Activity.id.desc())
        .limit(100)
        .subquery()
    )
    query = (
        select(lately.c.company_id, lately.c.contact_id, Company.name.label("company_name"),
               Contact.name.label("contact_name"), lately.c.at)
        .select_from(lately)
        .outerjoin(Company, seen(Company, lately.c.company_id, member))
        .outerjoin(Contact, seen(Contact, lately.c.contact_id, member))
        .where((Company.id.is_not(None)) | (Contact.id.is_not(None)))
        .order_by(lately.c.at.desc())
    )  # fmt: skip
    unique: dict[tuple[Any, Any], AnyRow] = {}
    for row in fetch(query):
        unique.setdefault((row.company_id, row.contact_id), row)
    return list(unique.values())[:limit]
