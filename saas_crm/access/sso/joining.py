"""Whom a proven identity lets in: a member, an invited person, or somebody of a domain the workspace named."""

from __future__ import annotations

import secrets
from dataclasses import replace
from types import SimpleNamespace
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.exc import IntegrityError

from saas_crm.access.entry_rules import domain_allowed
from saas_crm.access.invitations import accept, state_of
from saas_crm.access.joining import make_member
from saas_crm.access.models import IdentityProvider, Invitation, Member, Role, SsoIdentity, Team
from saas_crm.access.passwords import hash_password
from saas_crm.access.queries import user_by_email, user_by_id
from saas_crm.access.shared_models import Membership, User
from saas_crm.access.sso.proving import Identity, IdentityRefused
from saas_crm.core.audit import act_as, acting
from tenants.context import ActiveTenant
from tenants.db import SHARED, db, new_id


def let_in_by(identity: Identity, *, tenant: ActiveTenant, locale: str) -> UUID:
    """Return the user an identity is, who is an active member afterwards. Raises IdentityRefused.

    A member is found by e-mail once and by the provider's own key from then on: an address that somebody else gets at
    the provider later opens nothing. Who has a sign-in already and is no member here joins by it, not by this: what a
    provider says of an address must tell nothing of a person, nor put them anywhere.
    """
    known = select(SsoIdentity.member_id).where(
        SsoIdentity.issuer == identity.issuer, SsoIdentity.subject == identity.subject
    )
    member_id = db.session.scalar(known)
    found = select(Member).where(Member.id == member_id if member_id else Member.email == identity.email)
    member = db.session.scalar(found.with_for_update())
    if member is None:
        member = _joined(identity, tenant, locale)
    if member.status != "active":
        raise IdentityRefused("no active member")
    if member_id is None:
        _remember(identity, member)
    return member.user_id


def _remember(identity: Identity, member: Member) -> None:
    other = select(SsoIdentity.id).where(SsoIdentity.member_id == member.id, SsoIdentity.issuer == identity.issuer)
    if db.session.scalar(other) is not None:
        raise IdentityRefused("this member has another key at the provider")
    db.session.add(SsoIdentity(member_id=member.id, issuer=identity.issuer, subject=identity.subject))
    try:
        db.session.flush()
    except IntegrityError:
        raise IdentityRefused("twice at this moment") from None


def _joined(identity: Identity, tenant: ActiveTenant, locale: str) -> Member:
    if user_by_email(identity.email) is not None:
        raise IdentityRefused("has a sign-in, and is no member")
    open_one = select(Invitation).where(
        Invitation.email == identity.email, Invitation.accepted_at.is_(None), Invitation.withdrawn_at.is_(None)
    )
    invitation = db.session.scalar(open_one.with_for_update())
    if invitation is not None and state_of(invitation) == "good":
        return accept(invitation, user_id=_new_user(identity, tenant, locale), tenant=tenant, proven=False)
    return _of_domain(identity, tenant, locale)


def _of_domain(identity: Identity, tenant: ActiveTenant, locale: str) -> Member:
    asked = select(IdentityProvider.domains, IdentityProvider.role_id)
    domains, role_id = db.session.execute(asked).one()
    good = select(Role.id).where(Role.id == role_id, Role.deleted_at.is_(None), Role.key.is_distinct_from("owner"))
    if not domains or not domain_allowed(identity.email, domains) or db.session.scalar(good) is None:
        raise IdentityRefused("no member, not invited, and of no domain that joins by itself")
    user = user_by_id(_new_user(identity, tenant, locale))
    root = db.session.scalar(select(Team.id).where(Team.parent_id.is_(None), Team.deleted_at.is_(None)).limit(1))
    offer: Any = SimpleNamespace(role_id=role_id, team_id=root)
    if user is None:
        raise IdentityRefused("gone again")
    with db.engines[SHARED].begin() as connection:
        joined = upsert(Membership).values(user_id=user.id, tenant_id=tenant.id).on_conflict_do_nothing()
        connection.execute(joined)
    who = new_id()
    act_as(db.session(), replace(acting(db.session()), member_id=who))  # they join by their own act
    return make_member(who, offer, user)


def _new_user(identity: Identity, tenant: ActiveTenant, locale: str) -> UUID:
    """Make a sign-in with a password nobody knows; its address is not confirmed, the provider's word is not ours."""
    user_id = new_id()
    try:
        with db.engines[SHARED].begin() as connection:
            connection.execute(insert(User).values(
                id=user_id, email=identity.email, name=identity.name, locale=locale, timezone=tenant.timezone,
                password_hash=hash_password(secrets.token_urlsafe(32)),
            ))  # fmt: skip
    except IntegrityError:
        raise IdentityRefused("has a sign-in, and is no member") from None
    return user_id
