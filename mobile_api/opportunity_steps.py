"""Where an opportunity stands, and how it ended: what is no plain change is a thing of its own."""

from __future__ import annotations

from uuid import UUID

from flask import Response

from mobile_api.opportunities import current_deal
from mobile_api.opportunity_shape import shown_deal
from mobile_api.records import agreed_version, shown
from mobile_api.registry import api
from saas_crm.access.ownership import check_version
from saas_crm.edge.current import current_member
from saas_crm.edge.declared import requires
from saas_crm.opportunities import actions, closing
from saas_crm.opportunities.records import load
from saas_crm.opportunities.schemas import Closure, OpportunityRead, StageMove


@api.operation(
    "PUT", "/opportunities/<uuid:opportunity_id>/stage", tag="opportunities", request_model=StageMove,
    responses={200: OpportunityRead}, etag=True, if_match=True, idempotent=True,
)  # fmt: skip
@requires("opportunity:update")
def move_opportunity(opportunity_id: UUID, body: StageMove) -> Response:
    """Move an opportunity to another open stage.

    A closed one is opened again. To win or lose one, close it.
    """
    loaded = load(opportunity_id, member=current_member(), stage_id=body.stage_id)
    version = agreed_version(loaded.deal, lambda: current_deal(opportunity_id))
    actions.move_to_stage(loaded.deal, body, actor=current_member(), version=version, stage=loaded.stage)
    return shown(shown_deal(loaded))


@api.operation(
    "PUT", "/opportunities/<uuid:opportunity_id>/closure", tag="opportunities", request_model=Closure,
    responses={200: OpportunityRead}, etag=True, if_match=True, idempotent=True,
)  # fmt: skip
@requires("opportunity:update")
def close_opportunity(opportunity_id: UUID, body: Closure) -> Response:
    """Win or lose an opportunity.

    A lost one needs a reason. Closing again changes outcome, reason and note.
    """
    loaded = load(opportunity_id, member=current_member())
    version = agreed_version(loaded.deal, lambda: current_deal(opportunity_id))
    closing.close(loaded.deal, body, actor=current_member(), version=version)
    return shown(shown_deal(loaded))


@api.operation(
    "DELETE", "/opportunities/<uuid:opportunity_id>/closure", tag="opportunities", responses={200: OpportunityRead},
    etag=True, if_match=True, idempotent=True,
)  # fmt: skip
@requires("opportunity:update")
def reopen_opportunity(opportunity_id: UUID) -> Response:
    """Open a closed opportunity again, in the stage it was closed from."""
    loaded = load(opportunity_id, member=current_member())
    check_version(loaded.deal, agreed_version(loaded.deal, lambda: current_deal(opportunity_id)))
    closing.reopen(loaded.deal, actor=current_member())
    return shown(shown_deal(loaded))
