"""The workspace's identity provider: which one, and whom it lets in."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import func, select

from saas_crm.access.factors.sealing import seal, unseal
from saas_crm.access.models import IdentityProvider, Member, Role
from saas_crm.access.ownership import check_version
from saas_crm.access.permissions import CurrentMember
from saas_crm.access.policy import own_policy
from saas_crm.access.role_rules import OWNER
from saas_crm.access.roles import role_to_give
from saas_crm.access.shared_models import User
from saas_crm.access.sso.schemas import SsoWrite
from saas_crm.access.sso.talking import ProviderFailed, discover
from saas_crm.access.sso.words import failure_told
from saas_crm.core import limits
from saas_crm.core.emails import email_domain, is_public_domain
from saas_crm.core.errors import InvalidInput
from saas_crm.core.i18n import gettext as _
from tenants.context import current_tenant
from tenants.db import db, fetch
from tenants.directory import shared_reader
from tenants.one_at_a_time import let_go
from tenants.versions import lacks_tables


@dataclass(frozen=True, slots=True)
class Provider:
    """The decisions. The secret is not among them: `secret_of` unseals it when it is needed."""

    issuer: str = ""
    client_id: str = ""
    enabled: bool = False
    mandatory: bool = False
    domains: tuple[str, ...] = ()
    role_id: UUID | None = None
    version: int = 0


_COLUMNS = (
    IdentityProvider.issuer, IdentityProvider.client_id, IdentityProvider.enabled, IdentityProvider.mandatory,
    IdentityProvider.domains, IdentityProvider.role_id, IdentityProvider.version,
)  # fmt: skip


def provider() -> Provider:
    """Return what the workspace that speaks decided; nothing where it lacks the table or has none."""
    if lacks_tables(current_tenant()):
        return Provider()
    row = fetch(select(*_COLUMNS)).first()
    return Provider(row[0], row[1], row[2], row[3], tuple(row[4]), row[5], row[6]) if row else Provider()


def secret_of_provider() -> str:
    """Return the secret that we and the provider share; raises Unreadable."""
    return unseal(db.session.scalars(select(IdentityProvider.client_secret)).one())


def decide_sso(data: SsoWrite, *, actor: CurrentMember, by_sso: bool, version: int | None = None) -> None:
    """Decide about single sign-on; the provider is asked whether it is there, before anything is held for it.

    Which provider it is only owners say: it can name any member, owners too. Raises Forbidden, VersionConflict, and
    InvalidInput also for leaving it alone as the way in, unless the actor is an owner or has just come in by it.
    """
    actor.require("workspace:update")
    if data.enabled and not provider().enabled:
        limits.check_feature("single_sign_on")
    if data.enabled and (actor.role_key == OWNER or data.issuer == provider().issuer):
        _check_reachable(data.issuer)
    owners = _own_domains() if data.domains else set()
    own_policy()  # held: of two who decide at first, when there is no provider yet, the second one sees the first's
    found = db.session.scalars(select(IdentityProvider).with_for_update()).one_or_none()
    if found is not None:
        check_version(found, version)
    same = found is not None and (found.issuer, found.client_id) == (data.issuer, data.client_id)
    _check_whose(data, actor, same=same)
    if data.mandatory and actor.role_key != OWNER and not (by_sso and same):
        raise InvalidInput({"mandatory": _("Sign in by it yourself first, so that you do not lock yourself out.")})
    _check_joining(data, actor, owners | set(found.domains if found is not None else ()))
    _store(found, data, same=same)


def _check_whose(data: SsoWrite, actor: CurrentMember, *, same: bool) -> None:
    """Refuse another provider by who is no owner, and one without a secret of its own.

    The secret of before is not sent to another provider: whoever runs that would read it.
    """
    if actor.role_key != OWNER and (not same or data.client_secret):
        message = _("Only an owner decides which service that is: it can let people in as anybody here, owners too.")
        raise InvalidInput({"issuer": message}, {"issuer": "owner"})
    if not same and not data.client_secret:
        raise InvalidInput({"client_secret": _("Type the secret that belongs to it.")}, {"client_secret": "missing"})


def _check_joining(data: SsoWrite, actor: CurrentMember, known: set[str]) -> None:
    """Refuse a role that cannot be given, and domains that are not `known`: by an owner's address, or from before."""
    if data.domains and data.role_id is None:
        raise InvalidInput({"role_id": _("Choose a role.")}, {"role_id": "missing"})
    if data.role_id is not None:
        role_to_give(data.role_id, actor)
    strange = sorted(set(data.domains) - known)
    if strange:
        raise InvalidInput({"domains": _(
            "%(domain)s: people join by themselves only where an owner has a confirmed address of the domain, and not"
            " of domains where anybody gets one.", domain=strange[0],
        )}, {"domains": "domain"})  # fmt: skip


def _own_domains() -> set[str]:
    """Return the domains of the owners' confirmed addresses, without those where anybody gets an address.

    Asked before anything is held: the addresses stand elsewhere.
    """
    owners = select(Member.user_id).join(Role, Role.id == Member.role_id).where(Role.key == OWNER)
    ids = db.session.scalars(owners.where(Member.status == "active")).all()
    let_go()
    with shared_reader() as connection:
        emails = connection.scalars(
            select(User.email).where(User.id.in_(ids), User.email_verified_at.is_not(None))
        ).all()
    return {email_domain(email) for email in emails if not is_public_domain(email_domain(email))}


def remove_provider(*, actor: CurrentMember) -> None:
    """Forget the provider and its secret; raises Forbidden. Nothing happens where there is none.

    Who came in by it stays signed in for as long as that is good, and signs in otherwise from then on.
    """
    actor.require("workspace:update")
    found = db.session.scalars(select(IdentityProvider).with_for_update()).one_or_none()
    if found is not None:
        db.session.delete(found)
        db.session.flush()


def _check_reachable(issuer: str) -> None:
    try:
        discover(issuer, anew=True)
    except ProviderFailed as failed:
        raise InvalidInput({"issuer": failure_told(failed)}, {"issuer": "provider"}) from None


def _store(found: IdentityProvider | None, data: SsoWrite, *, same: bool) -> None:
    kept = found or IdentityProvider()
    if data.enabled and not (same and kept.enabled):
        kept.trusted_from = db.session.scalar(select(func.now()))  # who came in by the one of before comes in anew
    kept.issuer, kept.client_id, kept.role_id = data.issuer, data.client_id, data.role_id
    kept.enabled, kept.mandatory, kept.domains = data.enabled, data.mandatory and data.enabled, data.domains
    if data.client_secret:
        kept.client_secret = seal(data.client_secret)
    db.session.add(kept)
    db.session.flush()


def joining_role() -> UUID | None:
    """Return the role of people who join by themselves; nobody decides otherwise before the transaction ends."""
    if lacks_tables(current_tenant()):
        return None
    return db.session.scalar(select(IdentityProvider.role_id).with_for_update())


def give_role_instead(role_id: UUID) -> None:
    """Let people who join by themselves get another role."""
    db.session.scalars(select(IdentityProvider).with_for_update()).one().role_id = role_id
    db.session.flush()
