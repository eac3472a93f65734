"""Taking the second step off somebody else's sign-in, when phone and paper are gone.

A sign-in belongs to the person and opens all their workspaces. So an administrator may do it only where the person is
in their workspace alone; for who is in several, only the installation's operator may
(`saas-crm users reset-two-factor`).
"""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import Connection, select

from saas_crm.access.factors.dropping import drop_factors
from saas_crm.access.factors.mails import RESET, tell_person
from saas_crm.access.mailed import sign_out_everywhere
from saas_crm.access.members import check_reach
from saas_crm.access.models import Member
from saas_crm.access.permissions import CurrentMember
from saas_crm.access.profile import profile_changed
from saas_crm.access.queries import user_by_id
from saas_crm.access.shared_models import Membership, User
from saas_crm.core.audit import record_act
from saas_crm.core.errors import Forbidden, InvalidInput
from saas_crm.core.i18n import gettext as _
from tenants.context import current_tenant
from tenants.db import SHARED, db
from tenants.one_at_a_time import let_go


def may_reset(member: Member, actor: CurrentMember) -> bool:
    """Whether the button is offered: to administrators, for others; an owner's only to an owner.

    `member` is loaded with its details, in a workspace that is not a release behind.
    """
    owners = member.role.key != "owner" or actor.role_key == "owner"
    return actor.can("member:update") and owners and member.id != actor.id and member.two_factor


def reset_factors(member: Member, *, actor: CurrentMember) -> None:
    """Take app and recovery codes off a colleague's sign-in and sign them out everywhere.

    Raises Forbidden, and InvalidInput for oneself and for somebody who is in other workspaces too.
    """
    check_reach(member, actor)
    if member.role.key == "owner" and actor.role_key != "owner":
        raise Forbidden("role:update")
    if member.id == actor.id:
        raise InvalidInput({"": _("Turn your own two-factor sign-in off in your profile.")})
    user_id, name = member.user_id, member.name
    let_go()
    with db.engines[SHARED].begin() as connection:
        # Held, so that nobody joins another workspace just now: a membership's reference waits for it.
        connection.execute(select(User.id).where(User.id == user_id).with_for_update())
        if _elsewhere(connection, user_id):
            raise InvalidInput({"": _(
                "%(name)s belongs to other workspaces too, so only the operator of this installation can reset their "
                "two-factor sign-in.", name=name,
            )})  # fmt: skip
        reset = reset_for(connection, user_id)
    if reset:
        member.two_factor = False
        record_act(db.session(), "two_factor_reset", "member", member.id)


def _elsewhere(connection: Connection, user_id: UUID) -> bool:
    other = select(Membership.tenant_id).where(
        Membership.user_id == user_id, Membership.tenant_id != current_tenant().id
    )
    return connection.execute(other.limit(1)).first() is not None


def reset_for(connection: Connection, user_id: UUID) -> bool:
    """Take a person's factors off, sign them out everywhere and tell them; False if there were none."""
    user = user_by_id(user_id, connection)
    if user is None or not drop_factors(connection, user_id):
        return False
    sign_out_everywhere(connection, user_id)
    tell_person(connection, user, RESET)
    profile_changed(connection, user_id)
    return True
