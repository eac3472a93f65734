"""Changing the password."""

from __future__ import annotations

from flask import flash, make_response, redirect, render_template, request
from flask.typing import ResponseReturnValue

from saas_crm.access.recovery import change_password
from saas_crm.access.schemas import PasswordChange
from saas_crm.access.throttle import TooManyAttempts
from saas_crm.core.forms import parse
from saas_crm.core.i18n import gettext as _
from saas_crm.edge.current import settings, signed_in_user
from saas_crm.edge.declared import signed_in
from saas_crm.edge.origin import request_origin
from web.account.blueprint import bp
from web.account.sign_in import wait_message
from web.account.signing import begin_session, caller
from web.account.strength import known_of
from web.forms import shown_again


def password_form(values: object = None, errors: dict[str, str] | None = None) -> str:  # noqa: ARG001
    """Show the form; passwords are never shown again."""
    return render_template("account/password.html", user=signed_in_user(), errors=errors or {})


@bp.get("/profile/password")
@signed_in
def show_password_form() -> str:
    """Ask for the present and the new password."""
    return password_form()


@bp.post("/profile/password")
@signed_in
@shown_again(password_form)
def save_password() -> ResponseReturnValue:
    """Change the password, sign all other browsers out, and give this one a new session."""
    user = signed_in_user()
    typed = {name: request.form.get(name, "") for name in ("current", "password")}
    data = parse(PasswordChange, {**known_of(user.id, user.name, user.email), **typed})
    try:
        change_password(
            user, data.current, data.password, base_url=settings().base_url, address=caller(), origin=request_origin()
        )
    except TooManyAttempts as too_many:
        response = make_response(password_form(errors={"": wait_message(too_many.seconds)}), 429)
        response.headers["Retry-After"] = str(too_many.seconds)
        return response
    begin_session(user.id)
    flash(_("Your password is changed. All other browsers are signed out."), "success")
    return redirect("/profile", 303)
