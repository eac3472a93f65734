"""Signing in and out, and choosing a workspace."""

from __future__ import annotations

from flask import Response, flash, make_response, redirect, render_template, request
from flask.typing import ResponseReturnValue

from saas_crm.access.schemas import SignIn
from saas_crm.access.sessions import workspaces_of
from saas_crm.access.sign_in import SignInRefused, authenticate
from saas_crm.access.throttle import TooManyAttempts
from saas_crm.core.errors import InvalidInput
from saas_crm.core.forms import from_form
from saas_crm.core.i18n import gettext as _
from saas_crm.core.i18n import ngettext
from saas_crm.edge.current import signed_in_user, user_or_none
from saas_crm.edge.declared import also_on_domains, public, signed_in
from saas_crm.edge.domains import passkeys_here
from saas_crm.edge.input import input_context
from saas_crm.edge.origin import request_origin
from saas_crm.edge.security import SIGN_IN, note
from web.account.blueprint import bp
from web.account.signing import caller, end_this_session, home_of, let_in
from web.account.sso import way_in
from web.forms import local_path, shown_again


def sign_in_form(values: dict[str, str] | None = None, errors: dict[str, str] | None = None) -> str:
    """Show the sign-in form; what was typed stays, save the password."""
    after = local_path(request.values.get("next"))
    return render_template(
        "account/sign_in.html", values=values or {}, errors=errors or {}, next=after, passkeys=passkeys_here(),
        sso=way_in(after),
    )  # fmt: skip


@bp.get("/signin")
@public("outside")
@also_on_domains
def show_sign_in() -> ResponseReturnValue:
    """Ask who is there, unless it is known."""
    user = user_or_none()
    if user is None:
        return sign_in_form()
    return redirect(local_path(request.args.get("next")) or home_of(user.id))


@bp.post("/signin")
@public("outside")
@also_on_domains
@shown_again(sign_in_form)
def sign_in() -> ResponseReturnValue:
    """Sign in; one answer for a wrong address, a wrong password and both."""
    data = from_form(SignIn, request.form, input_context(form=True))
    try:
        user_id = authenticate(data.email, data.password, caller(), origin=request_origin())
    except SignInRefused:
        note(SIGN_IN)
        raise InvalidInput({"": _("E-mail and password do not fit together.")}) from None
    except TooManyAttempts as too_many:
        return _wait(too_many.seconds)
    return let_in(user_id, local_path(request.form.get("next")))


def _wait(seconds: int) -> Response:
    errors = {"": wait_message(seconds)}
    response = make_response(sign_in_form({"email": request.form.get("email", "")}, errors), 429)
    response.headers["Retry-After"] = str(seconds)
    return response


def wait_message(seconds: int) -> str:
    """Say how long the next attempt must wait."""
    if seconds < 90:
        wait = ngettext("%(num)s second", "%(num)s seconds", seconds)
    else:
        wait = ngettext("%(num)s minute", "%(num)s minutes", -(-seconds // 60))
    return _("Too many attempts. Please wait %(time)s and try again.", time=wait)


@bp.post("/signout")
@public("outside")
@also_on_domains
def sign_out() -> ResponseReturnValue:
    """Sign this browser out; also where it was signed out already."""
    end_this_session()
    flash(_("You are signed out."), "success")
    after = local_path(request.form.get("next"))
    return redirect(after or "/signin", 303)


@bp.get("/workspaces")
@signed_in
def workspaces() -> str:
    """Let the person choose one of their workspaces, or make a further one."""
    user = signed_in_user()
    return render_template("account/workspaces.html", user=user, workspaces=workspaces_of(user.id))
