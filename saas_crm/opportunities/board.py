"""The board: the first cards of each column in one statement, sums and forecast from the totals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, Text, bindparam, case, cast, false, func, select, true, tuple_

from saas_crm.access.models import Member
from saas_crm.access.permissions import CurrentMember
from saas_crm.access.visibility import READERS, Reader, reader, seen, visible, within_reach
from saas_crm.core.keyset import Page, at_most, cut
from saas_crm.customers.models import Company, Contact
from saas_crm.opportunities.models import Opportunity, OpportunitySum, OpportunityTotal, OwnerSum, Stage
from saas_crm.opportunities.pipelines import StageView, stages
from saas_crm.opportunities.queries import NAMES, SEEN
from saas_crm.opportunities.rules import ForecastMonth, Sum, forecast, weighted
from tenants.context import current_tenant
from tenants.db import AnySelect, fetch
from tenants.kept import Kept, kept_queries
from tenants.versions import lacks_tables

FIRST = 10
"""Cards of each column that a board begins with: more than a laptop's screen shows of it."""
CARDS = 20
"""Cards that follow at a time, where somebody goes on in one column."""
UNDATED = date(1970, 1, 1)
NEWEST = (Opportunity.stage_since.desc(), Opportunity.id.desc())


class CardRow(NamedTuple):
    """What the board shows of a deal. Ids are texts: a board has hundreds, and nobody calculates with them."""

    id: str
    name: str
    amount: Decimal
    currency: str
    expected_close: date | None
    status: str
    stage_id: str
    stage_since: datetime
    last_activity_at: datetime
    version: int
    customer: str | None
    owner_name: str | None
    owner_user_id: UUID | None
    owner_photo: str | None
    movable: bool | None


@dataclass(frozen=True, slots=True)
class Column:
    """A stage with its first cards; `count` and `amount` are of all its deals the member may see."""

    stage: StageView
    cards: list[CardRow] = field(default_factory=list)
    count: int = 0
    amount: Decimal = Decimal(0)

    @property
    def weighted(self) -> Decimal:
        """The amount times the stage's chance."""
        return weighted(self.amount, self.stage.probability)

    @property
    def more(self) -> bool:
        """Whether there are more deals than cards."""
        return self.count > len(self.cards)


@dataclass(frozen=True, slots=True)
class Board:
    """All columns of a pipeline and the forecast on its head, in the workspace's currency."""

    columns: list[Column]
    forecast: list[ForecastMonth]


def board(
    member: CurrentMember,
    *,
    currency: str,
    today: date,
    pipeline_id: UUID | None = None,
    owner_id: UUID | None = None,
) -> Board:
    """Return the board: three statements, whatever the number of deals."""
    columns = stages(member, pipeline_id=pipeline_id)
    cards = _cards(member, [stage.id for stage in columns], owner_id)
    sums = totals(member, columns[0].pipeline_id, currency=currency, owner_id=owner_id)
    return Board(_columns(columns, cards, sums), forecast(sums, first=today))


def heads(
    member: CurrentMember,
    shown: Sequence[StageView],
    *,
    currency: str,
    today: date,
    owner_id: UUID | None = None,
) -> Board:
    """Return some columns without their cards, and the forecast: what a move changes of the rest of a board."""
    sums = totals(member, shown[0].pipeline_id, currency=currency, owner_id=owner_id)
    return Board(_columns(shown, [], sums), forecast(sums, first=today))


def _columns(shown: Sequence[StageView], cards: Sequence[CardRow], sums: Sequence[Sum]) -> list[Column]:
    by_stage: dict[str, list[CardRow]] = {str(stage.id): [] for stage in shown}
    for card in cards:
        by_stage[card.stage_id].append(card)
    held: dict[object, tuple[int, Decimal]] = {}
    for entry in sums:
        count, amount = held.get(entry.stage_id, (0, Decimal(0)))
        held[entry.stage_id] = (count + entry.count, amount + entry.amount)
    return [Column(stage, by_stage[str(stage.id)], *held.get(stage.id, (0, Decimal(0)))) for stage in shown]


_ASKED_CONTACT = case((Company.id.is_(None), Opportunity.contact_id))
"""The contact whose name a card tells: of a deal whose company is told nobody asks who may see the contact."""


def _all_cards(member: CurrentMember) -> AnySelect:
    return _cards_for(reader(member, *NAMES))


@lru_cache(READERS)
def _cards_for(asking: Reader) -> AnySelect:
    """Return the query of the fields of CardRow but the last, without a WHERE for the member yet."""
    return (
        select(
            cast(Opportunity.id, Text).label("id"), Opportunity.name, Opportunity.amount, Opportunity.currency,
            Opportunity.expected_close, Opportunity.status, cast(Opportunity.stage_id, Text).label("stage_id"),
            Opportunity.stage_since, Opportunity.last_activity_at, Opportunity.version,
            func.coalesce(Company.name, Contact.name), Member.name,
            case((Member.photo_digest.is_not(None), Member.user_id)), Member.photo_digest,
        )
        .select_from(Opportunity)
        .outerjoin(Company, seen(Company, Opportunity.company_id, asking.member))
        .outerjoin(Contact, seen(Contact, _ASKED_CONTACT, asking.member))
        .outerjoin(Member, Member.id == Opportunity.owner_id)
        .where(Opportunity.deleted_at.is_(None))
        .order_by(*NEWEST)
    )  # fmt: skip


def answered_for(member: CurrentMember) -> ColumnElement[bool]:
    """Return the clause for the deals on a member's board: those whose owners they answer for by their scope.

    A deal that is only shared with them is in their list: the kept totals know owners and no shares, and a forecast is
    of what one answers for.
    """
    return within_reach(Opportunity.owner_id, member, "opportunity:read")


def _answered_for(member: CurrentMember, owner_id: UUID | None) -> list[ColumnElement[bool]]:
    """Return the clauses for a board, or one owner's part of it: what one answers for one sees, so no more is asked."""
    return [answered_for(member)] + ([Opportunity.owner_id == owner_id] if owner_id else [])


def _fetch(query: AnySelect | Kept) -> list[CardRow]:
    return [CardRow._make(row) for row in fetch(query)]


def _movable(member: CurrentMember) -> ColumnElement[bool]:
    """Return whether the member may change a deal they see: seeing follows the customer, changing does not."""
    return func.coalesce(visible(Opportunity, member, "update"), false())


def _cards(member: CurrentMember, stage_ids: list[UUID], owner_id: UUID | None) -> list[CardRow]:
    """Return the first cards of several columns, the newest first."""
    return _fetch(_first_cards(reader(member, *SEEN, "opportunity:update"), tuple(stage_ids), owner_id))


@kept_queries(READERS)
def _first_cards(asking: Reader, stage_ids: tuple[UUID, ...], owner_id: UUID | None) -> AnySelect:
    member = asking.member
    ids = select(Opportunity.id).where(Opportunity.deleted_at.is_(None), Opportunity.stage_id == Stage.id)
    first = ids.where(*_answered_for(member, owner_id)).order_by(*NEWEST).limit(at_most(FIRST))
    few = first.correlate(Stage).lateral("few")
    shown = select(few.c.id).select_from(Stage).join(few, true()).where(Stage.id.in_(stage_ids))
    return _all_cards(member).add_columns(_movable(member)).where(Opportunity.id.in_(shown))


def more_cards(
    member: CurrentMember, stage_id: UUID, *, after: Sequence[Any] | None, owner_id: UUID | None = None
) -> Page[CardRow]:
    """Return the next cards of one column, after (stage_since, id) of the last one shown."""
    query = _all_cards(member).where(Opportunity.stage_id == stage_id, *_answered_for(member, owner_id))
    if after is not None:
        query = query.where(tuple_(Opportunity.stage_since, Opportunity.id) < tuple_(*after))
    return cut(_fetch(query.add_columns(_movable(member)).limit(at_most(CARDS + 1))), CARDS, "stage_since")


def totals(member: CurrentMember, pipeline_id: UUID, *, currency: str, owner_id: UUID | None = None) -> list[Sum]:
    """Return count and amount per stage and month of the deals the member may see, from the kept sums.

    Months of closed deals are told or not, as it comes: nobody asks for them.
    """
    member.require("opportunity:read")
    asking, kept = reader(member, "opportunity:read"), OpportunityTotal if lacks_tables(current_tenant()) else OwnerSum
    query = _sums_for(asking) if _of_everybody(member, owner_id) else _totals_for(asking, owner_id, kept)
    return [
        Sum(stage_id, None if month == UNDATED else month, int(deals), amount, chance, kind == "open")
        for stage_id, month, deals, amount, chance, kind in fetch(
            query, {"pipeline": pipeline_id, "in_currency": currency}
        )
    ]


def _of_everybody(member: CurrentMember, owner_id: UUID | None) -> bool:
    """Whether it is the sum of all deals that is asked for, which is kept by itself since this release."""
    all_of_them = member.scope("opportunity:read") == "all" and not member.walls
    return all_of_them and owner_id is None and not lacks_tables(current_tenant())


@kept_queries(READERS)
def _sums_for(_asking: Reader) -> AnySelect:
    """Return the query of the sums of all owners; the reader counts for the fields that are veiled."""
    return _summed(OpportunitySum).having(func.sum(OpportunitySum.count) > 0)


@kept_queries(READERS)
def _totals_for(asking: Reader, owner_id: UUID | None, kept: type[OpportunityTotal] | type[OwnerSum]) -> AnySelect:
    query = _summed(kept).where(kept.count > 0, within_reach(kept.owner_id, asking.member, "opportunity:read"))
    return query if owner_id is None else query.where(kept.owner_id == owner_id)


def _summed(kept: type[OpportunitySum] | type[OpportunityTotal] | type[OwnerSum]) -> AnySelect:
    """Return the query that adds up a pipeline's kept rows by stage and month, whoever owns them."""
    return (
        select(kept.stage_id, kept.month, func.sum(kept.count), func.sum(kept.amount), Stage.probability, Stage.kind)
        .join(Stage, Stage.id == kept.stage_id)
        .where(Stage.pipeline_id == bindparam("pipeline"), kept.currency == bindparam("in_currency"))
        .group_by(kept.stage_id, kept.month, Stage.probability, Stage.kind)
    )
