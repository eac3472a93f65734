"""Pipelines with all their stages, for programs: two statements whatever their number."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import select

from saas_crm.access.permissions import CurrentMember
from saas_crm.core.keyset import CURSOR, Order, Page, choose, cursor_columns, cut, page
from saas_crm.opportunities.models import Pipeline, Stage
from saas_crm.opportunities.pipelines import StageView, view_of
from saas_crm.opportunities.rules import name_in
from tenants.db import db, fetch

PIPELINE_ORDERS = {"position": Order(Pipeline.position)}


@dataclass(frozen=True, slots=True)
class PipelineView:
    """A pipeline and its stages in order, archived ones included, with names in the reader's language."""

    id: UUID
    name: str
    stages: list[StageView]


def pipelines(
    member: CurrentMember, *, sort: str, after: Sequence[Any] | None, limit: int, pipeline_id: UUID | None = None
) -> Page[PipelineView]:
    """Return one page of the pipelines, or the one asked for."""
    member.require("pipeline:read")
    _, order = choose(PIPELINE_ORDERS, sort, "position")
    query = select(Pipeline.id, Pipeline.name, Pipeline.names, *cursor_columns(order, Pipeline.id))
    query = query.where(Pipeline.deleted_at.is_(None))
    if pipeline_id is not None:
        query = query.where(Pipeline.id == pipeline_id)
    found = cut(fetch(page(query, order, Pipeline.id, after=after, limit=limit)).all(), limit, *CURSOR)
    stages = _stages([row.id for row in found.rows], member)
    views = [PipelineView(row.id, name_in(row.name, row.names, member.locale), stages[row.id]) for row in found.rows]
    return Page(views, found.after)


def _stages(pipeline_ids: Sequence[UUID], member: CurrentMember) -> dict[UUID, list[StageView]]:
    query = select(Stage).where(Stage.pipeline_id.in_(pipeline_ids), Stage.deleted_at.is_(None))
    held: dict[UUID, list[StageView]] = defaultdict(list)
    for stage in db.session.scalars(query.order_by(Stage.position, Stage.id)):
        held[stage.pipeline_id].append(view_of(stage, member))
    return held
