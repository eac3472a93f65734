"""The phones and programs that hold a person's sign-in, in all their workspaces: seen, and signed out.

Each workspace keeps the tokens of its own members; what belongs together is the person, who has lost a phone and does
not want to remember where it was signed in.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import literal, select
from sqlalchemy.exc import SQLAlchemyError

from saas_crm.access.entry_rules import DEVICE
from saas_crm.access.models import ApiToken, Member
from saas_crm.access.profile import AT_ONCE, tenants_of
from saas_crm.access.sessions import SignedInUser, drop_sessions
from saas_crm.core.audit import Actor, act_as
from saas_crm.core.clock import now
from saas_crm.core.jobs import defer
from saas_crm.core.keyset import at_most
from tenants.context import ActiveTenant
from tenants.db import SHARED, AnySelect, db, tenant_scope
from tenants.versions import TenantBehind, lacks_tables, served_first, serves

log = structlog.get_logger("access")
MOST = 50
"""Devices listed of one workspace."""


@dataclass(frozen=True, slots=True)
class OwnDevice:
    """A device that is signed in to one workspace; `address` is from where it was used last, "" if nobody knows."""

    id: UUID
    name: str
    made: datetime
    used: datetime | None
    address: str
    slug: str
    workspace: str


def devices_of(user_id: UUID) -> list[OwnDevice]:
    """Return a person's devices in all workspaces that can be asked now, the latest used first."""
    found: list[OwnDevice] = []
    for tenant in tenants_of(user_id, None):
        if serves("tenant", tenant.schema_version):
            with tenant_scope(tenant):
                found += _devices_here(user_id, tenant)
    return sorted(found, key=lambda device: device.used or device.made, reverse=True)


def _devices_here(user_id: UUID, tenant: ActiveTenant) -> list[OwnDevice]:
    address = literal(None).label("address") if lacks_tables(tenant) else ApiToken.address
    query = (
        living_devices(
            user_id, tenant, ApiToken.id, ApiToken.name, ApiToken.created_at, ApiToken.last_used_at, address,
        )
        .order_by(ApiToken.created_at.desc())
        .limit(at_most(MOST))
    )  # fmt: skip
    rows = [
        OwnDevice(one.id, one.name, one.created_at, one.last_used_at, one.address or "", tenant.slug, tenant.name)
        for one in db.session.execute(query)
    ]
    return [one for one in rows if DEVICE.over(one.made, one.used or one.made, now()) == ""]


def living_devices(user_id: UUID, tenant: ActiveTenant, *columns: Any) -> AnySelect:
    """Return the query of a person's devices that were not signed out, in the tenant that speaks."""
    query: AnySelect = select(*columns).select_from(ApiToken).join(Member, Member.id == ApiToken.member_id)
    query = query.where(
        Member.user_id == user_id, ApiToken.revoked_at.is_(None),
        ApiToken.expires_at.is_(None) | (ApiToken.expires_at > now()),
    )  # fmt: skip
    return query if lacks_tables(tenant) else query.where(ApiToken.kind == "device")  # else all are devices'


def end_device(user_id: UUID, slug: str, token_id: UUID, *, origin: Mapping[str, str]) -> bool:
    """Sign one of a person's devices out; returns whether there was one."""
    for tenant in tenants_of(user_id, None):
        if tenant.slug == slug and serves("tenant", tenant.schema_version):
            return bool(_end_here(user_id, tenant, origin, token_id))
    return False


def end_devices(user_id: UUID, *, origin: Mapping[str, str] | None = None, limit: int | None = None) -> None:
    """Sign all of a person's devices out, in at most `limit` of their workspaces; raises TenantBehind at the end.

    With an `origin` the logs name them and from where they did it. Done again it changes nothing.
    """
    for tenant in served_first(tenants_of(user_id, limit)):
        _end_here(user_id, tenant, origin)


def _end_here(user_id: UUID, tenant: ActiveTenant, origin: Mapping[str, str] | None, only: UUID | None = None) -> int:
    with tenant_scope(tenant):
        query = living_devices(user_id, tenant, ApiToken)
        ended = db.session.scalars(query if only is None else query.where(ApiToken.id == only)).all()
        for token in ended:
            act_as(db.session(), Actor(token.member_id if origin else None, "profile", None, dict(origin or {})))
            token.revoked_at = now()
        db.session.commit()
    return len(ended)


def sign_out_elsewhere(user: SignedInUser, *, origin: Mapping[str, str]) -> None:
    """End all of a person's sessions but this one, and sign all their devices out: what programs hold goes on.

    In their first workspaces at once; a job, written with the end of the sessions, sees to it that it is in all.
    """
    with db.engines[SHARED].begin() as connection:
        drop_sessions(connection, user.id, user.session_id, origin=origin)
        defer(connection, "access.end_tokens", user_id=str(user.id), origin=dict(origin), devices_only=True)
    try:
        end_devices(user.id, origin=origin, limit=AT_ONCE)
    except (SQLAlchemyError, TenantBehind) as failed:
        log.warning("devices not signed out yet", error=type(failed).__name__)
