"""Taking a stage out of use, and into use again."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from saas_crm.access.permissions import CurrentMember
from saas_crm.core.clock import now
from saas_crm.core.errors import InvalidInput, NotFound
from saas_crm.core.i18n import gettext as _
from saas_crm.opportunities.models import Opportunity, Pipeline, Stage
from saas_crm.opportunities.pipelines import renumber, stages_in_use
from tenants.db import db


def archive_stage(stage: Stage, *, actor: CurrentMember, archived: bool = True) -> None:
    """Take a stage out of use, or into use again as the last open one; with deals in it, or alone, it stays."""
    actor.require("pipeline:update")
    _hold(stage)
    if archived == (stage.archived_at is not None):
        return
    living, has_deals = _in_use_beside(stage)
    if archived:
        _check_archivable(stage, living, has_deals)
    stage.archived_at = now() if archived else None
    others = [other for other in living if other is not stage]
    place = sum(other.kind == "open" for other in others)
    renumber([*others[:place], *([] if archived else [stage]), *others[place:]])


def _hold(stage: Stage) -> None:
    """Keep others from changing the stages of its pipeline and from moving deals into it; load it as it is now.

    Raises NotFound.
    """
    query = select(Stage).join(Pipeline, Pipeline.id == Stage.pipeline_id)
    query = query.where(Stage.id == stage.id, Stage.deleted_at.is_(None), Pipeline.deleted_at.is_(None))
    held = query.with_for_update(of=[Pipeline, Stage]).execution_options(populate_existing=True)
    if db.session.scalar(held) is None:
        raise NotFound


def _in_use_beside(stage: Stage) -> tuple[list[Stage], bool]:
    """Return the stages in use of its pipeline in order, and whether there are deals in this one."""
    deals = select(Opportunity.id).where(Opportunity.stage_id == stage.id, Opportunity.deleted_at.is_(None))
    rows = db.session.execute(stages_in_use(stage.pipeline_id).add_columns(deals.exists())).all()
    return [row[0] for row in rows], any(row[1] for row in rows)


def _check_archivable(stage: Stage, living: Sequence[Stage], has_deals: bool) -> None:
    if stage.kind != "open":
        raise InvalidInput({"": _("Won and lost are always needed.")})
    if sum(other.kind == "open" for other in living) <= 1:
        raise InvalidInput({"": _("A pipeline needs at least one open stage.")})
    if has_deals:
        raise InvalidInput({"": _("There are deals in this stage. Move them first.")})
