"""Opportunities for programs: whichever columns they ask for, and what a change needs in one statement."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, Uuid, and_, bindparam, func, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import joinedload, undefer

from saas_crm.access.models import Member
from saas_crm.access.numbering import numbers_kept
from saas_crm.access.permissions import CurrentMember
from saas_crm.access.visibility import READERS, Reader, reader, visible
from saas_crm.core.errors import NotFound
from saas_crm.core.keyset import CURSOR, Asked, Page, choose, cursor_columns, cut, page
from saas_crm.opportunities.models import Opportunity, OpportunityContact, Stage
from saas_crm.opportunities.queries import ORDERS, SEEN, DealFilter, check_order, narrow
from tenants.db import AnyRow, AnySelect, db, fetch
from tenants.kept import kept_queries

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


_THIS = and_(Opportunity.id == bindparam("opportunity_id"), Opportunity.deleted_at.is_(None))
# Built once, like everything here that does not depend on who asks: building costs more than running.
_LOAD = (
    select(Opportunity, CONTACT_IDS).where(_THIS).options(joinedload(Opportunity.owner).joinedload(Member.team))
)  # fmt: skip
_LOAD_WITH_STAGE = (
    _LOAD.add_columns(Stage)
    .join(Stage, and_(Stage.id == bindparam("target_id"), Stage.deleted_at.is_(None)))
    .with_for_update(read=True, key_share=True, of=Stage)
)


def records(
    member: CurrentMember, wanted: DealFilter, *, columns: tuple[Any, ...], sort: str, after: Sequence[Any] | None,
    limit: int,
) -> Page[AnyRow]:  # fmt: skip
    """Return one page of deals; raises InvalidInput for an order there is not."""
    name, _ = choose(ORDERS, sort, "-updated_at")
    check_order(member, name)
    asked = Asked(name, tuple(after) if after else None, limit)
    build = _page_of if asked.comes_again and not wanted.q else _page_of.__wrapped__
    return cut(fetch(build(reader(member, *SEEN, many=Opportunity), wanted, columns, asked)).all(), limit, *CURSOR)


@kept_queries(READERS)
def _page_of(asking: Reader, wanted: DealFilter, columns: tuple[Any, ...], asked: Asked) -> AnySelect:
    order = ORDERS[asked.sort]
    query = select(*columns, *cursor_columns(order, Opportunity.id)).where(Opportunity.deleted_at.is_(None))
    return page(narrow(query, asking.member, wanted), order, Opportunity.id, after=asked.after, limit=asked.limit)


def record(opportunity_id: UUID, member: CurrentMember, columns: tuple[Any, ...]) -> AnyRow:
    """Return one living deal the member sees; raises NotFound."""
    found = fetch(_one(columns, reader(member, *SEEN)), {"opportunity_id": opportunity_id}).one_or_none()
    if found is None:
        raise NotFound
    return found


def load(opportunity_id: UUID, *, member: CurrentMember, stage_id: UUID | None = None) -> Loaded:
    """Return a living deal the member sees, for a change of it; raises NotFound.

    With `stage_id` that stage comes along, locked as `get_stage` would; it is None where there is no such one.
    """
    asking, this = reader(member, *SEEN), {"opportunity_id": opportunity_id}
    row = None
    kept = numbers_kept()
    if stage_id is not None:
        query = _load(asking, with_stage=True, numbered=kept)
        row = db.session.execute(query, {**this, "target_id": stage_id}).one_or_none()
    row = row or db.session.execute(_load(asking, with_stage=False, numbered=kept), this).one_or_none()
    if row is None:
        raise NotFound
    return Loaded(*row)


@kept_queries(READERS)
def _one(columns: tuple[Any, ...], asking: Reader) -> AnySelect:
    return select(*columns).where(_THIS, visible(Opportunity, asking.member))


@lru_cache(READERS)
def _load(asking: Reader, *, with_stage: bool, numbered: bool) -> AnySelect:
    query = (_LOAD_WITH_STAGE if with_stage else _LOAD).where(visible(Opportunity, asking.member))
    return query.options(undefer(Opportunity.number)) if numbered else query
