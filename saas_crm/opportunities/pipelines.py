"""Pipelines and stages: made at founding, read by every page of deals, edited by admins."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, case, func, select, update
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import set_committed_value

from saas_crm.access.founding import WorkspaceFounded
from saas_crm.access.ownership import check_version
from saas_crm.access.permissions import CurrentMember
from saas_crm.core.audit import record_act
from saas_crm.core.errors import InvalidInput, NotFound
from saas_crm.core.i18n import gettext as _
from saas_crm.opportunities.models import Pipeline, Stage
from saas_crm.opportunities.rules import DEFAULT_PIPELINE_NAMES, DEFAULT_STAGES, name_in
from saas_crm.opportunities.schemas import PipelineWrite, StageWrite
from tenants.db import AnySelect, db, fetch
from tenants.kept import kept_queries


@dataclass(frozen=True, slots=True)
class StageView:
    """A stage as pages show it, with its name in the reader's language."""

    id: UUID
    pipeline_id: UUID
    name: str
    kind: str
    position: int
    probability: int
    archived: bool


def view_of(stage: Stage, member: CurrentMember) -> StageView:
    """Return a stage as pages show it to this member."""
    name = name_in(stage.name, stage.names, member.locale)
    archived = stage.archived_at is not None
    return StageView(stage.id, stage.pipeline_id, name, stage.kind, stage.position, stage.probability, archived)


def furnish(founded: WorkspaceFounded) -> None:
    """Give a new workspace its first pipeline."""
    make_default(founded.session, founded.tenant.locale)


def make_default(session: Session, locale: str) -> Pipeline:
    """Make the default pipeline, named in the workspace's language, with the other languages beside it."""
    pipeline = Pipeline(
        name=name_in("Sales", DEFAULT_PIPELINE_NAMES, locale), names=dict(DEFAULT_PIPELINE_NAMES), position=0
    )
    session.add(pipeline)
    session.flush()
    for position, plan in enumerate(DEFAULT_STAGES):
        name = name_in(plan.names["en"], plan.names, locale)
        session.add(Stage(
            pipeline_id=pipeline.id, name=name, names=dict(plan.names), kind=plan.kind, position=position,
            probability=plan.probability,
        ))  # fmt: skip
    session.flush()
    return pipeline


def stages(member: CurrentMember, *, pipeline_id: UUID | None = None, archived: bool = False) -> list[StageView]:
    """Return the stages of a pipeline (default: the first) in order; raises NotFound for none."""
    member.require("pipeline:read")
    rows = fetch(_stages_of(pipeline_id is not None), {"pipeline": pipeline_id}).all()
    if not rows:
        raise NotFound
    return [
        StageView(r.id, r.pipeline_id, name_in(r.name, r.names, member.locale), r.kind, r.position, r.probability,
                  r.archived_at is not None)
        for r in rows if archived or r.archived_at is None
    ]  # fmt: skip


@kept_queries(2)
def _stages_of(one: bool) -> AnySelect:
    """Return the query of the stages of one pipeline, or of the first; made once, because every page needs it."""
    first = select(Pipeline.id).where(Pipeline.deleted_at.is_(None)).order_by(Pipeline.position, Pipeline.id).limit(1)
    wanted = bindparam("pipeline") if one else first.scalar_subquery()
    return (
        select(Stage.id, Stage.pipeline_id, Stage.name, Stage.names, Stage.kind, Stage.position, Stage.probability,
               Stage.archived_at)
        .where(Stage.pipeline_id == wanted, Stage.deleted_at.is_(None))
        .order_by(Stage.position, Stage.id)
    )  # fmt: skip


def pipelines(member: CurrentMember) -> Sequence[Pipeline]:
    """Return the pipelines in order."""
    member.require("pipeline:read")
    query = select(Pipeline).where(Pipeline.deleted_at.is_(None)).order_by(Pipeline.position, Pipeline.id)
    return db.session.scalars(query).all()


def get_pipeline(pipeline_id: UUID, *, member: CurrentMember, hold: bool = False) -> Pipeline:
    """Return a living pipeline; `hold` keeps everybody else from changing its stages. Raises NotFound."""
    member.require("pipeline:read")
    query = select(Pipeline).where(Pipeline.id == pipeline_id, Pipeline.deleted_at.is_(None))
    found = db.session.scalar(query.with_for_update() if hold else query)
    if found is None:
        raise NotFound
    return found


def get_stage(stage_id: UUID, *, member: CurrentMember, keep: bool = False) -> Stage:
    """Return a stage, archived or not; raises NotFound.

    `keep` holds it as it is until the transaction ends, so that nobody archives it while a deal moves in. It is
    the lock that the foreign key takes anyway, only earlier.
    """
    member.require("pipeline:read")
    found = db.session.scalar(_HELD_STAGE if keep else _STAGE, {"stage_id": stage_id})
    if found is None:
        raise NotFound
    return found


_STAGE = select(Stage).where(Stage.id == bindparam("stage_id"), Stage.deleted_at.is_(None))
_HELD_STAGE = _STAGE.with_for_update(read=True, key_share=True).execution_options(populate_existing=True)


def rename_pipeline(
    pipeline: Pipeline, data: PipelineWrite, *, actor: CurrentMember, version: int | None = None
) -> None:
    """Rename a pipeline."""
    actor.require("pipeline:update")
    check_version(pipeline, version)
    pipeline.name, pipeline.names = data.name, _names(data.names, data.name, pipeline.names, pipeline.name)
    db.session.flush()


def add_stage(pipeline: Pipeline, data: StageWrite, *, actor: CurrentMember) -> Stage:
    """Add an open stage after the last open one, to a pipeline that was loaded to be held."""
    actor.require("pipeline:update")
    living = _in_use(pipeline.id)
    if len(living) >= 30:
        raise InvalidInput({"": _("A pipeline has at most 30 stages.")})
    place = sum(stage.kind == "open" for stage in living)
    stage = Stage(
        pipeline_id=pipeline.id, name=data.name, names=_names(data.names, data.name, {}, ""),
        probability=data.probability, position=place,
    )  # fmt: skip
    db.session.add(stage)
    renumber([*living[:place], stage, *living[place:]])
    return stage


def change_stage(stage: Stage, data: StageWrite, *, actor: CurrentMember, version: int | None = None) -> Stage:
    """Rename a stage and set its probability; won stays at 100 and lost at 0."""
    actor.require("pipeline:update")
    check_version(stage, version)
    fixed = {"won": 100, "lost": 0}.get(stage.kind)
    if fixed is not None and data.probability != fixed:
        raise InvalidInput({"probability": _("Won is always 100% and lost 0%.")})
    stage.names = _names(data.names, data.name, stage.names, stage.name)
    stage.name, stage.probability = data.name, data.probability
    db.session.flush()
    return stage


def _names(given: Mapping[Any, str], name: str, former: dict[str, str], former_name: str) -> dict[str, str]:
    """Return names per language: those given; a plain rename drops the former translations, which no longer fit."""
    kept = {} if name != former_name and not given else former
    return {key: value for key, value in {**kept, **given}.items() if value}


def reorder_stages(pipeline: Pipeline, order: Sequence[UUID], *, actor: CurrentMember) -> None:
    """Put the open stages of a pipeline that was loaded to be held into a new order; the closing ones stay last.

    Raises InvalidInput for other ids.
    """
    actor.require("pipeline:update")
    living = _in_use(pipeline.id)
    by_id = {stage.id: stage for stage in living if stage.kind == "open"}
    if set(order) != set(by_id) or len(order) != len(by_id):
        raise InvalidInput({"order": _("The stages have changed meanwhile; look again.")})
    renumber([*(by_id[key] for key in order), *(stage for stage in living if stage.kind != "open")])


def _in_use(pipeline_id: UUID) -> list[Stage]:
    return list(db.session.scalars(stages_in_use(pipeline_id)).all())


def stages_in_use(pipeline_id: UUID) -> AnySelect:
    """Return the query of the stages in use of a pipeline, in order."""
    query = select(Stage).where(
        Stage.pipeline_id == pipeline_id, Stage.archived_at.is_(None), Stage.deleted_at.is_(None)
    )
    return query.order_by(Stage.position, Stage.id)


def renumber(in_order: Sequence[Stage]) -> None:
    """Write the places that change, all in one statement; the pipeline is held, so nobody else does."""
    moved = {stage.id: (stage, place) for place, stage in enumerate(in_order) if stage.position != place}
    if moved:
        places = case({key: place for key, (_stage, place) in moved.items()}, value=Stage.id)
        values = {"position": places, "version": Stage.version + 1, "updated_at": func.now()}
        change = update(Stage).where(Stage.id.in_(moved)).values(**values)
        with db.session.no_autoflush:
            db.session.execute(change.execution_options(synchronize_session=False))
    for stage, place in moved.values():
        record_act(db.session(), "update", "pipeline", stage.id, {"position": [stage.position, place]})
        set_committed_value(stage, "position", place)
        set_committed_value(stage, "version", stage.version + 1)
    db.session.flush()


def first_stage(member: CurrentMember) -> StageView:
    """Return the stage new deals start in."""
    return next(stage for stage in stages(member) if stage.kind == "open")


def closing_stage(pipeline_id: UUID, outcome: str) -> Stage:
    """Return the won or lost stage of a pipeline."""
    query = select(Stage).where(Stage.pipeline_id == pipeline_id, Stage.kind == outcome, Stage.deleted_at.is_(None))
    return db.session.scalars(query.order_by(Stage.position).limit(1)).one()
