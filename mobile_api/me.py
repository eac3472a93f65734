"""Who the token speaks for."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from flask import Response, g
from pydantic import BaseModel, Field

from mobile_api.agreeing import check_if_match
from mobile_api.records import shown
from mobile_api.registry import api
from mobile_api.shapes import Fields
from saas_crm.access.field_rules import FieldRule
from saas_crm.access.permissions import CurrentMember, Scope
from saas_crm.access.profile import update_own_profile
from saas_crm.access.role_rules import known
from saas_crm.access.role_schemas import STORED_NAME
from saas_crm.access.role_words import meaning
from saas_crm.access.schemas import Locale, ProfileWrite
from saas_crm.core.forms import given, patch_of
from saas_crm.edge.current import current_member
from saas_crm.edge.declared import members_only, without_seat

MePatch = patch_of(ProfileWrite, "MePatch")


class WorkspaceRead(BaseModel):
    """The workspace: its language, the country, currency and time zone it counts in, its year, its languages."""

    id: UUID
    slug: str
    name: str
    locale: Locale
    country: str
    currency: str
    timezone: str
    fiscal_month: int = Field(description="The month a financial year begins in, 1 to 12.", ge=1, le=12)
    languages: list[Locale] = Field(description="Those its members may choose.")


class MeRead(BaseModel):
    """The member who asks, and what they may do."""

    id: UUID
    name: str
    email: str
    locale: Locale
    timezone: str
    role_key: str | None = Field(description="Which built-in role it is, if any.")
    role_name: str = Field(description=STORED_NAME)
    team_id: UUID | None
    permissions: dict[str, Scope] = Field(
        description="`resource:action` → how far it reaches.", examples=[{"company:read": "team"}]
    )
    seat: bool = Field(
        description="Whether they have one of the plan's seats; without one they read as before, and changes are "
        "refused (403 `no-seat`). `GET /seats` tells of all."
    )
    token_id: UUID = Field(description="The token that asks.")
    workspace: WorkspaceRead


class PermissionRead(BaseModel):
    """One thing the member may do."""

    resource: str = Field(examples=["company"])
    action: str = Field(examples=["read"])
    scope: Scope
    meaning: str = Field(description="In the member's language.", examples=["Companies: See – Own team"])


class FieldRuleRead(BaseModel):
    """What the member's role takes away of a field."""

    resource: str = Field(examples=["contact"])
    field: str = Field(description="`address` is street, postcode, city, region and country.", examples=["phone"])
    rule: FieldRule = Field(description="Read-only, shown in part, or hidden: then it is empty or null.")


class PermissionsRead(BaseModel):
    """Everything the member may do, and what their role takes away of single fields."""

    items: list[PermissionRead]
    fields: list[FieldRuleRead]


@api.operation("GET", "/me/permissions", tag="me", responses={200: PermissionsRead}, etag=True)
@members_only
def show_my_permissions() -> Response:
    """Show what the member may do, how far it reaches, and what that means."""
    mine = known(current_member().permissions)
    items = [
        {**dict(zip(("resource", "action"), permission.split(":"), strict=True)), "scope": scope,
         "meaning": meaning(permission, scope)}
        for permission, scope in mine.items()
    ]  # fmt: skip
    closed = [
        {**dict(zip(("resource", "field"), key.split("."), strict=True)), "rule": rule}
        for key, rule in current_member().fields.items()
    ]
    return shown({"items": items, "fields": closed})


@api.operation("GET", "/me", tag="me", responses={200: MeRead}, etag=True)
@members_only
def show_me() -> Response:
    """Show who asks."""
    return shown(_me(current_member()))


@api.operation(
    "PATCH", "/me", tag="me", request_model=MePatch, responses={200: MeRead}, etag=True, if_match=True, idempotent=True
)
@members_only
@without_seat
def change_me(body: ProfileWrite) -> Response:
    """Change one's own name, language or time zone, in all workspaces."""
    member = current_member()
    me = _me(member)
    check_if_match(me)
    changes = given(body)
    if changes:
        update_own_profile(member, **changes)
        changed = replace(member, **changes)
        member = replace(changed, locale=member.ways.speaks(changed.locale, g.tenant.locale))
    return shown(_me(member))


def _me(member: CurrentMember) -> Fields:
    return {
        "id": member.id, "name": member.name, "email": member.email, "locale": member.locale,
        "timezone": member.timezone, "role_key": member.role_key, "role_name": member.role_name,
        "team_id": member.team_id, "permissions": known(member.permissions), "seat": member.seated,
        "token_id": g.token_id,
        "workspace": workspace_of(member),
    }  # fmt: skip


def workspace_of(member: CurrentMember) -> Fields:
    """Return what is shown of the workspace that a member works in."""
    tenant, ways = g.tenant, member.ways
    return {
        "id": tenant.id, "slug": tenant.slug, "name": tenant.name, "locale": tenant.locale, "country": tenant.country,
        "currency": tenant.currency, "timezone": tenant.timezone, "fiscal_month": ways.fiscal_month,
        "languages": list(ways.languages),
    }  # fmt: skip
