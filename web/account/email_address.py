"""Changing the address one signs in with: asking, the link to the new one, and the way back from the former one."""

from __future__ import annotations

from flask import Response, flash, make_response, redirect, render_template, request
from flask.typing import ResponseReturnValue

from saas_crm.access.email_change.asking import ask_again, ask_for_change, pending_change, withdraw_change
from saas_crm.access.email_change.confirming import change_behind, confirm_change
from saas_crm.access.email_change.undoing import undo_behind, undo_change
from saas_crm.access.mailed import LinkState
from saas_crm.access.profile import spread_at_once
from saas_crm.access.queries import user_by_id
from saas_crm.access.schemas import EmailChangeWrite, NewPassword
from saas_crm.access.throttle import TooManyAttempts
from saas_crm.core.forms import from_form, parse
from saas_crm.core.i18n import gettext as _
from saas_crm.edge.current import settings, signed_in_user
from saas_crm.edge.declared import public, signed_in
from saas_crm.edge.input import input_context
from saas_crm.edge.origin import request_origin
from saas_crm.edge.proof import proven
from web.account.blueprint import bp
from web.account.sign_in import wait_message
from web.account.signing import caller, let_in
from web.account.strength import known_of
from web.forms import saved, shown_again

PAGE = "/profile/email"
Values = dict[str, str] | None


def email_page(values: Values = None, errors: Values = None) -> str:
    """Show the present address, the change that waits, and the form for another one."""
    user = signed_in_user()
    return render_template(
        "account/email.html", user=user, pending=pending_change(user), values=values or {}, errors=errors or {},
        shows_mail=settings().shows_mail,
    )  # fmt: skip


def _wait(too_many: TooManyAttempts, values: Values = None) -> Response:
    response = make_response(email_page(values, {"": wait_message(too_many.seconds)}), 429)
    response.headers["Retry-After"] = str(too_many.seconds)
    return response


@bp.get(PAGE)
@signed_in
def show_email() -> str:
    """Show the address the person signs in with."""
    return email_page()


@bp.post(PAGE)
@signed_in
@proven
@shown_again(email_page)
def ask_email_change() -> ResponseReturnValue:
    """Have the link mailed to the new address; the answer is the same whether somebody has it or not."""
    data = from_form(EmailChangeWrite, request.form, input_context(form=True))
    try:
        ask_for_change(signed_in_user(), data.email, caller(), origin=request_origin())
    except TooManyAttempts as too_many:
        return _wait(too_many, {"email": data.email})
    return saved(PAGE, _("We have sent a link to %(email)s.", email=data.email))


@bp.post(f"{PAGE}/again")
@signed_in
def ask_email_change_again() -> ResponseReturnValue:
    """Mail the link once more."""
    try:
        email = ask_again(signed_in_user(), caller())
    except TooManyAttempts as too_many:
        return _wait(too_many)
    return saved(PAGE, _("We have sent a new link to %(email)s.", email=email)) if email else redirect(PAGE, 303)


@bp.post(f"{PAGE}/withdrawal")
@signed_in
def withdraw_email_change() -> ResponseReturnValue:
    """Take back what was asked for."""
    gone = withdraw_change(signed_in_user().id)
    return saved(PAGE, _("Your address stays as it is.")) if gone else redirect(PAGE, 303)


def confirmation_page(token: str, values: Values = None, errors: Values = None) -> Response:  # noqa: ARG001
    """Show the button that makes the new address count, or what became of the link."""
    state, change = change_behind(signed_in_user(), token)
    if change is None or state is not LinkState.GOOD:
        return _gone("change", state)
    return make_response(render_template("account/email_confirm.html", change=change, errors=errors or {}))


@bp.get(f"{PAGE}/confirmation/<token>")
@signed_in
def show_email_confirmation(token: str) -> Response:
    """Ask whether the new address is to count, of who is signed in and has its link."""
    return confirmation_page(token)


@bp.post(f"{PAGE}/confirmation/<token>")
@signed_in
@shown_again(confirmation_page)
def confirm_email(token: str) -> ResponseReturnValue:
    """Make the new address count. All other browsers are signed out."""
    user = signed_in_user()
    state = confirm_change(user, token, origin=request_origin())
    if state is not LinkState.GOOD:
        return _gone("change", state)
    spread_at_once(user.id)
    return saved(PAGE, _("Your address is changed. All other browsers and programs are signed out."))


def undo_page(token: str, values: Values = None, errors: Values = None) -> Response:  # noqa: ARG001
    """Show the form that gives the former address back with a new password, or what became of the link."""
    state, change = undo_behind(token)
    user = user_by_id(change.user_id) if change else None
    if change is None or user is None or state is not LinkState.GOOD:
        return _gone("undo", state)
    return make_response(render_template(
        "account/email_undo.html", user=user, change=change, errors=errors or {},
        workspaces=known_of(user.id, user.name, change.old_email)["workspace"],
    ))  # fmt: skip


@bp.get(f"{PAGE}/undo/<token>")
@public("outside")
def show_email_undo(token: str) -> Response:
    """Ask for a new password, of who has the link from a mail to the former address."""
    return undo_page(token)


@bp.post(f"{PAGE}/undo/<token>")
@public("outside")
@shown_again(undo_page)
def undo_email(token: str) -> ResponseReturnValue:
    """Give the former address back, and sign in with it; a second step from before the change is asked for."""
    state, change = undo_behind(token)
    owner = user_by_id(change.user_id) if change else None
    if change is None or owner is None or state is not LinkState.GOOD:
        return _gone("undo", state)
    typed = request.form.get("password", "")
    data = parse(NewPassword, {**known_of(owner.id, owner.name, change.old_email), "password": typed})
    user_id = undo_change(token, data.password, origin=request_origin())
    if user_id is None:
        return _gone("undo", LinkState.USED)
    spread_at_once(user_id)
    answer = let_in(user_id, how="link")
    flash(_("You sign in with %(email)s again. Your new password is set.", email=change.old_email), "success")
    return answer


def _gone(purpose: str, state: LinkState) -> Response:
    return make_response(render_template("account/email_link_gone.html", purpose=purpose, state=state.value), 410)
