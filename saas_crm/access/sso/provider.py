"""The workspace's identity provider: which one, and whom it lets in."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select

from saas_crm.access.factors.sealing import seal, unseal
from saas_crm.access.models import IdentityProvider
from saas_crm.access.ownership import check_version
from saas_crm.access.permissions import CurrentMember
from saas_crm.access.roles import role_to_give
from saas_crm.access.sso.schemas import SsoWrite
from saas_crm.access.sso.talking import ProviderFailed, discover
from saas_crm.core.errors import InvalidInput
from saas_crm.core.i18n import gettext as _
from tenants.context import current_tenant
from tenants.db import db, fetch
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
    """Decide about single sign-on; the provider is asked whether it is there.

    Raises Forbidden, VersionConflict, and InvalidInput also for leaving it alone as the way in, unless the actor is an
    owner or has just come in by it.
    """
    actor.require("workspace:update")
    found = db.session.scalars(select(IdentityProvider).with_for_update()).one_or_none()
    if found is not None:
        check_version(found, version or None)
    if data.mandatory and actor.role_key != "owner" and not by_sso:
        raise InvalidInput({"mandatory": _("Sign in by it yourself first, so that you do not lock yourself out.")})
    if data.domains and data.role_id is None:
        raise InvalidInput({"role_id": _("Choose a role.")}, {"role_id": "missing"})
    if data.role_id is not None:
        role_to_give(data.role_id, actor)
    if not data.client_secret and found is None:
        raise InvalidInput({"client_secret": _("This is needed.")}, {"client_secret": "missing"})
    if data.enabled:
        _check_reachable(data.issuer)
    _store(found, data)


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
        discover(issuer)
    except ProviderFailed as failed:
        raise InvalidInput({"issuer": _(
            "The provider does not answer there as OpenID Connect asks: %(why)s", why=str(failed),
        )}) from None  # fmt: skip


def _store(found: IdentityProvider | None, data: SsoWrite) -> None:
    kept = found or IdentityProvider()
    kept.issuer, kept.client_id, kept.role_id = data.issuer, data.client_id, data.role_id
    kept.enabled, kept.mandatory, kept.domains = data.enabled, data.mandatory and data.enabled, data.domains
    if data.client_secret:
        kept.client_secret = seal(data.client_secret)
    db.session.add(kept)
    db.session.flush()
