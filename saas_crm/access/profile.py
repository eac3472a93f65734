"""A person's own profile: kept once for the sign-in, copied to their member in each workspace.

The copy is what lets a page of a workspace ask its own schema alone. The change and the job that copies it
are one transaction, so no workspace is forgotten; the request then copies at once too, so that the reader
sees it on the next page, and the job finds nothing left to do.
"""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

import structlog
from sqlalchemy import Connection, select, update
from sqlalchemy.exc import SQLAlchemyError

from saas_crm.access.factors.standing import factors_of
from saas_crm.access.models import Member
from saas_crm.access.permissions import CurrentMember
from saas_crm.access.queries import user_by_id
from saas_crm.access.schemas import ProfileWrite
from saas_crm.access.shared_models import Membership, User
from saas_crm.core.audit import Actor, act_as, acting
from saas_crm.core.errors import Forbidden
from saas_crm.core.jobs import defer, job
from tenants.context import ActiveTenant, current_tenant
from tenants.db import SHARED, db, tenant_scope
from tenants.directory import shared_reader
from tenants.one_at_a_time import let_go, step_in
from tenants.runtime import runtime_directory
from tenants.versions import TenantBehind, lacks_tables, served_first

log = structlog.get_logger("access")
COPIED = ("name", "email", "locale", "timezone", "photo_digest")
AT_ONCE = 10
"""Workspaces a request copies to itself; the rest of somebody's many wait a moment for the job."""


def update_profile(user_id: UUID, data: ProfileWrite) -> None:
    """Store how a person is named and spoken to."""
    _store(user_id, name=data.name, locale=data.locale, timezone=data.timezone)


def update_own_profile(actor: CurrentMember, **values: str) -> None:
    """Store some of `name`, `locale` and `timezone`: here at once, in one transaction, elsewhere by the job.

    Raises Forbidden for a program that may do less than the person.
    """
    if actor.narrowed:
        raise Forbidden("narrowed")
    let_go()
    with db.engines[SHARED].begin() as connection:
        _write(connection, actor.user_id, values)
        with step_in(connection, current_tenant()) as session:
            act_as(session, acting(db.session()))
            _set(session.scalars(select(Member).where(Member.id == actor.id)).one(), values)


def choose_language(user_id: UUID, locale: str) -> None:
    """Store the language a person reads."""
    _store(user_id, locale=locale)


def _store(user_id: UUID, **values: str) -> None:
    with db.engines[SHARED].begin() as connection:
        _write(connection, user_id, values)


def _write(connection: Connection, user_id: UUID, values: Mapping[str, str]) -> None:
    connection.execute(update(User).where(User.id == user_id).values(**values))
    profile_changed(connection, user_id)


def profile_changed(connection: Connection, user_id: UUID) -> None:
    """See to it, in the transaction of the change, that it reaches the person's workspaces."""
    defer(connection, "access.spread_profile", user_id=str(user_id))


def spread_at_once(user_id: UUID) -> None:
    """Copy a profile to the person's first workspaces now; what fails here is left to the job."""
    try:
        _spread(user_id, limit=AT_ONCE)
    except (SQLAlchemyError, TenantBehind) as failed:
        log.warning("profile not spread yet", error=type(failed).__name__)


@job("access.spread_profile", retries=8)
def spread_profile(user_id: str) -> None:
    """Copy a profile to all of the person's workspaces; copying it again changes nothing."""
    _spread(UUID(user_id), limit=None)


def _spread(user_id: UUID, limit: int | None) -> None:
    user = user_by_id(user_id)
    if user is None:
        return
    values = {name: getattr(user, name) for name in COPIED}
    two_factor = factors_of(user_id).on
    for tenant in served_first(tenants_of(user_id, limit)):
        with tenant_scope(tenant):
            # One that is a release behind has no column for it, and learns it at a later sign-in.
            _copy(user_id, values if lacks_tables(tenant) else {**values, "two_factor": two_factor})
            db.session.commit()


def tenants_of(user_id: UUID, limit: int | None) -> list[ActiveTenant]:
    """Return the workspaces a user is a member of, at most `limit`."""
    query = select(Membership.tenant_id).where(Membership.user_id == user_id).limit(limit)
    with shared_reader() as connection:
        ids = connection.scalars(query).all()
    found = (runtime_directory().by_id(tenant_id) for tenant_id in ids)
    return [tenant for tenant in found if tenant is not None]


def _copy(user_id: UUID, values: Mapping[str, str | bool | None]) -> None:
    member = db.session.scalar(select(Member).where(Member.user_id == user_id))
    if member is None:
        return
    act_as(db.session(), Actor(member.id, "profile"))
    _set(member, values)
    db.session.flush()


def _set(member: Member, values: Mapping[str, str | bool | None]) -> None:
    for name, value in values.items():
        if getattr(member, name) != value:
            setattr(member, name, value)
