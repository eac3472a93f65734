"""Signing in to the console: password, then always a code; and out."""

from __future__ import annotations

from flask import Response, flash, make_response, redirect, render_template, request
from flask.typing import ResponseReturnValue

from saas_crm.access.sign_in import SignInRefused
from saas_crm.access.throttle import TooManyAttempts
from saas_crm.core.errors import InvalidInput
from saas_crm.core.forms import from_form
from saas_crm.core.i18n import gettext as _
from saas_crm.edge.declared import operators_door
from saas_crm.edge.input import input_context
from saas_crm.edge.origin import request_origin
from saas_crm.operators.schemas import GivenCode, Password
from saas_crm.operators.signing_in import begin_pending, begin_session, end_session, take_code, take_password
from web.account.sign_in import wait_message
from web.account.signing import caller
from web.forms import shown_again
from web.operators.blueprint import bp
from web.operators.gate import HOME, SIGN_IN, operator_or_none, with_cookie, without_cookie

Errors = dict[str, str] | None


def sign_in_form(values: dict[str, str] | None = None, errors: Errors = None) -> str:
    """Show the form; what was typed stays, save the password."""
    return render_template("operators/sign_in.html", values=values or {}, errors=errors or {})


@bp.get("/signin")
@operators_door
def show_sign_in() -> ResponseReturnValue:
    """Ask who is there, unless it is known."""
    found = operator_or_none()
    return sign_in_form() if found is None or found.pending else redirect(HOME)


@bp.post("/signin")
@operators_door
@shown_again(sign_in_form)
def sign_in() -> ResponseReturnValue:
    """Take the password; one answer for a wrong address, a wrong password, and who is not set up or let in."""
    data = from_form(Password, request.form, input_context(form=True))
    try:
        operator_id = take_password(data.email, data.password, caller(), origin=request_origin())
    except SignInRefused:
        raise InvalidInput({"": _("E-mail and password do not fit together.")}) from None
    except TooManyAttempts as too_many:
        return wait(sign_in_form({"email": data.email}, {"": wait_message(too_many.seconds)}), too_many.seconds)
    token = begin_pending(operator_id, origin=request_origin())
    return with_cookie(make_response(redirect("/operator/signin/code", 303)), token)


def code_form(values: object = None, errors: Errors = None) -> str:  # noqa: ARG001 - codes are never shown again
    """Ask for the code of the app, or a recovery code."""
    return render_template(
        "operators/code.html", errors=errors or {}, recovery=request.values.get("with") == "recovery"
    )


@bp.get("/signin/code")
@operators_door
def show_code() -> ResponseReturnValue:
    """Ask for the code, of whoever gave their password in this browser lately."""
    found = operator_or_none()
    if found is None:
        return redirect(SIGN_IN)
    return code_form() if found.pending else redirect(HOME)


@bp.post("/signin/code")
@operators_door
@shown_again(code_form)
def give_code() -> ResponseReturnValue:
    """Take the code and sign in, with a session that did not exist before."""
    found = operator_or_none()
    if found is None:
        flash(_("Please sign in again: too much time has passed since your password."), "warning")
        return redirect(SIGN_IN, 303)
    if not found.pending:
        return redirect(HOME, 303)
    data = from_form(GivenCode, request.form, input_context(form=True))
    try:
        take_code(found, data.code, caller(), origin=request_origin())
    except SignInRefused:
        raise InvalidInput({"code": _("This code does not fit, or was used before.")}) from None
    except TooManyAttempts as too_many:
        return wait(code_form(errors={"": wait_message(too_many.seconds)}), too_many.seconds)
    token = begin_session(found, origin=request_origin())
    if token is None:
        return redirect(SIGN_IN, 303)
    return with_cookie(make_response(redirect(HOME, 303)), token)


@bp.post("/signout")
@operators_door
def sign_out() -> ResponseReturnValue:
    """Sign this browser out of the console; also where it was out already."""
    found = operator_or_none()
    if found is not None:
        end_session(found, origin=request_origin())
    flash(_("You are signed out."), "success")
    return without_cookie(make_response(redirect(SIGN_IN, 303)))


def wait(body: str, seconds: int) -> Response:
    """Answer a guess too many with the same form, which says how long to wait."""
    response = make_response(body, 429)
    response.headers["Retry-After"] = str(seconds)
    return response
