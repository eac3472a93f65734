"""Reads of companies and contacts; every one starts from what the member may see."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Text, bindparam, case, func, literal_column, select
from sqlalchemy.orm import joinedload, undefer

from saas_crm.access.few import Many
from saas_crm.access.field_rules import check_askable
from saas_crm.access.models import Member
from saas_crm.access.numbering import has_numbers, numbers_kept
from saas_crm.access.permissions import CurrentMember
from saas_crm.access.visibility import READERS, Reader, reader, seen, visible
from saas_crm.core.errors import NotFound
from saas_crm.core.keyset import Asked, Order, Page, at_most, choose, cut, page
from saas_crm.core.numbering.models import numbers_beginning
from saas_crm.core.pinyin import sort_key
from saas_crm.customers.models import Company, Contact
from saas_crm.search.queries import NOTHING, Sought, found_by, sought
from tenants.db import AnyRow, AnySelect, db, fetch
from tenants.kept import kept_queries
from tenants.taken import ByFields

COUNTED = 1_000
COMPANY_ORDERS = {
    "name": Order(Company.sort_name),
    "-name": Order(Company.sort_name, descending=True),
    "-updated_at": Order(Company.updated_at, descending=True),
    "updated_at": Order(Company.updated_at),
    "-created_at": Order(Company.created_at, descending=True),
    "created_at": Order(Company.created_at),
    "-last_activity_at": Order(Company.last_activity_at, descending=True, nullable=True),
}
CONTACT_ORDERS = {
    "name": Order(Contact.sort_name),
    "-name": Order(Contact.sort_name, descending=True),
    "-updated_at": Order(Contact.updated_at, descending=True),
    "updated_at": Order(Contact.updated_at),
    "-created_at": Order(Contact.created_at, descending=True),
    "created_at": Order(Contact.created_at),
    "-last_activity_at": Order(Contact.last_activity_at, descending=True, nullable=True),
}


@dataclass(frozen=True, slots=True)
class CustomerFilter(ByFields):
    """What a list is narrowed to; empty fields do not narrow."""

    q: str = ""
    owner_id: UUID | None = None
    lifecycle: str = ""
    tag: str = ""
    company_id: UUID | None = None
    country: str = ""
    number: str = ""

    @property
    def narrows(self) -> bool:
        """Whether any filter is set."""
        return self != CustomerFilter()


def get_company(company_id: UUID, *, member: CurrentMember, action: str = "read") -> Company:
    """Return a living company the member may reach, with its owner; raises NotFound."""
    found: Company = _get(Company, company_id, member, action)
    return found


def get_contact(contact_id: UUID, *, member: CurrentMember, action: str = "read") -> Contact:
    """Return a living contact the member may reach, with owner and, where the member sees it, company.

    Raises NotFound.
    """
    found: Contact = _get(Contact, contact_id, member, action)
    return found


def _get(model: Any, record_id: UUID, member: CurrentMember, action: str) -> Any:
    asking = reader(member, *NAMES, f"{model.__resource__}:{action}")
    query = _loading(model, asking, action, numbered=model is Company and numbers_kept())
    found = db.session.scalar(query, {"this_id": record_id})
    if found is None:
        raise NotFound
    return found


@lru_cache(READERS)
def _loading(model: Any, asking: Reader, action: str, *, numbered: bool) -> AnySelect:
    """Return the query that loads one record with its owner and the owner's team, of which `may` asks."""
    member = asking.member
    query = select(model).where(
        model.id == bindparam("this_id"), model.deleted_at.is_(None), visible(model, member, action)
    )
    if model is Contact:
        query = query.options(joinedload(Contact.company.and_(Company.deleted_at.is_(None), visible(Company, member))))
    if numbered:
        query = query.options(undefer(model.number))
    return query.options(joinedload(model.owner).joinedload(Member.team))


def _owner_name(model: Any) -> ColumnElement[str]:
    """Return the owner's name as a query of its own: asked for the rows of a page, and not for all that are sorted."""
    return select(Member.name).where(Member.id == model.owner_id).correlate(model).scalar_subquery().label("owner_name")


_COMPANY_ROW = (
    Company.id, Company.name, Company.industry, Company.city, Company.lifecycle, _owner_name(Company),
    Company.last_activity_at, Company.phone,
)  # fmt: skip
_CONTACT_ROW = (
    Contact.id, Contact.name, Contact.job_title, Company.name.label("company_name"), Contact.city, Contact.lifecycle,
    _owner_name(Contact), Contact.last_activity_at, Contact.mobile, Contact.phone,
)  # fmt: skip


def company_rows(
    member: CurrentMember, wanted: CustomerFilter, *, sort: str | None = None, after: Sequence[Any] | None = None,
    limit: int = 50, counted: bool = False,
) -> Page[AnyRow]:  # fmt: skip
    """Return one page of the company list: the columns it shows in their order, then `sort_key` and `total`.

    `counted` asks in the same statement how many match in all, as `count_up_to` does; else `total` is 0.
    """
    return _rows(Company, member, wanted, sort=sort, after=after, limit=limit, counted=counted)


def contact_rows(
    member: CurrentMember, wanted: CustomerFilter, *, sort: str | None = None, after: Sequence[Any] | None = None,
    limit: int = 50, counted: bool = False,
) -> Page[AnyRow]:  # fmt: skip
    """Return one page of the contact list, as `company_rows` does."""
    return _rows(Contact, member, wanted, sort=sort, after=after, limit=limit, counted=counted)


def order_of(model: Any, name: str, q: str) -> Order:
    """Return the order with this name; a search in order of names has those first that begin with what is sought."""
    order = orders_of(model)[name]
    if name != "name" or not q.strip():
        return order
    begins_so = func.starts_with(order.column, bindparam(_KEY, _key_of(model, q)))
    return Order(case((begins_so, literal_column("' '", Text) + order.column), else_=order.column))


_KEY = "each_key"


def _key_of(model: Any, q: str) -> str:
    return sort_key(q, person=model is Contact)


def orders_of(model: Any) -> dict[str, Order]:
    """Return the orders in which companies or contacts can be listed."""
    return COMPANY_ORDERS if model is Company else CONTACT_ORDERS


def _rows(
    model: Any, member: CurrentMember, wanted: CustomerFilter, *, sort: str | None, after: Sequence[Any] | None,
    limit: int, counted: bool,
) -> Page[AnyRow]:  # fmt: skip
    name, _ = choose(orders_of(model), sort, "name")
    asked = Asked(name, tuple(after) if after else None, limit)
    asking, words = reader(member, *NAMES, many=model), sought(wanted.q, (model.__resource__,))
    numbered = model is Company and has_numbers(member, "company")
    if words is None or not asked.comes_again:
        rows = fetch(_rows_for.__wrapped__(model, asking, wanted, asked, NOTHING, counted=counted, numbered=numbered))
    else:
        query = _rows_for(model, asking, replace(wanted, q=""), asked, words, counted=counted, numbered=numbered)
        rows = fetch(query, {**words.values, _KEY: _key_of(model, wanted.q)})
    return cut(rows, limit, "sort_key")


NAMES = ("company:read", "contact:read")
"""The permissions on which lists of customers depend."""


@kept_queries(READERS)
def _rows_for(
    model: Any, asking: Reader, wanted: CustomerFilter, asked: Asked, words: Sought, *, counted: bool,
    numbered: bool,
) -> AnySelect:  # fmt: skip
    """Return the query of one page; kept, because building it takes as long as running it."""
    wanted = replace(wanted, q=words.query or wanted.q)
    member, order = asking.member, order_of(model, asked.sort, wanted.q)
    total: ColumnElement[int] = literal_column("0")
    if counted:  # what a search found is few, and all of it is sorted anyway: it is counted on the way,
        on_the_way = wanted.q.strip() and not order.nullable  # where it is not sorted in two parts
        total = func.count().over() if on_the_way else _count(model, member, wanted).scalar_subquery()
    query = select(*(_COMPANY_ROW if model is Company else _CONTACT_ROW))
    if numbered:
        query = query.add_columns(model.number.label("number"))
    query = query.add_columns(order.column.label("sort_key"), total.label("total"))
    if model is Contact:
        query = query.outerjoin(Company, seen(Company, Contact.company_id, member))
    return page(narrow(query, model, member, wanted), order, model.id, after=asked.after, limit=asked.limit)


def count_up_to(model: type[Any], member: CurrentMember, wanted: CustomerFilter) -> int:
    """Return how many records match, counting no further than COUNTED + 1."""
    return db.session.scalar(_count(model, member, wanted)) or 0


def _count(model: type[Any], member: CurrentMember, wanted: CustomerFilter) -> AnySelect:
    some = narrow(select(model.id), model, member, wanted, many="whole").limit(at_most(COUNTED + 1)).correlate(None)
    return select(func.count()).select_from(some.subquery())


def narrow(
    query: AnySelect, model: Any, member: CurrentMember, wanted: CustomerFilter, *, many: Many = "page"
) -> AnySelect:  # fmt: skip
    """Narrow a query of companies or contacts to what the member may see and asked for."""
    found = wanted.q.strip() or wanted.company_id  # few already
    query = query.where(model.deleted_at.is_(None), visible(model, member, many="" if found else many))
    if wanted.q.strip():
        query = query.where(found_by(model.id, wanted.q, model.__resource__, member))
    if wanted.tag:
        query = query.where(model.tags.contains([wanted.tag]))
    if wanted.company_id and model is Contact:
        query = query.where(Contact.company_id == wanted.company_id)
    if wanted.country:
        check_askable(member, model.__resource__, country="country")
    if wanted.number:
        check_askable(member, model.__resource__, number="number")
        query = query.where(model.id.in_(numbers_beginning(model.__resource__, wanted.number)))
    for name in ("owner_id", "lifecycle", "country"):
        if value := getattr(wanted, name):
            query = query.where(getattr(model, name) == value)
    return query


def contacts_of(company_id: UUID, *, member: CurrentMember, limit: int = 50) -> Sequence[AnyRow]:
    """Return a company's contacts that the member may see: what the company page shows of them."""
    return fetch(_contacts_of(reader(member, *NAMES), limit), {"company": company_id}).all()


@kept_queries(READERS)
def _contacts_of(asking: Reader, limit: int) -> AnySelect:
    return (
        select(Contact.id, Contact.name, Contact.job_title, Contact.phone, Contact.mobile, Contact.email)
        .where(
            Contact.company_id == bindparam("company"), Contact.deleted_at.is_(None), visible(Contact, asking.member)
        )
        .order_by(Contact.sort_name, Contact.id)
        .limit(at_most(limit))
    )
