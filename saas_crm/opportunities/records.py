"""Opportunities for programs: whichever columns they ask for, and what a change needs in one statement."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, Uuid, and_, func, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import aliased, joinedload

from saas_crm.access.models import Member
from saas_crm.access.permissions import CurrentMember
from saas_crm.access.visibility import visible
from saas_crm.core.errors import NotFound
from saas_crm.core.keyset import CURSOR, Page, choose, cursor_columns, cut, page
from saas_crm.opportunities.models import Opportunity, OpportunityContact, Stage
from saas_crm.opportunities.queries import ORDERS, DealFilter, narrow
from tenants.db import AnyRow, AnySelect, db

CONTACT_IDS: ColumnElement[list[UUID]] = func.array(
    select(OpportunityContact.contact_id)
    .where(OpportunityContact.opportunity_id == Opportunity.id)
    .order_by(OpportunityContact.contact_id)
    .correlate(Opportunity)
    .scalar_subquery(),
    type_=ARRAY(Uuid),
)
"""The further contacts of a deal, as a column of it."""


class Loaded(NamedTuple):
    """A deal to be changed, its further contacts, and the stage it shall go to, held as it is."""

    deal: Opportunity
    contact_ids: list[UUID]
    stage: Stage | None = None


def records(
    member: CurrentMember, wanted: DealFilter, *, columns: Sequence[Any], sort: str, after: Sequence[Any] | None,
    limit: int,
) -> Page[AnyRow]:  # fmt: skip
    """Return one page of deals; raises InvalidInput for an order there is not."""
    _, order = choose(ORDERS, sort, "-updated_at")
    query = select(*columns, *cursor_columns(order, Opportunity.id)).where(Opportunity.deleted_at.is_(None))
    rows = db.session.execute(
        page(narrow(query, member, wanted), order, Opportunity.id, after=after, limit=limit)
    ).all()
    return cut(rows, limit, *CURSOR)


def record(opportunity_id: UUID, member: CurrentMember, columns: Sequence[Any]) -> AnyRow:
    """Return one living deal the member sees; raises NotFound."""
    found = db.session.execute(_one(select(*columns), opportunity_id, member)).one_or_none()
    if found is None:
        raise NotFound
    return found


def load(opportunity_id: UUID, *, member: CurrentMember, stage_id: UUID | None = None) -> Loaded:
    """Return a living deal the member sees, for a change of it; raises NotFound.

    With `stage_id` that stage comes along, locked as `get_stage` would; it is None where there is no such one.
    """
    query = _one(select(Opportunity, CONTACT_IDS), opportunity_id, member).options(
        joinedload(Opportunity.owner).joinedload(Member.team)
    )
    row = db.session.execute(_with_stage(query, stage_id)).one_or_none() if stage_id else None
    row = row or db.session.execute(query).one_or_none()
    if row is None:
        raise NotFound
    return Loaded(*row)


def _with_stage(query: AnySelect, stage_id: UUID) -> AnySelect:
    target = aliased(Stage)
    return (
        query.add_columns(target)
        .join(target, and_(target.id == stage_id, target.deleted_at.is_(None)))
        .with_for_update(read=True, key_share=True, of=target)
    )


def _one(query: AnySelect, opportunity_id: UUID, member: CurrentMember) -> AnySelect:
    return query.where(Opportunity.id == opportunity_id, Opportunity.deleted_at.is_(None), visible(Opportunity, member))
