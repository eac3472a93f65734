"""The workspace itself: what it is called, and how it counts."""

from __future__ import annotations

from flask import Response, g

from mobile_api.agreeing import check_if_match
from mobile_api.me import WorkspaceRead, workspace_of
from mobile_api.records import shown
from mobile_api.registry import api
from mobile_api.shapes import Fields
from saas_crm.access.workspace import DECIDED, held_decisions, registered, told, update_workspace
from saas_crm.access.workspace_schemas import WorkspaceFields, WorkspaceWrite
from saas_crm.core.forms import given, parse, patch_of
from saas_crm.edge.current import current_member, directory
from saas_crm.edge.declared import requires
from saas_crm.opportunities.queries import any_opportunity
from tenants.one_at_a_time import let_go
from tenants.versions import lacks_tables

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
    held = held_decisions()  # what another one changes at this moment is seen, and not written back
    present = _present() if held is None else {**_present(), **told(held)}
    check_if_match(present)
    changes = given(body)
    if not changes:
        return shown(present)
    fields = {name: present[name] for name in WorkspaceFields.model_fields} | changes
    kept = DECIDED if lacks_tables(g.tenant) else ()
    data = parse(WorkspaceWrite, {name: value for name, value in fields.items() if name not in kept})
    update_workspace(
        data, actor=current_member(), tenant=g.tenant, directory=directory(),
        has_deals=fields["currency"] != present["currency"] and any_opportunity(), said=changes, held=held,
        present=present,
    )  # fmt: skip
    return shown({**present, **data.model_dump(include={*changes})})


def _present() -> Fields:
    """Return the workspace as the registry has it now; what a process remembers may be seconds old."""
    return {**workspace_of(current_member()), **registered(g.tenant)}
