"""The board: the first cards of each column in one statement, sums and forecast from the totals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, true

from saas_crm.access.permissions import CurrentMember
from saas_crm.access.visibility import owned_within
from saas_crm.opportunities.models import Opportunity, OpportunityTotal, Stage
from saas_crm.opportunities.pipelines import StageView, stages
from saas_crm.opportunities.queries import DealFilter, narrow, rows
from saas_crm.opportunities.rules import ForecastMonth, Sum, forecast, weighted
from tenants.db import AnyRow, db

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
    sums = totals(member, columns, currency=currency, owner_id=owner_id)
    return Board(
        [_column(stage, cards, sums) for stage in columns],
        forecast((entry for entry in sums if 0 < entry.probability < 100), first=today),
    )


def _column(stage: StageView, cards: Sequence[AnyRow], sums: Sequence[Sum]) -> Column:
    mine = [entry for entry in sums if entry.stage_id == stage.id]
    return Column(
        stage,
        [card for card in cards if card.stage_id == stage.id],
        sum(entry.count for entry in mine),
        sum((entry.amount for entry in mine), Decimal(0)),
    )


def _cards(member: CurrentMember, stage_ids: list[UUID], owner_id: UUID | None) -> Sequence[AnyRow]:
    first = (
        narrow(rows(), member, DealFilter(owner_id=owner_id))
        .where(Opportunity.stage_id == Stage.id)
        .order_by(Opportunity.stage_since.desc(), Opportunity.id.desc())
        .limit(CARDS)
        .correlate(Stage)
    )
    cards = first.lateral("cards")
    query = select(*cards.c).select_from(Stage).join(cards, true()).where(Stage.id.in_(stage_ids))
    return db.session.execute(query).all()


def totals(
    member: CurrentMember, columns: Sequence[StageView], *, currency: str, owner_id: UUID | None = None
) -> list[Sum]:
    """Return count and amount per stage and month of the deals the member may see, from the kept totals."""
    scope = member.require("opportunity:read")
    chance = {stage.id: stage.probability for stage in columns}
    query = (
        select(
            OpportunityTotal.stage_id, OpportunityTotal.month, func.sum(OpportunityTotal.count).label("deals"),
            func.sum(OpportunityTotal.amount).label("amount"),
        )
        .where(
            OpportunityTotal.stage_id.in_(list(chance)), OpportunityTotal.currency == currency,
            owned_within(OpportunityTotal.owner_id, member, scope), OpportunityTotal.count > 0,
        )
        .group_by(OpportunityTotal.stage_id, OpportunityTotal.month)
    )  # fmt: skip
    if owner_id is not None:
        query = query.where(OpportunityTotal.owner_id == owner_id)
    return [
        Sum(r.stage_id, None if r.month == UNDATED else r.month, int(r.deals), r.amount, chance[r.stage_id])
        for r in db.session.execute(query)
    ]


def more_cards(
    member: CurrentMember, stage_id: UUID, *, after: Sequence[Any], owner_id: UUID | None = None
) -> Sequence[AnyRow]:
    """Return the next cards of one column, after (stage_since, id) of the last one shown."""
    query = narrow(rows(), member, DealFilter(owner_id=owner_id, stage_id=stage_id)).where(
        (Opportunity.stage_since < after[0])
        | ((Opportunity.stage_since == after[0]) & (Opportunity.id < after[1]))
    )
    ordered = query.order_by(Opportunity.stage_since.desc(), Opportunity.id.desc()).limit(CARDS)
    return db.session.execute(ordered).all()
