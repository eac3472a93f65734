"""Roles: what they allow, changing them, and what a change would do to whom."""

from __future__ import annotations

from uuid import UUID

from flask import Response
from pydantic import Field

from mobile_api.lists import Listing, listed, listing, start
from mobile_api.openapi import list_of, sparse
from mobile_api.previews import AccessPreview, told
from mobile_api.records import Identified, agreed_version, gone, made, shown, taken_id
from mobile_api.registry import api
from mobile_api.shapes import Fields, Shape
from saas_crm.access import role_deletion
from saas_crm.access import roles as actions
from saas_crm.access.field_rules import rules_in
from saas_crm.access.models import Role
from saas_crm.access.preview import preview_of_role, role_in
from saas_crm.access.role_records import ROLE_ORDERS, role_record, roles
from saas_crm.access.role_rules import effective, known
from saas_crm.access.role_schemas import Granted, RoleRead, RoleWrite, Ruled
from saas_crm.access.world import present_world
from saas_crm.core.forms import Input, patch_of
from saas_crm.edge.current import current_member
from saas_crm.edge.declared import requires
from saas_crm.edge.proof import proven

RolePatch = patch_of(RoleWrite, "RolePatch")


def _as_allowed(record: Fields) -> None:
    """Show permissions and rules for fields apart, and the owner's role with everything."""
    if "permissions" in record:
        record["permissions"] = known(effective(record.pop("which"), record["permissions"]))
    if "fields" in record:
        record["fields"] = rules_in(effective(record.pop("whose"), record["fields"]))


ROLE = Shape(
    RoleRead,
    {name: Role.permissions.label("fields") if name == "fields" else getattr(Role, name)
     for name in RoleRead.model_fields},
    hidden={"permissions": ("which", Role.key.label("which")), "fields": ("whose", Role.key.label("whose"))},
    finish=_as_allowed,
)  # fmt: skip


class NewRole(Identified, RoleWrite):
    """A new role."""


class RoleFilters(Listing):
    """Which roles."""


class RoleDeletion(Input):
    """What the members of the role get instead."""

    replacement_id: UUID | None = Field(
        default=None,
        description="The role that its members and open invitations get, and its place where two-factor sign-in is "
        "asked of certain roles; needed where there are any.",
    )


class WantedPermissions(Input):
    """What the role would allow; as in a change, what is left out stays."""

    permissions: Granted
    fields: Ruled = Field(default_factory=dict)


RoleListing = listing(RoleFilters, RoleRead, ROLE_ORDERS, "name")


@api.operation("GET", "/roles", tag="roles", query_model=RoleListing, responses={200: list_of(sparse(RoleRead))})
@requires("role:read")
def list_roles(query: RoleFilters) -> Response:
    """List roles."""
    names, columns = ROLE.select(query.fields)
    page = roles(
        current_member(), columns=columns, sort=query.sort, after=start(query, "roles", ROLE_ORDERS), limit=query.limit
    )
    return listed(page, names, ROLE, query, "roles")


@api.operation(
    "POST", "/roles", tag="roles", request_model=NewRole, responses={201: RoleRead}, etag=True, idempotent=True
)
@requires("role:create")
@proven
def create_role(body: NewRole) -> Response:
    """Make a role.

    Nobody gives more than they may themselves; and changing, deleting, exporting and sharing reach no further than
    seeing does. What breaks this is refused, with a pointer to the permission.
    """
    role = actions.create_role(body, actor=current_member(), role_id=taken_id(body))
    return made(_of(role), f"roles/{role.id}")


@api.operation("GET", "/roles/<uuid:role_id>", tag="roles", responses={200: RoleRead}, etag=True)
@requires("role:read")
def show_role(role_id: UUID) -> Response:
    """Show a role."""
    return shown(_role(role_id))


@api.operation(
    "PATCH", "/roles/<uuid:role_id>", tag="roles", request_model=RolePatch, responses={200: RoleRead},
    etag=True, if_match=True, idempotent=True,
)  # fmt: skip
@requires("role:update")
@proven
def change_role(role_id: UUID, body: RoleWrite) -> Response:
    """Rename a role or change what it allows; it holds from the next request of each member on.

    The owner's role always has everything and cannot be changed (422). Ask `POST /roles/{role_id}/preview` before
    what it would do.
    """
    role = actions.get_role(role_id)
    version = agreed_version(role, lambda: _role(role_id))
    actions.update_role(role, body, actor=current_member(), version=version)
    return shown(_of(role))


@api.operation(
    "DELETE", "/roles/<uuid:role_id>", tag="roles", query_model=RoleDeletion, responses={204: None}, if_match=True,
    idempotent=True,
)  # fmt: skip
@requires("role:delete")
@proven
def delete_role(role_id: UUID, query: RoleDeletion) -> Response:
    """Delete a role that is not built in; its members and open invitations get another one."""
    role = actions.get_role(role_id, hold=True)
    version = agreed_version(role, lambda: _role(role_id))
    role_deletion.delete_role(role, actor=current_member(), replacement_id=query.replacement_id, version=version)
    return gone()


@api.operation(
    "POST", "/roles/<uuid:role_id>/preview", tag="roles", request_model=WantedPermissions,
    responses={200: AccessPreview}, idempotent=True,
)  # fmt: skip
@requires("role:update")
def preview_role(role_id: UUID, body: WantedPermissions) -> Response:
    """Show who would gain and who would lose how many records, fields and rights by a change; nothing is saved."""
    world, member = present_world(), current_member()
    role = role_in(world, role_id)
    actions.check_changeable(role, member)
    wanted = RoleWrite(name=role.name, permissions=body.permissions, fields=body.fields).granted(role.permissions)
    actions.check_permissions(role, wanted, member)
    return shown(told(preview_of_role(role_id, wanted, world=world)))


def _of(role: Role) -> Fields:
    return ROLE.of(role, which=role.key, whose=role.key, fields=role.permissions)


def _role(role_id: UUID) -> Fields:
    names, columns = ROLE.select()
    return ROLE.shown(names, role_record(role_id, current_member(), columns))
