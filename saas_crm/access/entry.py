"""The workspace's decisions about sessions, networks and addresses that can be invited."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select

from saas_crm.access.entry_rules import is_within
from saas_crm.access.entry_schemas import EntryWrite
from saas_crm.access.models import Policy
from saas_crm.access.ownership import check_decided
from saas_crm.access.permissions import CurrentMember
from saas_crm.access.policy import own_policy
from saas_crm.core.errors import InvalidInput
from saas_crm.core.i18n import gettext as _
from tenants.context import current_tenant
from tenants.db import db, fetch
from tenants.versions import lacks_tables

COLUMNS = ("session_hours", "idle_minutes", "email_domains", "networks")


@dataclass(frozen=True, slots=True)
class EntryPolicy:
    """What is decided; None and nothing ask nothing."""

    session_hours: int | None = None
    idle_minutes: int | None = None
    email_domains: tuple[str, ...] = ()
    networks: tuple[str, ...] = ()
    version: int = 0


def entry_policy() -> EntryPolicy:
    """Return what the workspace that speaks decided about sessions, networks and invitations."""
    if lacks_tables(current_tenant()):
        return EntryPolicy()
    row = fetch(select(*(getattr(Policy, name) for name in COLUMNS), Policy.version)).first()
    if row is None:
        return EntryPolicy()
    return EntryPolicy(row[0], row[1], tuple(row[2] or ()), tuple(row[3] or ()), row[4])


def decide_entry(data: EntryWrite, *, actor: CurrentMember, address: str, version: int | None = None) -> None:
    """Decide how long sign-ins are good, from which networks, and whom one may invite.

    Raises Forbidden, VersionConflict, and InvalidInput for networks that would shut out whoever decides, who comes
    from `address`.
    """
    actor.require("workspace:update")
    if data.networks and not is_within(address, data.networks):
        raise InvalidInput({"networks": _(
            "Your own address %(address)s is in none of these networks: you would lock yourself out.", address=address,
        )}, {"networks": "owner"})  # fmt: skip
    found = own_policy(*COLUMNS)
    check_decided(found, version)
    found.session_hours, found.idle_minutes = data.session_hours, data.idle_minutes
    found.email_domains, found.networks = data.email_domains or None, data.networks or None
    db.session.flush()
