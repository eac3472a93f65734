"""Inviting many people at once: each line is read and judged by itself, and the good ones can go without the others."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal
from uuid import UUID

from sqlalchemy import literal, select, union_all

from saas_crm.access import invitations
from saas_crm.access.entry import entry_policy
from saas_crm.access.entry_rules import domain_allowed
from saas_crm.access.invitation_mail import mail_link
from saas_crm.access.models import Invitation, Member
from saas_crm.access.offers import insert_offers
from saas_crm.access.permissions import CurrentMember
from saas_crm.access.places import check_places
from saas_crm.access.roles import role_to_give
from saas_crm.access.rules import MOST_AT_ONCE, address_in, name_in
from saas_crm.core.clock import now
from saas_crm.core.emails import EmailError, parse_email
from saas_crm.core.errors import InvalidInput
from saas_crm.core.i18n import gettext as _
from tenants.context import ActiveTenant
from tenants.db import fetch


@dataclass(frozen=True, slots=True)
class Offer:
    """One line: what was typed, the address that was read from it, role and team, and what is wrong with which.

    `needless` is a line that needs no invitation: who is there, is invited already, or stands above it.
    """

    typed: str
    role_id: UUID | None
    team_id: UUID | None
    email: str = ""
    error: str = ""
    field: Literal["email", "role_id", "team_id"] = "email"
    needless: bool = False

    @property
    def name(self) -> str:
        """The name beside the address, "" where only an address was typed."""
        return name_in(self.typed)


def read_offers(lines: Iterable[Offer], *, actor: CurrentMember) -> list[Offer]:
    """Return the lines with their addresses read and their faults told; nothing is written.

    Raises Forbidden, and InvalidInput for none at all or too many.
    """
    actor.require("member:create")
    read = [_with_address(line) for line in lines]
    if not read:
        raise InvalidInput({"addresses": _("Write at least one e-mail address.")})
    if len(read) > MOST_AT_ONCE:
        raise InvalidInput({"addresses": _("At most %(most)s addresses at once.", most=MOST_AT_ONCE)})
    known = _known({line.email for line in read if line.email})
    faults = {role_id: _fault_of_role(role_id, actor) for role_id in {line.role_id for line in read}}
    places = invitations.offered_teams(actor)
    seen: set[str] = set()
    judged, domains = [], entry_policy().email_domains
    for line in read:
        needless = "" if line.error else _needless(line, seen, known)
        outside = "" if domain_allowed(line.email, domains) else invitations.domain_refused()
        seen.add(line.email)
        if error := line.error or needless or outside:
            judged.append(replace(line, error=error, needless=bool(needless)))
        else:
            judged.append(_placed(line, faults, places))
    return judged


def _with_address(line: Offer) -> Offer:
    if not line.typed.strip():
        return replace(line, error=_("This is needed."))
    try:
        return replace(line, email=parse_email(address_in(line.typed)))
    except EmailError as wrong:
        return replace(line, error=_(wrong.message))


def _known(emails: set[str]) -> dict[str, str]:
    """Return which of the addresses belong to a "member", and which have an "invited" mail that is good yet."""
    present = select(Member.email, literal("member").label("what")).where(
        Member.email.in_(emails), Member.status != "removed"
    )
    waiting = select(Invitation.email, literal("invited").label("what")).where(
        Invitation.email.in_(emails), Invitation.accepted_at.is_(None), Invitation.withdrawn_at.is_(None),
        Invitation.expires_at > now(),
    )  # fmt: skip
    rows = fetch(union_all(waiting, present)).all() if emails else ()
    return {row.email: row.what for row in rows}


def _needless(line: Offer, seen: set[str], known: dict[str, str]) -> str:
    if line.email in seen:
        return _("This address is in the list twice.")
    if known.get(line.email) == "member":
        return _("This person is a member already.")
    if known.get(line.email) == "invited":
        return _("This address has an open invitation already.")
    return ""


def _fault_of_role(role_id: UUID | None, actor: CurrentMember) -> str:
    """Return why the actor cannot offer a role, "" where they can: the same rule as for one invitation."""
    try:
        invitations.check_role(role_id, actor, hold=False)
    except InvalidInput as refused:
        return refused.errors["role_id"]
    return ""


def _placed(line: Offer, faults: dict[UUID | None, str], places: set[UUID]) -> Offer:
    if faults[line.role_id]:
        return replace(line, error=faults[line.role_id], field="role_id")
    if line.team_id is not None and line.team_id not in places:
        return replace(line, error=_("Choose a team."), field="team_id")
    return line


def send_offers(
    offers: Sequence[Offer], *, actor: CurrentMember, tenant: ActiveTenant, base_url: str, verified: bool
) -> int:
    """Invite everybody whose line has no fault; returns how many. Each gets a mail with a link for seven days.

    Raises InvalidInput for an inviter whose own address is not verified, and TooManyAttempts when that are more mails
    than the workspace may send now; then nobody is invited.
    """
    actor.require("member:create")
    if not verified:
        raise InvalidInput({"": _("Confirm your own e-mail address first; we sent you a link.")})
    good = [offer for offer in offers if not offer.error and offer.role_id is not None]
    if not good:
        return 0
    check_places(len(good))
    invitations.count_mail(tenant, len(good))
    for role_id in {offer.role_id for offer in good if offer.role_id}:
        role_to_give(role_id, actor)
    made = [
        (*invitations.offered(offer.email, offer.role_id, offer.team_id, actor), offer.name)
        for offer in good if offer.role_id
    ]  # fmt: skip
    insert_offers([invitation for invitation, _token, _name in made])
    for invitation, token, name in made:
        mail_link(invitation, token, actor, tenant, base_url, name=name)
    return len(made)
