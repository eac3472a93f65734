"""Founding a workspace: a sign-in, a tenant, its roles and its owner, all or nothing."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Connection, insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from saas_crm.access.mailed import mail_verification
from saas_crm.access.models import Member, Role, Team
from saas_crm.access.passwords import hash_password
from saas_crm.access.permissions import BUILT_IN
from saas_crm.access.shared_models import Membership, User
from saas_crm.core import events
from saas_crm.core.audit import Actor, act_as, record_act
from saas_crm.core.clock import now
from saas_crm.core.i18n import in_language
from saas_crm.core.jobs import defer
from tenants.context import ActiveTenant
from tenants.db import new_id
from tenants.directory import Directory
from tenants.provisioning import Founding, founding

ROLE_NAMES = {
    "owner": "Owner",
    "admin": "Admin",
    "manager": "Manager",
    "rep": "Sales rep",
    "viewer": "Viewer",
}


class AddressTaken(ValueError):
    """Somebody has a sign-in with this address since a moment ago."""


@dataclass(frozen=True, slots=True)
class Founder:
    """The person who signs a company up; `user_id` is set when they have a sign-in already.

    Then they keep the language, the time zone and the photo they have; a new person takes the workspace's.
    """

    name: str
    email: str
    password: str
    user_id: UUID | None = None
    locale: str = ""
    timezone: str = ""
    photo_digest: str | None = None


@dataclass(frozen=True, slots=True)
class WorkspaceClaimed:
    """A workspace is being founded; handlers write what shared tables know of it, before it is entered."""

    connection: Connection
    tenant: ActiveTenant


@dataclass(frozen=True, slots=True)
class WorkspaceFounded:
    """A workspace was claimed; handlers fill it with what it needs from the first second."""

    session: Session
    tenant: ActiveTenant
    owner_id: UUID


def found_workspace(
    directory: Directory,
    founder: Founder,
    *,
    slug: str,
    name: str,
    locale: str,
    country: str,
    currency: str,
    timezone: str,
    base_url: str,
    verified: bool = False,
) -> tuple[ActiveTenant, UUID]:
    """Claim a spare and make the founder its owner; returns the tenant and the user's id.

    One transaction. Raises SlugTaken, AddressTaken and NoSpareReady. A new address gets a mail to verify it.
    """
    values = {
        "slug": slug, "name": name, "locale": locale, "country": country, "currency": currency,
        "timezone": timezone,
    }  # fmt: skip
    with founding(directory, **values) as made:
        user_id = founder.user_id or _make_user(made, founder, base_url, verified=verified)
        made.connection.execute(insert(Membership).values(user_id=user_id, tenant_id=made.tenant.id))
        events.publish(WorkspaceClaimed(made.connection, made.tenant))
        defer(made.connection, "tenants.make_spares", queueing_lock="make_spares")
        with made.enter() as session:
            owner_id = _furnish(session, made.tenant, founder, user_id)
            events.publish(WorkspaceFounded(session, made.tenant, owner_id))
    directory.forget()
    return made.tenant, user_id


def _make_user(made: Founding, founder: Founder, base_url: str, *, verified: bool) -> UUID:
    user_id, locale = new_id(), made.tenant.locale
    user = insert(User).values(
        id=user_id, email=founder.email, name=founder.name, password_hash=hash_password(founder.password),
        locale=locale, timezone=made.tenant.timezone, email_verified_at=now() if verified else None,
    )  # fmt: skip
    try:
        made.connection.execute(user)
    except IntegrityError as taken:
        raise AddressTaken(founder.email) from taken
    if not verified:
        with in_language(locale):
            mail_verification(made.connection, user_id, founder.email, founder.name, base_url)
    return user_id


def _furnish(session: Session, tenant: ActiveTenant, founder: Founder, user_id: UUID) -> UUID:
    act_as(session, Actor(None, "sign-up"))
    roles = {key: Role(key=key, name=ROLE_NAMES[key], permissions=dict(BUILT_IN[key])) for key in BUILT_IN}
    session.add_all(roles.values())
    session.flush()
    team_id, owner_id = new_id(), new_id()
    # By their columns and not as objects: a spare of the release before lacks the columns that came since.
    session.execute(insert(Team).values(id=team_id, name=tenant.name, path=[team_id]))
    session.execute(insert(Member).values(
        id=owner_id, user_id=user_id, name=founder.name, email=founder.email, locale=founder.locale or tenant.locale,
        timezone=founder.timezone or tenant.timezone, photo_digest=founder.photo_digest,
        role_id=roles["owner"].id, team_id=team_id,
    ))  # fmt: skip
    record_act(session, "create", "team", team_id, {"name": [None, tenant.name]})
    record_act(session, "create", "member", owner_id, {"name": [None, founder.name], "email": [None, founder.email]})
    act_as(session, Actor(owner_id, "sign-up"))
    record_act(session, "sign-up", "workspace", tenant.id)
    return owner_id


def root_team(session: Session) -> UUID | None:
    """Return the top of the team tree."""
    return session.scalar(select(Team.id).where(Team.parent_id.is_(None)).order_by(Team.created_at).limit(1))
