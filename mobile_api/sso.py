"""Single sign-on: the workspace's identity provider, and whom it lets in."""

from __future__ import annotations

from uuid import UUID

from flask import Response, g
from pydantic import BaseModel, Field

from mobile_api.agreeing import check_if_match
from mobile_api.records import gone, shown
from mobile_api.registry import api
from mobile_api.shapes import Fields
from saas_crm.access.sso.provider import Provider, decide_sso, provider, remove_provider
from saas_crm.access.sso.schemas import SsoWrite
from saas_crm.core.forms import given, parse, patch_of
from saas_crm.edge.current import current_member, settings
from saas_crm.edge.declared import requires
from saas_crm.edge.domains import workspace_address
from saas_crm.edge.proof import proven
from tenants.address import slug_address

SsoPatch = patch_of(SsoWrite, "SsoPatch")
_SENT = ("issuer", "client_id", "enabled", "mandatory", "domains", "role_id")


class SsoRead(BaseModel):
    """The identity provider (OpenID Connect), without its secret, which is never told again; empty without one."""

    issuer: str = Field(description="Where it is, as it names itself; empty where there is none.")
    client_id: str
    enabled: bool = Field(description="Whether it lets people in.")
    mandatory: bool = Field(description="Whether nobody but owners signs in otherwise. Only owners decide that here.")
    domains: list[str] = Field(description="Whose confirmed address is of these joins without an invitation.")
    role_id: UUID | None = Field(description="The role of who joins so.")
    redirect_uri: str = Field(description="The address that has to be registered there.")
    domain_redirect_uri: str | None = Field(
        description="A second one, of the workspace's own domain; null where it has none."
    )


@api.operation("GET", "/sso", tag="security", responses={200: SsoRead}, etag=True)
@requires("workspace:update")
def show_sso() -> Response:
    """Show what is decided about single sign-on."""
    return shown(_told(provider()))


@api.operation(
    "PATCH", "/sso", tag="security", request_model=SsoPatch, responses={200: SsoRead}, etag=True, if_match=True,
    idempotent=True,
)  # fmt: skip
@requires("workspace:update")
@proven
def change_sso(body: SsoWrite) -> Response:
    """Decide about single sign-on.

    The first time it takes `issuer`, `client_id` and `client_secret`; later the secret stays unless another one is
    sent. What is switched on is asked first whether it is there.
    """
    found = provider()
    present = _told(found)
    check_if_match(present, lambda: _told(provider()))
    data = parse(SsoWrite, {name: present[name] for name in _SENT} | given(body))
    decide_sso(data, actor=current_member(), by_sso=False, version=found.version)
    return shown(_told(provider()))


@api.operation("DELETE", "/sso", tag="security", responses={204: None}, if_match=True, idempotent=True)
@requires("workspace:update")
@proven
def remove_sso() -> Response:
    """Forget the identity provider and its secret; people sign in as before there was one."""
    check_if_match(_told(provider()))
    remove_provider(actor=current_member())
    return gone()


def _told(found: Provider) -> Fields:
    return {
        "issuer": found.issuer, "client_id": found.client_id, "enabled": found.enabled, "mandatory": found.mandatory,
        "domains": list(found.domains), "role_id": found.role_id,
        "redirect_uri": f"{slug_address(g.tenant, settings().base_url)}/sso/callback",
        "domain_redirect_uri": f"{workspace_address()}/sso/callback" if g.tenant.domain else None,
    }  # fmt: skip
