"""Whom a proven identity lets in: a member, an invited person, or somebody of a domain the workspace named."""

from __future__ import annotations

import secrets
from dataclasses import replace
from uuid import UUID

from sqlalchemy import exists, insert, select
from sqlalchemy.exc import IntegrityError

from saas_crm.access.accepting import accept
from saas_crm.access.entry_rules import domain_allowed
from saas_crm.access.founding import root_team
from saas_crm.access.invitations import state_of
from saas_crm.access.joining import make_member
from saas_crm.access.models import IdentityProvider, Invitation, Member, Role, SsoIdentity
from saas_crm.access.passwords import hash_password
from saas_crm.access.people_changed import PeopleChanged
from saas_crm.access.places import check_places
from saas_crm.access.queries import user_by_email, user_by_id
from saas_crm.access.rules import INVITATIONS_PER_WORKSPACE
from saas_crm.access.shared_models import Membership, User, UserSession
from saas_crm.access.sso.proving import Identity, IdentityRefused
from saas_crm.access.throttle import count, throttle_key
from saas_crm.core.audit import act_as, acting
from saas_crm.core.errors import LimitReached
from saas_crm.core.events import publish
from tenants.context import ActiveTenant
from tenants.db import SHARED, AnyRow, db, new_id
from tenants.directory import shared_reader


def let_in_by(identity: Identity, *, tenant: ActiveTenant, locale: str) -> UUID:
    """Return the user an identity is, who is an active member afterwards.

    A member is found by e-mail once and by the provider's own key from then on: an address that somebody else gets at
    the provider later opens nothing. Who has a sign-in already and is no member here joins by it, not by this: what a
    provider says of an address must tell nothing of a person, nor put them anywhere. Who was removed comes back by an
    invitation alone. While the workspace can only be read nobody joins. Raises IdentityRefused and TooManyAttempts.
    """
    known = select(SsoIdentity.member_id).where(
        SsoIdentity.issuer == identity.issuer, SsoIdentity.subject == identity.subject
    )
    member_id = db.session.scalar(known)
    found = select(Member).where(Member.id == member_id if member_id else Member.email == identity.email)
    member = db.session.scalar(found.with_for_update())
    if member is None or member.status == "removed":
        member = _joined(identity, member, tenant, locale)
    if member.status != "active":
        raise IdentityRefused("no active member")
    if member_id is None:
        _remember(identity, member)
    return member.user_id


def _remember(identity: Identity, member: Member) -> None:
    other = select(SsoIdentity.id).where(SsoIdentity.member_id == member.id, SsoIdentity.issuer == identity.issuer)
    if db.session.scalar(other) is not None:
        raise IdentityRefused("this member has another key at the provider", kind="other_key")
    db.session.add(SsoIdentity(member_id=member.id, issuer=identity.issuer, subject=identity.subject))
    try:
        db.session.flush()
    except IntegrityError:
        raise IdentityRefused("twice at this moment", kind="again") from None


def _joined(identity: Identity, former: Member | None, tenant: ActiveTenant, locale: str) -> Member:
    """Return the member that an identity becomes, or becomes again."""
    if not tenant.is_open:
        raise IdentityRefused("nobody joins while the workspace can only be read")
    open_one = select(Invitation).where(
        Invitation.email == identity.email, Invitation.accepted_at.is_(None), Invitation.withdrawn_at.is_(None)
    )
    invitation = db.session.scalar(open_one.with_for_update())
    good = invitation is not None and state_of(invitation) == "good"
    if former is not None:
        if invitation is None or not good:
            raise IdentityRefused("was removed, and is not invited again")
        _check_place(0)
        return accept(invitation, user_id=former.user_id, tenant=tenant, proven=False)
    user = user_by_email(identity.email)
    if user is not None and not _is_left_over(user, tenant):
        raise IdentityRefused("has a sign-in, and is no member")
    if invitation is not None and good:
        _check_place(0)
        user_id = user.id if user else _new_user(identity, tenant, locale)
        return accept(invitation, user_id=user_id, tenant=tenant, proven=False)
    role_id = _role_by_domain(identity)
    _check_place(1)
    return _of_domain(user.id if user else _new_user(identity, tenant, locale), role_id)


def _check_place(wanting: int) -> None:
    """Refuse who would be one more than the plan allows, before anything is made for them."""
    try:
        check_places(wanting)
    except LimitReached:
        raise IdentityRefused("the workspace's plan has no place left", kind="full") from None


def _is_left_over(user: AnyRow, tenant: ActiveTenant) -> bool:
    """Whether this sign-in was made here a moment ago, for a member who then could not be written.

    It and its place in this workspace are of one transaction, the member of another.
    """
    here = exists().where(Membership.user_id == user.id, Membership.tenant_id == tenant.id)
    elsewhere = exists().where(Membership.user_id == user.id, Membership.tenant_id != tenant.id)
    signed_in = exists().where(UserSession.user_id == user.id)
    with shared_reader() as connection:
        ours = connection.scalar(select(here & ~elsewhere & ~signed_in))
    return bool(ours) and user.email_verified_at is None


def _role_by_domain(identity: Identity) -> UUID:
    """Return what people of the named domains become; raises IdentityRefused for all others."""
    asked = select(IdentityProvider.domains, IdentityProvider.role_id)
    domains, role_id = db.session.execute(asked).one()
    good = select(Role.id).where(Role.id == role_id, Role.deleted_at.is_(None), Role.key.is_distinct_from("owner"))
    found = db.session.scalar(good)
    if not domains or not domain_allowed(identity.email, domains) or found is None:
        raise IdentityRefused("no member, not invited, and of no domain that joins by itself")
    return found


def _of_domain(user_id: UUID, role_id: UUID) -> Member:
    user = user_by_id(user_id)
    if user is None:
        raise IdentityRefused("gone again")
    who = new_id()
    act_as(db.session(), replace(acting(db.session()), member_id=who))  # they join by their own act
    publish(PeopleChanged())
    return make_member(who, user, role_id=role_id, team_id=root_team(db.session()))


def _new_user(identity: Identity, tenant: ActiveTenant, locale: str) -> UUID:
    """Make a sign-in with a password nobody knows, and its place in this workspace.

    Its address is not confirmed: the provider's word is not ours. A workspace makes no more of them than it may invite.
    """
    count({throttle_key("sso-new", str(tenant.id)): INVITATIONS_PER_WORKSPACE})
    user_id = new_id()
    try:
        with db.engines[SHARED].begin() as connection:
            connection.execute(insert(User).values(
                id=user_id, email=identity.email, name=identity.name, locale=locale, timezone=tenant.timezone,
                password_hash=hash_password(secrets.token_urlsafe(32)),
            ))  # fmt: skip
            connection.execute(insert(Membership).values(user_id=user_id, tenant_id=tenant.id))
    except IntegrityError:
        raise IdentityRefused("has a sign-in, and is no member") from None
    return user_id
