"""Closing deals, won or lost, with a reason; and opening them again."""

from __future__ import annotations

from sqlalchemy import select

from saas_crm.access.ownership import check_may, check_version
from saas_crm.access.permissions import CurrentMember
from saas_crm.core.clock import now
from saas_crm.core.errors import InvalidInput
from saas_crm.core.i18n import gettext as _
from saas_crm.opportunities.actions import place
from saas_crm.opportunities.models import Opportunity, Stage, StageChange
from saas_crm.opportunities.pipelines import closing_stage, get_stage, stages
from saas_crm.opportunities.rules import CLOSE_REASONS
from saas_crm.opportunities.schemas import Closure
from tenants.db import db


def close(deal: Opportunity, closure: Closure, *, actor: CurrentMember, version: int | None = None) -> Opportunity:
    """Win or lose a deal; a lost one needs a reason. Closing again changes outcome, reason and note.

    Raises Forbidden, InvalidInput, VersionConflict.
    """
    check_may(deal, "update", actor)
    check_version(deal, version)
    _check_reason(closure)
    stage = closing_stage(deal.pipeline_id, closure.outcome) if deal.status != closure.outcome else None
    deal.close_reason, deal.close_note = closure.reason, closure.note
    if stage is not None:
        deal.closed_at = now()
        place(deal, stage, closure.outcome, actor)
    db.session.flush()
    return deal


def reopen(deal: Opportunity, *, actor: CurrentMember) -> Opportunity:
    """Open a closed deal again, in the stage it was closed from; an open one stays as it is.

    Where that stage is not in use any more, it is the last open one of the pipeline.
    """
    check_may(deal, "update", actor)
    if deal.status != "open":
        place(deal, _stage_before(deal) or _last_open_stage(deal, actor), "open", actor)
    return deal


def _stage_before(deal: Opportunity) -> Stage | None:
    query = (
        select(Stage)
        .join(StageChange, StageChange.from_stage_id == Stage.id)
        .where(
            StageChange.opportunity_id == deal.id, Stage.kind == "open", Stage.archived_at.is_(None),
            Stage.deleted_at.is_(None),
        )
        .order_by(StageChange.at.desc(), StageChange.id.desc())
        .limit(1)
        .with_for_update(of=Stage, read=True, key_share=True)
    )  # fmt: skip
    return db.session.scalar(query)


def _last_open_stage(deal: Opportunity, actor: CurrentMember) -> Stage:
    last = [stage.id for stage in stages(actor, pipeline_id=deal.pipeline_id) if stage.kind == "open"][-1]
    return get_stage(last, member=actor, keep=True)


def _check_reason(closure: Closure) -> None:
    if closure.outcome == "lost" and not closure.reason:
        raise InvalidInput({"reason": _("Say why: it is what the next deal learns from.")}, {"reason": "missing"})
    if closure.reason and closure.reason not in CLOSE_REASONS[closure.outcome]:
        raise InvalidInput({"reason": _("Choose one of the values offered.")}, {"reason": "enum"})
