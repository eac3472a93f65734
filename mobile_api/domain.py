"""The workspace's own domain."""

from __future__ import annotations

from datetime import datetime
from typing import Literal
from urllib.parse import urlsplit

from flask import Response, g
from pydantic import BaseModel, Field

from mobile_api.agreeing import check_if_match
from mobile_api.records import gone, shown
from mobile_api.registry import api
from mobile_api.shapes import Fields
from saas_crm.edge.checks import look
from saas_crm.edge.current import current_member, directory, settings
from saas_crm.edge.declared import requires
from saas_crm.edge.proof import proven
from saas_crm.workspaces.domains import keeping
from saas_crm.workspaces.domains.keeping import By
from saas_crm.workspaces.domains.rules import Held, State, readable
from saas_crm.workspaces.domains.schemas import DomainWrite
from tenants.address import domain_address, slug_address
from tenants.one_at_a_time import let_go


class DnsRecord(BaseModel):
    """A record to make where the domain is looked after."""

    type: Literal["TXT", "CNAME"]
    name: str = Field(examples=["_crm-challenge.crm.acme.example"])
    value: str = Field(description="For CNAME the host; a domain with nothing before it takes its addresses instead.")


class DomainRead(BaseModel):
    """The domain at which the workspace is served besides its usual address; without one, all but `usual_url` is null.

    `pending`: nobody has shown yet that it is the workspace's. `verified`: it is in use. `lost`: still in use, but the
    TXT record is gone. `ended`: switched off for that.
    """

    domain: str | None = Field(description="As DNS has it, in small letters, IDNA.", examples=["crm.acme.example"])
    readable: str | None = Field(description="In its own letters.")
    state: State | None
    url: str | None = Field(description="The workspace's address there, while it is in use.")
    usual_url: str = Field(description="The address that every workspace has.")
    records: list[DnsRecord] = Field(description="What has to be in DNS, and stay there.")
    verified_at: datetime | None
    checked_at: datetime | None = Field(description="When DNS answered last.")
    ends_at: datetime | None = Field(description="When it is switched off if the TXT record stays away.")


class DomainChecked(DomainRead):
    """The domain after a look at DNS."""

    found: Literal["right", "other", "none", "silent", "taken"] = Field(
        description="The TXT record: there; there with another text; not there; no answer; there, but another "
        "workspace uses the domain."
    )


@api.operation("GET", "/workspace/domain", tag="workspace", responses={200: DomainRead}, etag=True)
@requires("workspace:update")
def show_domain() -> Response:
    """Show the workspace's own domain and the DNS records it takes."""
    let_go(keep=True)
    return shown(_told(keeping.domain_of(g.tenant.id)))


@api.operation(
    "PUT", "/workspace/domain", tag="workspace", request_model=DomainWrite, responses={200: DomainRead}, etag=True,
    if_match=True, idempotent=True,
)  # fmt: skip
@requires("workspace:update")
@proven
def set_domain(body: DomainWrite) -> Response:
    """Say which domain it is to be. It takes the place of the former one at once; it is used once it is checked."""
    check_if_match(_told(keeping.domain_of(g.tenant.id)))
    held = keeping.claim(settings(), g.tenant, body.domain, By.member(current_member(), "api"))
    directory().forget()
    return shown(_told(held))


@api.operation(
    "POST", "/workspace/domain/check", tag="workspace", responses={200: DomainChecked}, idempotent=True,
    problems=(404,),
)  # fmt: skip
@requires("workspace:update")
def check_domain() -> Response:
    """Look whether the TXT record is there now, six times a minute at most; daily it happens by itself."""
    found = look(By.member(current_member(), "api"))
    return shown({**_told(found.held), "found": "taken" if found.taken else found.seen})


@api.operation(
    "DELETE", "/workspace/domain", tag="workspace", responses={204: None}, if_match=True, idempotent=True
)  # fmt: skip
@requires("workspace:update")
@proven
def remove_domain() -> Response:
    """Serve the workspace at its usual address only."""
    check_if_match(_told(keeping.domain_of(g.tenant.id)))
    keeping.give_up(settings(), g.tenant, By.member(current_member(), "api"))
    directory().forget()
    return gone()


def _told(held: Held | None) -> Fields:
    base_url = settings().base_url
    fields: Fields = {
        "domain": None, "readable": None, "state": None, "url": None, "usual_url": slug_address(g.tenant, base_url),
        "records": [], "verified_at": None, "checked_at": None, "ends_at": None,
    }  # fmt: skip
    if held is None:
        return fields
    return fields | {
        "domain": held.domain, "readable": readable(held.domain), "state": held.state,
        "url": domain_address(held.domain, base_url) if held.verified_at else None, "records": _records(held),
        "verified_at": held.verified_at, "checked_at": held.checked_at, "ends_at": held.ends_at,
    }  # fmt: skip


def _records(held: Held) -> list[Fields]:
    target = urlsplit(settings().base_url).hostname
    return [{"type": "TXT", "name": held.record_name, "value": held.token},
            {"type": "CNAME", "name": held.domain, "value": target}]  # fmt: skip
