"""Pipelines with their stages, named in the reader's language."""

from __future__ import annotations

from uuid import UUID

from flask import Response

from mobile_api.lists import Listing, answer_list, cursor_after, listing, start
from mobile_api.openapi import list_of, sparse
from mobile_api.records import shown
from mobile_api.registry import api
from mobile_api.shapes import Fields
from saas_crm.core.errors import NotFound
from saas_crm.edge.current import current_member
from saas_crm.edge.declared import requires
from saas_crm.opportunities.pipeline_records import PIPELINE_ORDERS, PipelineView, pipelines
from saas_crm.opportunities.schemas import PipelineRead, StageRead

PipelineListing = listing(Listing, PipelineRead, PIPELINE_ORDERS, "position")
_STAGE = tuple(StageRead.model_fields)


@api.operation(
    "GET", "/pipelines", tag="pipelines", query_model=PipelineListing, responses={200: list_of(sparse(PipelineRead))}
)
@requires("pipeline:read")
def list_pipelines(query: Listing) -> Response:
    """List pipelines with their stages, archived ones too: a closed deal may stand there."""
    after = start(query, "pipelines", PIPELINE_ORDERS)
    page = pipelines(current_member(), sort=query.sort, after=after, limit=query.limit)
    items = [_pipeline(found, query.fields) for found in page.rows]
    return answer_list(items, cursor_after(page, query, "pipelines"))


@api.operation("GET", "/pipelines/<uuid:pipeline_id>", tag="pipelines", responses={200: PipelineRead}, etag=True)
@requires("pipeline:read")
def show_pipeline(pipeline_id: UUID) -> Response:
    """Show a pipeline with its stages."""
    page = pipelines(current_member(), sort="position", after=None, limit=1, pipeline_id=pipeline_id)
    if not page.rows:
        raise NotFound
    return shown(_pipeline(page.rows[0]))


def _pipeline(found: PipelineView, fields: list[str] | None = None) -> Fields:
    stages = [{name: getattr(stage, name) for name in _STAGE} for stage in found.stages]
    record = {"id": found.id, "name": found.name, "stages": stages}
    return {name: value for name, value in record.items() if not fields or name == "id" or name in fields}
