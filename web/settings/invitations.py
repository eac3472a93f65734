"""Inviting one or many: addresses are pasted, looked over line by line, and sent; bad lines stay and say why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import zip_longest
from typing import Any
from uuid import UUID

from flask import flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from saas_crm.access import invitations
from saas_crm.access.inviting import Offer, read_offers, send_offers
from saas_crm.access.rules import split_addresses
from saas_crm.access.team_schemas import InvitationsWrite
from saas_crm.access.throttle import TooManyAttempts
from saas_crm.core.errors import InvalidInput
from saas_crm.core.forms import from_form
from saas_crm.core.i18n import gettext as _
from saas_crm.core.i18n import ngettext
from saas_crm.edge.current import current_member, settings, signed_in_user
from saas_crm.edge.declared import requires
from saas_crm.edge.input import input_context
from saas_crm.edge.proof import proven
from tenants.db import db
from web.account.sign_in import wait_message
from web.billing.seat_asking import SeatsNeeded, check_seats, seats_page, want
from web.forms import saved, shown_again
from web.lists import asked_id
from web.settings.inviting import role_choices
from web.settings.members_bp import bp
from web.settings.role_names import role_abilities
from web.settings.team_choices import team_choices

MOST_OPTIONS = 3_000
"""Above so many options for teams in one page, all invited get one team, to be changed afterwards."""


def invite_page(values: Mapping[str, Any] | None = None, errors: Mapping[str, str] | None = None) -> str:
    """Show the first step: addresses, and role and team for all."""
    member, user = current_member(), signed_in_user()
    return render_template(
        "settings/invite.html", roles=role_choices(member), teams=team_choices(inviting=member),
        abilities=role_abilities(),
        values=values or {"team_id": str(member.team_id or "")}, errors=errors or {}, verified=user.email_verified,
        email=user.email, shows_mail=settings().shows_mail,
    )  # fmt: skip


@bp.get("/settings/members/invite")
@requires("member:create")
def show_invite() -> str:
    """Show the first step of inviting."""
    return invite_page()


@bp.post("/settings/members/invite")
@requires("member:create")
@shown_again(invite_page)
def look_over() -> str:
    """Show the second step: each address with its role and team, and what is wrong with it. Nothing is sent yet."""
    data = from_form(InvitationsWrite, request.form, input_context(form=True))
    lines = [Offer(entry, data.role_id, data.team_id) for entry in split_addresses(data.addresses)]
    return _lines_page(read_offers(lines, actor=current_member()))


def _lines_page(offers: Sequence[Offer], *, sent: int = 0, error: str = "") -> str:
    """Show the lines, those with a fault first; what needs no invitation is told apart, and left out."""
    member = current_member()
    teams, roles = team_choices(inviting=member), role_choices(member)
    wrong = [offer for offer in offers if offer.error and not offer.needless]
    good = [offer for offer in offers if not offer.error]
    return render_template(
        "settings/invite_lines.html", offers=[*wrong, *good], sent=sent, errors={"": error} if error else {},
        roles=roles, teams=teams, teams_fit=len(teams) * len(offers) <= MOST_OPTIONS,
        role_names=dict(roles), team_names={key: name.strip() for key, name in teams},
        wrong=len(wrong), good=len(good), needless=[offer for offer in offers if offer.needless],
    )  # fmt: skip


@bp.get("/settings/members/invitations")
@requires("member:create")
def begin() -> ResponseReturnValue:
    """Lead who looks for the second step to the first one."""
    return redirect(url_for("settings_members.show_invite"), 303)


@bp.post("/settings/members/invitations")
@requires("member:create")
@proven
def invite() -> ResponseReturnValue:
    """Send the lines that are good; those that are not are shown again with what was typed and what is wrong."""
    lines = [
        Offer(email, asked_id("id", {"id": role}), asked_id("id", {"id": team}))
        for number, (email, role, team) in enumerate(_typed())
        if str(number) not in request.form.getlist("skip")
    ]
    try:
        offers = read_offers(lines, actor=current_member())
    except InvalidInput as refused:
        return invite_page({}, {"addresses": next(iter(refused.errors.values()))}), 422
    try:
        agreed = check_seats(sum(not offer.error for offer in offers))
        sent = send_offers(
            offers, actor=current_member(), tenant=g.tenant, base_url=settings().base_url,
            verified=signed_in_user().email_verified,
        )  # fmt: skip
        want(agreed)
    except SeatsNeeded as needed:
        here = url_for("settings_members.invite")
        return seats_page(needed.needed, action=here, back_url=url_for("settings_members.show_invite"))
    except (InvalidInput, TooManyAttempts) as refused:
        db.session.rollback()
        said = refused.errors.values() if isinstance(refused, InvalidInput) else [wait_message(refused.seconds)]
        return _lines_page(offers, error=next(iter(said))), 422
    return _after_sending(offers, sent)


def _typed() -> list[tuple[str, str, str]]:
    emails, role_ids, team_ids = (request.form.getlist(name) for name in ("email", "role_id", "team_id"))
    return list(zip_longest(emails, role_ids, team_ids, fillvalue=""))


def _after_sending(offers: Sequence[Offer], sent: int) -> ResponseReturnValue:
    bad = [offer for offer in offers if offer.error]
    if any(not offer.needless for offer in bad) or not sent:
        return _lines_page(bad, sent=sent), 200 if sent else 422
    index = url_for("settings_members.index")
    if sent == 1:
        return saved(index, _("%(email)s is invited.", email=next(o.email for o in offers if not o.error)))
    return saved(index, ngettext("%(num)s person is invited.", "%(num)s people are invited.", sent))


@bp.post("/settings/members/invitations/<uuid:invitation_id>/mail")
@requires("member:create")
def resend(invitation_id: UUID) -> ResponseReturnValue:
    """Mail a new link for an open invitation."""
    back = url_for("settings_members.index")
    try:
        invitation = invitations.resend(
            invitation_id, actor=current_member(), tenant=g.tenant, base_url=settings().base_url,
            verified=signed_in_user().email_verified,
        )  # fmt: skip
    except InvalidInput as refused:
        for message in refused.errors.values():
            flash(message, "error")
        return redirect(back, 303)
    except TooManyAttempts as too_many:
        flash(wait_message(too_many.seconds), "error")
        return redirect(back, 303)
    return saved(back, _("A new link is on its way to %(email)s.", email=invitation.email))


@bp.post("/settings/members/invitations/<uuid:invitation_id>/withdrawal")
@requires("member:create")
def withdraw(invitation_id: UUID) -> ResponseReturnValue:
    """Take an invitation back."""
    invitations.withdraw(invitation_id, actor=current_member())
    return saved(url_for("settings_members.index"), _("The invitation is withdrawn; its link no longer works."))
