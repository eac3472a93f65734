"""Companies."""

from __future__ import annotations

from uuid import UUID

from flask import Response
from pydantic import Field

from mobile_api.lists import Listing, Sought, listed, listing, start
from mobile_api.numbers import NumberBegins, told_columns, unnumbered
from mobile_api.openapi import list_of, sparse
from mobile_api.records import Identified, agreed_version, gone, made, shown, taken_id
from mobile_api.registry import api
from mobile_api.shapes import Fields, Shape
from saas_crm.core.fields import Country, Line
from saas_crm.core.forms import patch_of
from saas_crm.customers import actions, queries
from saas_crm.customers.models import Company
from saas_crm.customers.queries import COMPANY_ORDERS, CustomerFilter
from saas_crm.customers.records import record, records
from saas_crm.customers.schemas import CompanyRead, CompanyWrite, Lifecycle
from saas_crm.edge.current import current_member
from saas_crm.edge.declared import requires

COMPANY = Shape(CompanyRead, {name: getattr(Company, name) for name in CompanyRead.model_fields})
CompanyPatch = patch_of(CompanyWrite, "CompanyPatch", ids_kept=("owner_id",))


class NewCompany(Identified, CompanyWrite):
    """A new company; without an owner it is the member's own."""


class CompanyFilters(Listing):
    """Which companies, in which order, and what of them."""

    q: Sought = ""
    owner_id: UUID | None = None
    lifecycle: Lifecycle | None = None
    tags: Line = Field(default="", description="A tag that they have.")
    country: Country = ""
    number: NumberBegins = ""


CompanyListing = listing(CompanyFilters, CompanyRead, COMPANY_ORDERS, "name")


@api.operation(
    "GET", "/companies", tag="companies", query_model=CompanyListing, responses={200: list_of(sparse(CompanyRead))}
)
@requires("company:read")
def list_companies(query: CompanyFilters) -> Response:
    """List companies.

    `q` searches names, addresses, phone numbers and tags.
    """
    names, columns = COMPANY.select(query.fields)
    wanted = CustomerFilter(
        q=query.q, owner_id=query.owner_id, lifecycle=query.lifecycle or "", tag=query.tags, country=query.country,
        number=query.number,
    )  # fmt: skip
    after = start(query, "companies", COMPANY_ORDERS)
    columns = told_columns(names, columns)
    page = records(Company, current_member(), wanted, columns=columns, sort=query.sort, after=after, limit=query.limit)
    return listed(page, names, COMPANY, query, "companies")


@api.operation(
    "POST", "/companies", tag="companies", request_model=NewCompany, responses={201: CompanyRead}, etag=True,
    idempotent=True,
)  # fmt: skip
@requires("company:create")
def create_company(body: NewCompany) -> Response:
    """Make a company."""
    company = actions.create_company(body, actor=current_member(), company_id=taken_id(body))
    return made(COMPANY.of(company, **unnumbered()), f"companies/{company.id}")


@api.operation("GET", "/companies/<uuid:company_id>", tag="companies", responses={200: CompanyRead}, etag=True)
@requires("company:read")
def show_company(company_id: UUID) -> Response:
    """Show a company."""
    return shown(_company(company_id))


@api.operation(
    "PATCH", "/companies/<uuid:company_id>", tag="companies", request_model=CompanyPatch, responses={200: CompanyRead},
    etag=True, if_match=True, idempotent=True,
)  # fmt: skip
@requires("company:update")
def change_company(company_id: UUID, body: CompanyWrite) -> Response:
    """Change a company."""
    company = queries.get_company(company_id, member=current_member())
    version = agreed_version(company, lambda: _company(company_id))
    actions.update_company(company, body, actor=current_member(), version=version)
    return shown(COMPANY.of(company, **unnumbered()))


@api.operation(
    "DELETE", "/companies/<uuid:company_id>", tag="companies", responses={204: None}, if_match=True, idempotent=True
)
@requires("company:delete")
def recycle_company(company_id: UUID) -> Response:
    """Put a company into the recycle bin."""
    company = queries.get_company(company_id, member=current_member())
    version = agreed_version(company, lambda: _company(company_id))
    actions.recycle(company, actor=current_member(), version=version)
    return gone()


def _company(company_id: UUID) -> Fields:
    names, columns = COMPANY.select()
    return COMPANY.shown(names, record(Company, company_id, current_member(), told_columns(names, columns)))
