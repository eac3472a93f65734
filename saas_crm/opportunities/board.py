"""The board: the first cards of each column in one statement, sums and forecast from the totals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, func, select, true, tuple_

from saas_crm.access.permissions import CurrentMember
from saas_crm.access.visibility import owned_within, visible
from saas_crm.core.errors import NotFound
from saas_crm.core.keyset import Page, cut
from saas_crm.opportunities.models import Opportunity, OpportunityTotal, Stage
from saas_crm.opportunities.pipelines import StageView, stages
from saas_crm.opportunities.queries import DealFilter, narrow, rows
from saas_crm.opportunities.rules import ForecastMonth, Sum, forecast, weighted
from tenants.db import AnyRow, AnySelect, db

CARDS = 20
UNDATED = date(1970, 1, 1)


@dataclass(frozen=True, slots=True)
class Column:
    """A stage with its first cards; `count` and `amount` are of all its deals the member may see."""

    stage: StageView
    cards: list[AnyRow] = field(default_factory=list)
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


def _columns(shown: Sequence[StageView], cards: Sequence[AnyRow], sums: Sequence[Sum]) -> list[Column]:
    by_stage: dict[object, list[AnyRow]] = {stage.id: [] for stage in shown}
    for card in cards:
        by_stage[card.stage_id].append(card)
    held: dict[object, tuple[int, Decimal]] = {}
    for entry in sums:
        count, amount = held.get(entry.stage_id, (0, Decimal(0)))
        held[entry.stage_id] = (count + entry.count, amount + entry.amount)
    return [Column(stage, by_stage[stage.id], *held.get(stage.id, (0, Decimal(0)))) for stage in shown]


def _card_rows(member: CurrentMember, wanted: DealFilter) -> AnySelect:
    """Return the query of cards in the order of a column: who came last stands first."""
    query = narrow(rows().add_columns(_movable(member).label("movable")), member, wanted)
    return query.order_by(Opportunity.stage_since.desc(), Opportunity.id.desc())


def _movable(member: CurrentMember) -> ColumnElement[bool]:
    """Return whether the member may change a deal they see; the same scope needs no second look."""
    if member.scope("opportunity:update") == member.scope("opportunity:read"):
        return true()
    return visible(Opportunity, member, "update")


def _cards(member: CurrentMember, stage_ids: list[UUID], owner_id: UUID | None) -> Sequence[AnyRow]:
    first = _card_rows(member, DealFilter(owner_id=owner_id)).where(Opportunity.stage_id == Stage.id)
    cards = first.limit(CARDS).correlate(Stage).lateral("cards")
    query = select(*cards.c).select_from(Stage).join(cards, true()).where(Stage.id.in_(stage_ids))
    return db.session.execute(query.order_by(cards.c.stage_since.desc(), cards.c.id.desc())).all()


def more_cards(
    member: CurrentMember, stage_id: UUID, *, after: Sequence[Any] | None, owner_id: UUID | None = None
) -> Page[AnyRow]:
    """Return the next cards of one column, after (stage_since, id) of the last one shown."""
    query = _card_rows(member, DealFilter(owner_id=owner_id, stage_id=stage_id))
    if after is not None:
        query = query.where(tuple_(Opportunity.stage_since, Opportunity.id) < tuple_(*after))
    return cut(db.session.execute(query.limit(CARDS + 1)).all(), CARDS, "stage_since")


def card(opportunity_id: UUID, member: CurrentMember) -> AnyRow:
    """Return one deal as its card shows it; raises NotFound."""
    query = _card_rows(member, DealFilter()).where(Opportunity.id == opportunity_id)
    found = db.session.execute(query).one_or_none()
    if found is None:
        raise NotFound
    return found


def totals(member: CurrentMember, pipeline_id: UUID, *, currency: str, owner_id: UUID | None = None) -> list[Sum]:
    """Return count and amount per stage and month of the deals the member may see, from the kept totals."""
    scope = member.require("opportunity:read")
    query = (
        select(
            OpportunityTotal.stage_id, OpportunityTotal.month, func.sum(OpportunityTotal.count).label("deals"),
            func.sum(OpportunityTotal.amount).label("amount"), Stage.probability, Stage.kind,
        )
        .join(Stage, Stage.id == OpportunityTotal.stage_id)
        .where(
            Stage.pipeline_id == pipeline_id, OpportunityTotal.currency == currency,
            owned_within(OpportunityTotal.owner_id, member, scope), OpportunityTotal.count > 0,
        )
        .group_by(OpportunityTotal.stage_id, OpportunityTotal.month, Stage.probability, Stage.kind)
    )  # fmt: skip
    if owner_id is not None:
        query = query.where(OpportunityTotal.owner_id == owner_id)
    return [
        Sum(
            r.stage_id, None if r.month == UNDATED else r.month, int(r.deals), r.amount, r.probability, r.kind == "open"
        )
        for r in db.session.execute(query)
    ]
