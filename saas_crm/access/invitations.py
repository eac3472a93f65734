"""Inviting colleagues by e-mail, and joining."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from sqlalchemy import select

from saas_crm.access.entry import entry_policy
from saas_crm.access.entry_rules import domain_allowed
from saas_crm.access.invitation_mail import mail_link
from saas_crm.access.models import Invitation, Member, Role, Team
from saas_crm.access.offers import insert_offers
from saas_crm.access.ownership import check_version
from saas_crm.access.people_changed import PeopleChanged
from saas_crm.access.permissions import CurrentMember
from saas_crm.access.places import check_places
from saas_crm.access.queries import member_by_id, teams
from saas_crm.access.roles import role_to_give
from saas_crm.access.rules import INVITATIONS_PER_WORKSPACE
from saas_crm.access.throttle import count, throttle_key
from saas_crm.access.tokens import new_token, token_hash
from saas_crm.core import limits
from saas_crm.core.clock import now
from saas_crm.core.errors import InvalidInput, NotFound
from saas_crm.core.events import publish
from saas_crm.core.i18n import gettext as _
from tenants.context import ActiveTenant
from tenants.db import AnyRow, db
from tenants.one_at_a_time import let_go

LIFETIME = timedelta(days=7)


def invite(
    email: str, role_id: UUID, *, actor: CurrentMember, tenant: ActiveTenant, base_url: str, verified: bool,
    team_id: UUID | None = None, invitation_id: UUID | None = None,
) -> Invitation:  # fmt: skip
    """Offer a seat to an address and mail the link.

    Raises Forbidden, and InvalidInput for a member, an invitation that is good yet, an unknown or too high role, or
    an inviter whose own address is not verified; TooManyAttempts after very many mails.
    """
    actor.require("member:create")
    _check_invitation(email, role_id, actor, verified)
    if team_id is not None and team_id not in offered_teams(actor):
        raise InvalidInput({"team_id": _("Choose a team.")}, {"team_id": "unknown"})
    check_places()
    count_mail(tenant)
    role_to_give(role_id, actor)
    invitation, token = offered(email, role_id, team_id, actor)
    if invitation_id is not None:
        invitation.id = invitation_id
    insert_offers([invitation])
    mail_link(invitation, token, actor, tenant, base_url)
    return invitation


def offered_teams(actor: CurrentMember) -> set[UUID]:
    """Return the teams the actor may offer a seat in."""
    return {team.id for team in teams() if may_offer(team, actor)}


def may_offer(team: AnyRow, actor: CurrentMember) -> bool:
    """Whether the actor may offer a seat in a team: within their scope to invite, and behind no wall of theirs.

    Whoever sits in a closed unit sees what is owned there: from outside nobody can put a second self into it.
    """
    own, scope, path = set(actor.teams), actor.scope("member:create"), set(team.path)
    within = scope == "all" or team.id in own or (scope == "subtree" and bool(own & path))
    return within and not path & set(actor.walls)


def offered(email: str, role_id: UUID, team_id: UUID | None, actor: CurrentMember) -> tuple[Invitation, str]:
    """Return a new invitation, not yet written, and the token of its link."""
    token = new_token()
    invitation = Invitation(
        email=email, role_id=role_id, team_id=team_id or actor.team_id, invited_by_id=actor.id,
        token_hash=token_hash(token), expires_at=now() + LIFETIME,
    )  # fmt: skip
    return invitation, token


def count_mail(tenant: ActiveTenant, times: int = 1) -> None:
    """Limit what one workspace can mail to strangers: all that begin alike, and each as its plan says.

    Asked before anything is changed or held in the workspace: what is counted stands elsewhere.
    """
    let_go()
    count({throttle_key("invitation", str(tenant.id)): INVITATIONS_PER_WORKSPACE}, times)
    limits.note_mails(times)


def _check_invitation(email: str, role_id: UUID, actor: CurrentMember, verified: bool) -> None:
    if not verified:
        raise InvalidInput({"": _("Confirm your own e-mail address first; we sent you a link.")}, {"": "unverified"})
    check_role(role_id, actor, hold=False)
    if not domain_allowed(email, entry_policy().email_domains):
        raise InvalidInput({"email": domain_refused()}, {"email": "domain"})
    member = db.session.scalar(select(Member.id).where(Member.email == email, Member.status != "removed"))
    if member is not None:
        raise InvalidInput({"email": _("This person is a member already.")}, {"email": "owner"})


def domain_refused() -> str:
    """Say that the workspace does not let addresses of this domain be invited."""
    return _("This workspace invites only addresses of its own domains.")


def check_role(role_id: UUID | None, actor: CurrentMember, *, hold: bool = True) -> None:
    """Raise InvalidInput for a role that is not there, is an owner's, or may do more than the actor may.

    Nobody deletes it before this transaction ends, where it is not only looked at.
    """
    key = db.session.scalar(select(Role.key).where(Role.id == role_id, Role.deleted_at.is_(None)))
    if key == "owner" and actor.role_key != "owner":
        raise InvalidInput({"role_id": _("Only an owner can invite owners.")}, {"role_id": "owner"})
    if role_id is None:
        raise InvalidInput({"role_id": _("Choose a role.")}, {"role_id": "unknown"})
    role_to_give(role_id, actor, hold=hold)


def resend(
    invitation_id: UUID, *, actor: CurrentMember, tenant: ActiveTenant, base_url: str, verified: bool
) -> Invitation:
    """Mail a new link for an open invitation, good for another seven days; the old link stops working.

    From then on it is the actor's offer. Raises Forbidden, NotFound, InvalidInput and TooManyAttempts.
    """
    actor.require("member:create")
    if not verified:
        raise InvalidInput({"": _("Confirm your own e-mail address first; we sent you a link.")})
    invitation = get_open(invitation_id)
    try:
        check_role(invitation.role_id, actor, hold=False)
        if invitation.expires_at <= now():
            check_places()
        count_mail(tenant)
        role_to_give(invitation.role_id, actor)
    except InvalidInput as refused:
        raise InvalidInput({"": refused.errors["role_id"]}) from None
    token = new_token()
    invitation.token_hash, invitation.expires_at = token_hash(token), now() + LIFETIME
    invitation.invited_by_id = actor.id
    db.session.flush()
    mail_link(invitation, token, actor, tenant, base_url)
    return invitation


def withdraw(invitation_id: UUID, *, actor: CurrentMember, version: int | None = None) -> None:
    """Take an invitation back; raises VersionConflict, and NotFound if it is no longer open."""
    actor.require("member:create")
    invitation = get_open(invitation_id)
    check_version(invitation, version)
    invitation.withdrawn_at = now()
    db.session.flush()
    publish(PeopleChanged(gone=True))


def get_open(invitation_id: UUID) -> Invitation:
    """Return an invitation that is neither accepted nor withdrawn; raises NotFound."""
    found = db.session.scalar(
        select(Invitation).where(
            Invitation.id == invitation_id,
            Invitation.accepted_at.is_(None),
            Invitation.withdrawn_at.is_(None),
        )
    )
    if found is None:
        raise NotFound
    return found


def find_invitation(token: str, *, hold: bool = False) -> Invitation | None:
    """Return the invitation behind a link, in whatever state it is; who is about to accept it has to `hold` it."""
    found = select(Invitation).where(Invitation.token_hash == token_hash(token))
    if hold:
        found = found.with_for_update().execution_options(populate_existing=True)
    return db.session.scalar(found)


def seat_of(invitation: Invitation) -> tuple[str | None, str, str | None]:
    """Return key and name of the role that an invitation offers, and the team's name, None for no team."""
    team = select(Team.name).where(Team.id == invitation.team_id, Team.deleted_at.is_(None)).scalar_subquery()
    seat = select(Role.key, Role.name, team).where(Role.id == invitation.role_id)
    key, name, team_name = db.session.execute(seat).one()
    return key, name, team_name


def state_of(invitation: Invitation | None) -> str:
    """Return what a link still is: "good", "unknown", "expired", "used" or "withdrawn".

    Withdrawn is also what somebody offered who may not offer it any more: who was removed, frozen or demoted.
    Sending it again makes it the offer of whoever does that.
    """
    if invitation is None:
        return "unknown"
    if invitation.accepted_at is not None:
        return "used"
    if invitation.withdrawn_at is not None or not _still_offered(invitation):
        return "withdrawn"
    return "expired" if invitation.expires_at < now() else "good"


def _still_offered(invitation: Invitation) -> bool:
    """Whether the inviter may still give the seat they offered."""
    try:
        inviter = member_by_id(invitation.invited_by_id)
        check_role(invitation.role_id, inviter)
    except (NotFound, InvalidInput):
        return False
    if not domain_allowed(invitation.email, entry_policy().email_domains):
        return False
    if invitation.team_id is not None and invitation.team_id not in {inviter.team_id, *offered_teams(inviter)}:
        return False
    return inviter.can("member:create")
