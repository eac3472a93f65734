"""Reads of opportunities: list, detail, history; the board is next door. All start from what the member may see."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, exists, func, literal_column, select
from sqlalchemy.orm import aliased, joinedload, undefer

from saas_crm.access.few import Many
from saas_crm.access.field_rules import check_askable
from saas_crm.access.models import Member
from saas_crm.access.numbering import has_numbers, numbers_kept
from saas_crm.access.permissions import CurrentMember
from saas_crm.access.visibility import READERS, Reader, reader, seen, visible
from saas_crm.core.errors import NotFound
from saas_crm.core.keyset import Asked, Order, Page, at_most, choose, cut, page
from saas_crm.core.numbering.models import numbers_beginning
from saas_crm.customers.models import Company, Contact
from saas_crm.opportunities.models import Opportunity, Stage, StageChange
from saas_crm.opportunities.rules import STALE_DAYS
from saas_crm.search.queries import found_by
from tenants.db import AnyRow, AnySelect, db, fetch
from tenants.kept import kept_queries
from tenants.taken import ByFields

COUNTED = 1_000
ORDERS = {
    "expected_close": Order(Opportunity.expected_close, nullable=True),
    "-expected_close": Order(Opportunity.expected_close, descending=True, nullable=True),
    "-updated_at": Order(Opportunity.updated_at, descending=True),
    "updated_at": Order(Opportunity.updated_at),
    "-created_at": Order(Opportunity.created_at, descending=True),
    "created_at": Order(Opportunity.created_at),
    "-amount": Order(Opportunity.amount, descending=True),
    "amount": Order(Opportunity.amount),
}
ROW = (
    Opportunity.id, Opportunity.name, Opportunity.amount, Opportunity.currency, Opportunity.expected_close,
    Opportunity.status, Opportunity.stage_id, Opportunity.stage_since, Opportunity.version,
    Opportunity.company_id, Company.name.label("company_name"), Opportunity.contact_id,
    Contact.name.label("contact_name"), Opportunity.owner_id, Member.name.label("owner_name"),
    Member.user_id.label("owner_user_id"), Member.photo_digest.label("owner_photo"),
    Opportunity.last_activity_at, Opportunity.updated_at, Opportunity.created_at,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class DealFilter(ByFields):
    """What a list of deals is narrowed to; empty fields do not narrow."""

    q: str = ""
    owner_id: UUID | None = None
    stage_id: UUID | None = None
    status: str = ""
    company_id: UUID | None = None
    contact_id: UUID | None = None
    closes_from: date | None = None
    closes_before: date | None = None
    undated: bool = False
    number: str = ""

    @property
    def finds_few(self) -> bool:
        """Whether words or a customer find few of which to ask whether they are seen."""
        return bool(self.q.strip() or self.company_id or self.contact_id)

    @property
    def narrows(self) -> bool:
        """Whether any filter is set."""
        return self != DealFilter()


def get_opportunity(opportunity_id: UUID, *, member: CurrentMember, action: str = "read") -> Opportunity:
    """Return a living deal the member may reach, with owner and stage; raises NotFound.

    Its company and contact come along where the member sees them, else they are None.
    """
    asking = reader(member, *SEEN, f"opportunity:{action}")
    query = _loading(asking, action, numbered=numbers_kept())
    found: Opportunity | None = db.session.scalar(query, {"this_id": opportunity_id})
    if found is None:
        raise NotFound
    return found


@lru_cache(READERS)
def _loading(asking: Reader, action: str, *, numbered: bool) -> AnySelect:
    member = asking.member
    query = (
        select(Opportunity)
        .where(
            Opportunity.id == bindparam("this_id"), Opportunity.deleted_at.is_(None),
            visible(Opportunity, member, action),
        )
        .options(
            joinedload(Opportunity.owner).joinedload(Member.team), joinedload(Opportunity.stage),
            joinedload(Opportunity.company.and_(Company.deleted_at.is_(None), visible(Company, member))),
            joinedload(Opportunity.contact.and_(Contact.deleted_at.is_(None), visible(Contact, member))),
        )
    )  # fmt: skip
    return query.options(undefer(Opportunity.number)) if numbered else query


def listed(member: CurrentMember) -> AnySelect:
    """Return the query of what lists show of a deal, without a WHERE for the member yet."""
    return _rows_for(reader(member, *NAMES))


NAMES = ("company:read", "contact:read")
"""The permissions on which the names told beside a deal depend."""
SEEN = ("opportunity:read", *NAMES)
"""Those on which a list of deals depends."""
# Written out: a partial index serves a kept plan only if its condition stands there.
_IS_OPEN = Opportunity.status == literal_column("'open'")


@lru_cache(READERS)
def _rows_for(asking: Reader) -> AnySelect:
    return (
        select(*ROW)
        .select_from(Opportunity)
        .outerjoin(Company, seen(Company, Opportunity.company_id, asking.member))
        .outerjoin(Contact, seen(Contact, Opportunity.contact_id, asking.member))
        .outerjoin(Member, Member.id == Opportunity.owner_id)
        .where(Opportunity.deleted_at.is_(None))
    )


def opportunity_rows(
    member: CurrentMember, wanted: DealFilter, *, sort: str | None = None, after: Sequence[Any] | None = None,
    limit: int = 50,
) -> Page[AnyRow]:  # fmt: skip
    """Return one page of the list of deals."""
    name, order = choose(ORDERS, sort, "-updated_at")
    check_order(member, name)
    asked = Asked(name, tuple(after) if after else None, limit)
    build = _page_of if asked.comes_again and not wanted.q else _page_of.__wrapped__
    numbered = has_numbers(member, "opportunity")
    query = build(reader(member, *SEEN, many=Opportunity), wanted, asked, numbered=numbered)
    return cut(fetch(query).all(), limit, str(order.column.key))


def check_order(member: CurrentMember, name: str) -> None:
    """Refuse an order by what the member's role does not show; raises InvalidInput."""
    if name.endswith("amount"):
        check_askable(member, "opportunity", amount="sort")


@kept_queries(READERS)
def _page_of(asking: Reader, wanted: DealFilter, asked: Asked, *, numbered: bool) -> AnySelect:
    query = narrow(listed(asking.member), asking.member, wanted)
    if numbered:
        query = query.add_columns(Opportunity.number.label("number"))
    return page(query, ORDERS[asked.sort], Opportunity.id, after=asked.after, limit=asked.limit)


def narrow(query: AnySelect, member: CurrentMember, wanted: DealFilter, *, many: Many = "page") -> AnySelect:
    """Narrow a query of deals to what the member may see and asked for."""
    query = query.where(visible(Opportunity, member, many="" if wanted.finds_few else many))
    if wanted.q.strip():
        query = query.where(found_by(Opportunity.id, wanted.q, "opportunity", member))
    for name in ("owner_id", "stage_id", "status", "company_id", "contact_id"):
        if value := getattr(wanted, name):
            query = query.where(getattr(Opportunity, name) == value)
    if wanted.number:
        check_askable(member, "opportunity", number="number")
        query = query.where(Opportunity.id.in_(numbers_beginning("opportunity", wanted.number)))
    if wanted.undated:
        query = query.where(Opportunity.expected_close.is_(None))
    if wanted.closes_from:
        query = query.where(Opportunity.expected_close >= wanted.closes_from)
    if wanted.closes_before:
        query = query.where(Opportunity.expected_close < wanted.closes_before)
    return query


def count_up_to(member: CurrentMember, wanted: DealFilter) -> int:
    """Return how many deals match, counting no further than COUNTED + 1."""
    some = narrow(select(Opportunity.id).where(Opportunity.deleted_at.is_(None)), member, wanted, many="whole")
    return db.session.scalar(select(func.count()).select_from(some.limit(at_most(COUNTED + 1)).subquery())) or 0


def any_opportunity() -> bool:
    """Whether the workspace has any deal, the recycle bin included; asked for a rule, it tells of none."""
    return bool(db.session.scalar(select(exists(select(Opportunity.id)))))


def stage_history(opportunity_id: UUID) -> Sequence[AnyRow]:
    """Return a visible deal's steps, newest first: stages' names and kinds, amount, who, when."""
    former = aliased(Stage)
    query = (
        select(
            StageChange.at, StageChange.amount, Member.name.label("member_name"),
            former.name.label("from_name"), former.names.label("from_names"),
            Stage.name.label("to_name"), Stage.names.label("to_names"), Stage.kind.label("to_kind"),
        )
        .join(Stage, Stage.id == StageChange.to_stage_id)
        .outerjoin(former, former.id == StageChange.from_stage_id)
        .outerjoin(Member, Member.id == StageChange.member_id)
        .where(StageChange.opportunity_id == opportunity_id)
        .order_by(StageChange.at.desc(), StageChange.id.desc())
        .limit(100)
    )  # fmt: skip
    return fetch(query).all()


def stale_for(member: CurrentMember, *, now: datetime, limit: int = 20) -> Sequence[AnyRow]:
    """Return the member's own open deals with nothing done for STALE_DAYS, the quietest first."""
    member.require("opportunity:read")
    since = now - timedelta(days=STALE_DAYS)
    return [row for row in fetch(_stale_of(reader(member, *NAMES), limit)) if row.last_activity_at < since]


@kept_queries(READERS)
def _stale_of(asking: Reader, limit: int) -> AnySelect:
    return (
        listed(asking.member)
        .where(Opportunity.owner_id == asking.member.id, _IS_OPEN)
        .order_by(Opportunity.last_activity_at)
        .limit(at_most(limit))
    )  # fmt: skip


def deals_of(parent: str, record_id: UUID, *, member: CurrentMember, limit: int = 20) -> Sequence[AnyRow]:
    """Return a customer's deals with their stages, as far as the member sees them: open first, then the latest."""
    return fetch(_deals_of(parent, reader(member, *SEEN), limit), {"parent": record_id}).all()


@kept_queries(READERS)
def _deals_of(parent: str, asking: Reader, limit: int) -> AnySelect:
    column = Opportunity.company_id if parent == "company" else Opportunity.contact_id
    return (
        listed(asking.member)
        .add_columns(Stage.name.label("stage_name"), Stage.names.label("stage_names"), Stage.kind.label("stage_kind"))
        .join(Stage, Stage.id == Opportunity.stage_id)
        .where(column == bindparam("parent"), visible(Opportunity, asking.member))
        .order_by(Opportunity.status != "open", Opportunity.id.desc())
        .limit(at_most(limit))
    )
