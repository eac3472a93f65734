"""The workspace itself: what it is called, and how it counts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Response, g, request

from mobile_api.agreeing import check_if_match
from mobile_api.me import WorkspaceRead, workspace_of
from mobile_api.records import shown
from mobile_api.registry import api
from mobile_api.shapes import Fields
from saas_crm.access import workspace
from saas_crm.access.workspace import registered
from saas_crm.access.workspace_schemas import WorkspaceFields, WorkspaceWrite
from saas_crm.core.forms import given, parse, patch_of
from saas_crm.edge.current import current_member, directory
from saas_crm.edge.declared import requires
from saas_crm.opportunities.queries import any_opportunity
from tenants.one_at_a_time import let_go

WorkspacePatch = patch_of(WorkspaceFields, "WorkspacePatch")


@api.operation("GET", "/workspace", tag="workspace", responses={200: WorkspaceRead}, etag=True)
@requires("workspace:read")
def show_workspace() -> Response:
    """Show the workspace."""
    let_go(keep=True)
    return shown(_present())


@api.operation(
    "PATCH", "/workspace", tag="workspace", request_model=WorkspacePatch, responses={200: WorkspaceRead}, etag=True,
    if_match=True, idempotent=True,
)  # fmt: skip
@requires("workspace:update")
def change_workspace(body: WorkspaceFields) -> Response:
    """Change the workspace. The currency stays once there are deals."""
    changes = given(body)
    has_deals = "currency" in changes and any_opportunity()
    let_go(keep="Idempotency-Key" not in request.headers)  # a key is held, and waits for the whole
    if not changes:
        present = _present()
        check_if_match(present)
        return shown(present)
    found: Fields = {}

    def agreed(former: Mapping[str, Any]) -> None:
        """Judge with what another one changed until now."""
        found.update(workspace_of(current_member()), **former)
        check_if_match(found)
        whole = {name: found[name] for name in WorkspaceFields.model_fields}
        parse(WorkspaceWrite, whole | changes)

    workspace.change_workspace(
        changes, actor=current_member(), tenant=g.tenant, directory=directory(), has_deals=has_deals, agreed=agreed
    )
    return shown({**found, **changes})


def _present() -> Fields:
    """Return the workspace as the registry has it now; what a process remembers may be seconds old."""
    return {**workspace_of(current_member()), **registered(g.tenant)}
