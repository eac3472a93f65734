"""Joining by an invitation."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from saas_crm.access.factors.standing import factors_of
from saas_crm.access.invitations import state_of
from saas_crm.access.joining import make_member
from saas_crm.access.models import Invitation, Member
from saas_crm.access.people_changed import PeopleChanged
from saas_crm.access.places import check_places
from saas_crm.access.queries import user_by_id
from saas_crm.access.shared_models import Membership, User
from saas_crm.core.audit import act_as, acting
from saas_crm.core.clock import now
from saas_crm.core.errors import InvalidInput, NotFound
from saas_crm.core.events import publish
from saas_crm.core.i18n import gettext as _
from tenants.context import ActiveTenant
from tenants.db import SHARED, db, new_id
from tenants.versions import lacks_tables


def accept(invitation: Invitation, *, user_id: UUID, tenant: ActiveTenant, proven: bool = True) -> Member:
    """Make the user a member by a good invitation; a member who was removed comes back.

    Whoever is a member already keeps their role: an invitation gives, it does not take. Who is locked out stays so: an
    invitation that was sent before, to another address of theirs, is no word of who may let them in. The shared row is
    written first: if the rest fails, the list of workspaces shows one that refuses; the other order could
    leave a member nobody can reach. Before it, a member of old is held: a job may be about to take that row
    away because they were removed. The link came to the address, so it is `proven`. Raises NotFound, InvalidInput
    and LimitReached.
    """
    user = user_by_id(user_id)
    if state_of(invitation) != "good" or user is None:
        raise NotFound
    check_places(0)  # the invitation has its place already, unless the plan became smaller
    member = db.session.scalar(select(Member).where(Member.user_id == user_id).with_for_update())
    if member is not None and member.status == "frozen":
        raise InvalidInput({"": _(
            "An administrator of this workspace has locked you out for now. Nothing of yours is lost. Ask them to let "
            "you in again."
        )}, {"": "frozen"})  # fmt: skip
    with db.engines[SHARED].begin() as connection:
        joined = upsert(Membership).values(user_id=user_id, tenant_id=tenant.id).on_conflict_do_nothing()
        connection.execute(joined)
        if proven and user.email == invitation.email and user.email_verified_at is None:
            connection.execute(update(User).where(User.id == user_id).values(email_verified_at=now()))
    who = member.id if member is not None else new_id()
    act_as(db.session(), replace(acting(db.session()), member_id=who))  # they join by their own act
    if member is None:
        member = make_member(who, user, role_id=invitation.role_id, team_id=invitation.team_id)
    if member.status != "active":
        member.role_id, member.team_id, member.status = invitation.role_id, invitation.team_id, "active"
    member.name, member.email, member.photo_digest = user.name, user.email, user.photo_digest
    member.locale, member.timezone = user.locale, user.timezone
    if not lacks_tables(tenant) and member.two_factor != (has := factors_of(user_id).on):
        member.two_factor = has
    invitation.accepted_at = now()
    db.session.flush()
    publish(PeopleChanged())
    return member
