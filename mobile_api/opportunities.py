"""Opportunities; their stage and their closure are next door."""

from __future__ import annotations

from datetime import date
from typing import Literal
from uuid import UUID

from flask import Response, g
from pydantic import Field, create_model

from mobile_api.lists import Listing, Sought, listed, listing, start
from mobile_api.numbers import NumberBegins, told_columns
from mobile_api.openapi import list_of, sparse
from mobile_api.opportunity_shape import OPPORTUNITY, shown_deal
from mobile_api.records import Identified, agreed_version, gone, made, shown, taken_id
from mobile_api.registry import api
from mobile_api.shapes import Fields
from saas_crm.core.forms import given, patch_of
from saas_crm.edge.current import current_member
from saas_crm.edge.declared import requires
from saas_crm.opportunities import actions
from saas_crm.opportunities.queries import ORDERS, DealFilter
from saas_crm.opportunities.records import Loaded, load, record, records
from saas_crm.opportunities.schemas import OpportunityRead, OpportunityWrite

_Patch = patch_of(OpportunityWrite, "OpportunityPatch", ids_kept=("owner_id",))
OpportunityPatch = create_model(
    "OpportunityPatch", __base__=_Patch, __doc__=_Patch.__doc__,
    stage_id=(UUID, Field(default_factory=lambda: None, description="Moves it; a closed one is opened again.")),
)  # fmt: skip


class NewOpportunity(Identified, OpportunityWrite):
    """A new opportunity; without a stage it starts in the first, without an owner it is the member's own.

    The amount is in the workspace's currency.
    """


class OpportunityFilters(Listing):
    """Which opportunities, in which order, and what of them."""

    q: Sought = ""
    owner_id: UUID | None = None
    stage_id: UUID | None = None
    status: Literal["open", "won", "lost"] | None = None
    company_id: UUID | None = None
    contact_id: UUID | None = None
    expected_close_from: date | None = Field(default=None, description="Expected to close on this day or later.")
    expected_close_before: date | None = Field(default=None, description="Expected to close before this day.")
    number: NumberBegins = ""


OpportunityListing = listing(OpportunityFilters, OpportunityRead, ORDERS, "-updated_at")


@api.operation(
    "GET", "/opportunities", tag="opportunities", query_model=OpportunityListing,
    responses={200: list_of(sparse(OpportunityRead))},
)  # fmt: skip
@requires("opportunity:read")
def list_opportunities(query: OpportunityFilters) -> Response:
    """List opportunities."""
    names, columns = OPPORTUNITY.select(query.fields)
    wanted = DealFilter(
        q=query.q, owner_id=query.owner_id, stage_id=query.stage_id, status=query.status or "",
        company_id=query.company_id, contact_id=query.contact_id, closes_from=query.expected_close_from,
        closes_before=query.expected_close_before, number=query.number,
    )  # fmt: skip
    after, columns = start(query, "opportunities", ORDERS), told_columns(names, columns)
    page = records(current_member(), wanted, columns=columns, sort=query.sort, after=after, limit=query.limit)
    return listed(page, names, OPPORTUNITY, query, "opportunities")


@api.operation(
    "POST", "/opportunities", tag="opportunities", request_model=NewOpportunity, responses={201: OpportunityRead},
    etag=True, idempotent=True,
)  # fmt: skip
@requires("opportunity:create")
def create_opportunity(body: NewOpportunity) -> Response:
    """Open an opportunity."""
    deal = actions.open_opportunity(
        body, actor=current_member(), currency=g.tenant.currency, opportunity_id=taken_id(body)
    )
    return made(shown_deal(Loaded(deal, sorted(set(body.contact_ids)))), f"opportunities/{deal.id}")


@api.operation(
    "GET", "/opportunities/<uuid:opportunity_id>", tag="opportunities", responses={200: OpportunityRead}, etag=True
)
@requires("opportunity:read")
def show_opportunity(opportunity_id: UUID) -> Response:
    """Show an opportunity."""
    return shown(current_deal(opportunity_id))


@api.operation(
    "PATCH", "/opportunities/<uuid:opportunity_id>", tag="opportunities", request_model=OpportunityPatch,
    responses={200: OpportunityRead}, etag=True, if_match=True, idempotent=True,
)  # fmt: skip
@requires("opportunity:update")
def change_opportunity(opportunity_id: UUID, body: OpportunityWrite) -> Response:
    """Change an opportunity."""
    loaded = load(opportunity_id, member=current_member())
    version = agreed_version(loaded.deal, lambda: current_deal(opportunity_id))
    actions.update_opportunity(loaded.deal, body, actor=current_member(), version=version)
    contact_ids = given(body).get("contact_ids", loaded.contact_ids)
    return shown(shown_deal(Loaded(loaded.deal, sorted(set(contact_ids)))))


@api.operation(
    "DELETE", "/opportunities/<uuid:opportunity_id>", tag="opportunities", responses={204: None}, if_match=True,
    idempotent=True,
)  # fmt: skip
@requires("opportunity:delete")
def recycle_opportunity(opportunity_id: UUID) -> Response:
    """Put an opportunity into the recycle bin."""
    loaded = load(opportunity_id, member=current_member())
    version = agreed_version(loaded.deal, lambda: current_deal(opportunity_id))
    actions.recycle(loaded.deal, actor=current_member(), version=version)
    return gone()


def current_deal(opportunity_id: UUID) -> Fields:
    """Return what is shown of a deal that the member sees; raises NotFound."""
    names, columns = OPPORTUNITY.select()
    return OPPORTUNITY.shown(names, record(opportunity_id, current_member(), told_columns(names, columns)))
