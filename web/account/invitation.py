"""Accepting an invitation: a page of the workspace that needs no member yet, only the mailed link.

The link went to one address, so it lets that person in and nobody else who happens to hold it: somebody
signed in with another address is told so.
"""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from flask import Response, flash, g, make_response, redirect, render_template, request
from flask.typing import ResponseReturnValue

from saas_crm.access.accepting import accept
from saas_crm.access.factors.standing import factors_of
from saas_crm.access.invitations import find_invitation, seat_of, state_of
from saas_crm.access.joining import make_invited_user
from saas_crm.access.models import Invitation
from saas_crm.access.queries import member_by_id, user_by_email
from saas_crm.access.schemas import Joining, SignInHere
from saas_crm.access.sign_in import SignInRefused, authenticate
from saas_crm.access.throttle import TooManyAttempts
from saas_crm.access.workspace import offered_language
from saas_crm.core.audit import Actor, act_as
from saas_crm.core.errors import InvalidInput, NotFound
from saas_crm.core.fields import clean_line
from saas_crm.core.forms import from_form, parse
from saas_crm.core.i18n import gettext as _
from saas_crm.core.i18n import spoken
from saas_crm.edge.current import user_or_none
from saas_crm.edge.declared import leads_everybody_on, public
from saas_crm.edge.input import input_context
from saas_crm.edge.origin import request_origin
from saas_crm.edge.security import SIGN_IN, note
from tenants.db import db
from tenants.one_at_a_time import let_go
from web.account.blueprint import bp
from web.account.sign_in import wait_message
from web.account.signing import begin_session, caller, let_in
from web.forms import shown_again
from web.settings.role_names import role_name


def join_form(token: str, values: Mapping[str, str] | None = None, errors: Mapping[str, str] | None = None) -> Response:
    """Show what the invited person has to do, or what became of the link."""
    invitation = find_invitation(token)
    state = state_of(invitation)
    if invitation is None or state != "good":
        return _gone(state)
    inviter, seat = _inviter(invitation), _offered(invitation)
    let_go(keep=True)  # nothing was changed: the role that is offered was held
    return make_response(render_template(
        "account/invitation.html", email=invitation.email, inviter=inviter, who=_who(invitation),
        user=user_or_none(), values=values or {"name": _called()}, errors=errors or {}, **seat,
    ))  # fmt: skip


def _offered(invitation: Invitation) -> dict[str, str]:
    """Return as what the person is invited, in words: role, and team or ""."""
    key, name, team = seat_of(invitation)
    return {"role": role_name(key, name), "team": team or ""}


def _called() -> str:
    """Return what the inviter calls the person: it came with the link, and fills the field that asks for the name."""
    return str(clean_line(request.args.get("name", "")[:200].replace("\x00", "")))


@bp.get("/invitations/<token>")
@public("workspace")
@leads_everybody_on
def show_invitation(token: str) -> ResponseReturnValue:
    """Show an invitation to whoever has its link."""
    user_or_none()  # from here on it is known: who asks, and in which language, is in the shared tables
    return join_form(token)


@bp.post("/invitations/<token>")
@public("workspace")
@leads_everybody_on
@shown_again(join_form)
def join(token: str) -> ResponseReturnValue:
    """Make the invited person a member, and sign them in."""
    user_or_none()
    invitation = find_invitation(token)
    state = state_of(invitation)
    if invitation is None or state != "good":
        return _gone(state)
    let_go(keep=True)  # nothing was changed: the role that is offered was held
    try:
        user_id = _identify(invitation)
    except TooManyAttempts as too_many:
        response = join_form(token, errors={"": wait_message(too_many.seconds)})
        response.status_code, response.headers["Retry-After"] = 429, str(too_many.seconds)
        return response
    if user_or_none() is None and factors_of(user_id).on:
        return let_in(user_id, f"{request.script_root}{request.path}")  # and accept then: signed in, with one button
    present = find_invitation(token, hold=True)
    if present is None or state_of(present) != "good":
        return _gone(state_of(present))
    act_as(db.session(), Actor(None, "invitation", g.request_id, request_origin()))
    accept(present, user_id=user_id, tenant=g.tenant)
    let_go(keep=True)
    signed_in = user_or_none()
    if signed_in is None or signed_in.id != user_id:
        begin_session(user_id)
    flash(_("Welcome to %(workspace)s.", workspace=g.tenant.name), "success")
    return redirect(f"{request.script_root}/", 303)


def _who(invitation: Invitation) -> str:
    """Return how the reader stands to the invited address: "me", "other", "known" or "new"."""
    user = user_or_none()
    if user is not None:
        return "me" if user.email == invitation.email else "other"
    return "known" if user_by_email(invitation.email) else "new"


def _identify(invitation: Invitation) -> UUID:
    """Return the user who accepts: signed in, by their password, or new; raises InvalidInput."""
    who, user = _who(invitation), user_or_none()
    if who == "me" and user is not None:
        return user.id
    if who == "other":
        raise InvalidInput({"": _("This invitation is for another address.")})
    if who == "new":
        return _new_user(invitation)
    data = from_form(SignInHere, request.form, input_context(form=True))
    try:
        return authenticate(invitation.email, data.password, caller(), origin=request_origin())
    except SignInRefused:
        note(SIGN_IN)
        raise InvalidInput({"password": _("This is not the password of this address.")}) from None


def _new_user(invitation: Invitation) -> UUID:
    typed = {name: request.form.get(name, "") for name in ("name", "password")}
    data = parse(Joining, {"workspace": g.tenant.name, "email": invitation.email, **typed}, input_context(form=True))
    locale = offered_language(spoken())
    let_go(keep=True)
    return make_invited_user(invitation.email, data.name, data.password, locale=locale, timezone=g.tenant.timezone)


def _inviter(invitation: Invitation) -> str:
    try:
        return member_by_id(invitation.invited_by_id).name
    except NotFound:
        return ""


def _gone(state: str) -> Response:
    let_go(keep=True)
    return make_response(render_template("account/invitation_gone.html", state=state), 410)
