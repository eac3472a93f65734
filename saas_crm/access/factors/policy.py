"""Whether a workspace asks its members for two-factor sign-in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func, select

from saas_crm.access.models import Member, Policy, Role
from saas_crm.access.ownership import check_decided
from saas_crm.access.permissions import CurrentMember
from saas_crm.access.policy import own_policy
from saas_crm.access.schemas import TwoFactorRequirement
from saas_crm.core.clock import now
from saas_crm.core.errors import InvalidInput
from saas_crm.core.i18n import gettext as _
from tenants.context import current_tenant
from tenants.db import db, fetch
from tenants.versions import lacks_tables


@dataclass(frozen=True, slots=True)
class TwoFactorPolicy:
    """From when on two-factor sign-in is needed (None: it is not), by members of which roles; without any, by all."""

    starts: datetime | None = None
    role_ids: tuple[UUID, ...] = ()
    version: int = 0

    def covers(self, role_id: UUID | None) -> bool:
        """Whether members with a role need it, now or later."""
        return self.starts is not None and (not self.role_ids or role_id in self.role_ids)


def two_factor_policy() -> TwoFactorPolicy:
    """Return what the workspace that speaks decided about two-factor sign-in."""
    if lacks_tables(current_tenant()):
        return TwoFactorPolicy()
    row = fetch(select(Policy.two_factor_from, Policy.two_factor_roles, Policy.version)).first()
    return TwoFactorPolicy(row[0], tuple(row[1] or ()), row[2]) if row else TwoFactorPolicy()


def require_two_factor(data: TwoFactorRequirement, *, actor: CurrentMember, version: int | None = None) -> None:
    """Decide who needs two-factor sign-in, and after how many days; what is asked already does not begin anew.

    Raises Forbidden, InvalidInput and VersionConflict.
    """
    actor.require("workspace:update")
    found = own_policy("two_factor_from", "two_factor_roles")  # held, so that no role is deleted meanwhile
    _check_requirement(data, actor)
    check_decided(found, version)
    if data.who == "nobody":
        found.two_factor_from = None
    elif found.two_factor_from is None or data.days is not None:
        found.two_factor_from = now() + timedelta(days=int(data.days or 0))
    found.two_factor_roles = sorted(set(data.role_ids)) if data.who == "roles" else None
    db.session.flush()


def hold_two_factor_roles() -> tuple[UUID, ...]:
    """Return the roles of which two-factor sign-in is asked; nobody names others before the transaction ends."""
    if lacks_tables(current_tenant()):
        return ()
    row = fetch(select(Policy.two_factor_roles).with_for_update()).first()
    return tuple(row[0] or ()) if row else ()


def ask_role_instead(role_id: UUID, replacement_id: UUID) -> None:
    """Put a role into the place that one which goes has among those of which two-factor sign-in is asked."""
    found = own_policy("two_factor_roles")
    found.two_factor_roles = sorted({*(found.two_factor_roles or ()), replacement_id} - {role_id})
    db.session.flush()


def _check_requirement(data: TwoFactorRequirement, actor: CurrentMember) -> None:
    """Refuse roles that are not there, and an actor who would shut themselves out by it."""
    known = set(db.session.scalars(select(Role.id).where(Role.deleted_at.is_(None))))
    if data.who == "roles" and (not data.role_ids or set(data.role_ids) - known):
        raise InvalidInput({"role_ids": _("Choose at least one role.")}, {"role_ids": "missing"})
    mine = fetch(select(Member.role_id, Member.two_factor).where(Member.id == actor.id)).all()[0]
    covered = data.who == "all" or (data.who == "roles" and mine.role_id in data.role_ids)
    if covered and not mine.two_factor:
        raise InvalidInput({"": _("Set up your own two-factor sign-in first, so that you see what you ask for.")})


def without_it() -> Mapping[UUID, int]:
    """Return how many active members of each role have no two-factor sign-in."""
    query = select(Member.role_id, func.count()).where(Member.status == "active", ~Member.two_factor)
    return {row[0]: row[1] for row in fetch(query.group_by(Member.role_id))}
