"""Signing a member out everywhere, by who runs the workspace: for a lost phone, or a browser left open somewhere."""

from __future__ import annotations

from sqlalchemy import select

from saas_crm.access.members import check_reach
from saas_crm.access.models import ApiToken, Member
from saas_crm.access.permissions import CurrentMember
from saas_crm.access.sessions import drop_sessions
from saas_crm.core.audit import act_as, acting, record_act
from saas_crm.core.clock import now
from saas_crm.core.errors import Forbidden, InvalidInput
from saas_crm.core.i18n import gettext as _
from tenants.context import current_tenant
from tenants.db import SHARED, db
from tenants.one_at_a_time import let_go, step_in
from tenants.versions import lacks_tables


def sign_out_member(member: Member, *, actor: CurrentMember) -> None:
    """End all sessions of a colleague, and the tokens of their devices in this workspace; programs go on.

    A session is the person's and opens all their workspaces, so they sign in anew for all of them: no more than that.
    All in one transaction: the log says what was done, or nothing was. Raises Forbidden, and InvalidInput for oneself.
    """
    check_reach(member, actor)
    if member.role.key == "owner" and actor.role_key != "owner":
        raise Forbidden("role:update")
    if member.id == actor.id:
        raise InvalidInput({"": _("Sign your own browsers out in your profile.")})
    member_id, user_id, tenant = member.id, member.user_id, current_tenant()
    devices = select(ApiToken).where(ApiToken.member_id == member_id, ApiToken.revoked_at.is_(None))
    if not lacks_tables(tenant):  # a release behind all tokens are devices'
        devices = devices.where(ApiToken.kind == "device")
    let_go()
    with db.engines[SHARED].begin() as connection:
        drop_sessions(connection, user_id)
        with step_in(connection, tenant) as session:
            act_as(session, acting(db.session()))
            for token in session.scalars(devices):
                token.revoked_at = now()
            record_act(session, "signed_out", "member", member_id)
