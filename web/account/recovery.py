"""Getting back in by a mailed link, and confirming an address by one.

A link only shows a page with a button; the button does it. Mail servers open the links in a mail to look
for harm, and must not use them up.
"""

from __future__ import annotations

from flask import Response, flash, make_response, render_template, request
from flask.typing import ResponseReturnValue

from saas_crm.access.mailed import LinkState, link_state, verify_address
from saas_crm.access.queries import user_by_id
from saas_crm.access.recovery import ask_for_reset, set_new_password
from saas_crm.access.schemas import Forgotten, NewPassword
from saas_crm.access.throttle import TooManyAttempts
from saas_crm.core.forms import from_form, parse
from saas_crm.core.i18n import gettext as _
from saas_crm.edge.current import settings, user_or_none
from saas_crm.edge.declared import public
from saas_crm.edge.input import input_context
from saas_crm.edge.origin import request_origin
from web.account.blueprint import bp
from web.account.sign_in import wait_message
from web.account.signing import caller, home_of, let_in
from web.account.strength import known_of
from web.forms import shown_again

Values = dict[str, str] | None


def forgot_form(values: Values = None, errors: Values = None) -> str:
    """Show the form that asks for a link."""
    return render_template("account/forgot.html", values=values or request.args, errors=errors or {})


@bp.get("/forgot")
@public("outside")
def show_forgot() -> str:
    """Ask which address the password is forgotten of."""
    return forgot_form()


@bp.post("/forgot")
@public("outside")
@shown_again(forgot_form)
def forgot() -> ResponseReturnValue:
    """Promise a link; the answer is the same whether somebody has the address or not."""
    data = from_form(Forgotten, request.form, input_context(form=True))
    try:
        ask_for_reset(data.email, caller())
    except TooManyAttempts as too_many:
        response = make_response(forgot_form({"email": data.email}, {"": wait_message(too_many.seconds)}), 429)
        response.headers["Retry-After"] = str(too_many.seconds)
        return response
    return render_template("account/forgot_sent.html", email=data.email, shows_mail=settings().shows_mail)


def reset_form(token: str, values: Values = None, errors: Values = None) -> Response:  # noqa: ARG001
    """Show the form for a new password, or what became of the link."""
    state, user_id = link_state("reset", token)
    user = user_by_id(user_id) if user_id else None
    if state is not LinkState.GOOD or user is None:
        return _gone("reset", state)
    return make_response(render_template(
        "account/reset.html", user=user, errors=errors or {},
        workspaces=known_of(user.id, user.name, user.email)["workspace"],
    ))  # fmt: skip


@bp.get("/reset/<token>")
@public("outside")
def show_reset(token: str) -> ResponseReturnValue:
    """Ask for the new password."""
    return reset_form(token)


@bp.post("/reset/<token>")
@public("outside")
@shown_again(reset_form)
def reset(token: str) -> ResponseReturnValue:
    """Set the new password and sign in: who has the link and has just typed the password is known.

    A second step is asked for all the same: the link proves the mailbox, not the phone.
    """
    state, owner_id = link_state("reset", token)
    owner = user_by_id(owner_id) if owner_id else None
    if state is not LinkState.GOOD or owner is None:
        return _gone("reset", state)
    typed = request.form.get("password", "")
    data = parse(NewPassword, {**known_of(owner.id, owner.name, owner.email), "password": typed})
    user_id = set_new_password(token, data.password, base_url=settings().base_url, origin=request_origin())
    if user_id is None:
        return _gone("reset", LinkState.USED)
    answer = let_in(user_id, how="link")
    flash(_("Your new password is set."), "success")
    return answer


@bp.get("/verify/<token>")
@public("outside")
def show_verify(token: str) -> ResponseReturnValue:
    """Show the button that confirms the address; who is not signed in by it is told who signed up.

    Anybody can sign up with anybody's address: the one who has it must not confirm a stranger's sign-in unawares.
    """
    state, user_id = link_state("verify", token)
    user = user_by_id(user_id) if user_id else None
    if state is LinkState.GOOD and user is not None:
        here = user_or_none()
        return render_template("account/verify.html", user=user, is_here=here is not None and here.id == user.id)
    return _verified() if state is LinkState.USED else _gone("verify", state)


@bp.post("/verify/<token>")
@public("outside")
def verify(token: str) -> ResponseReturnValue:
    """Confirm the address behind the link."""
    state = verify_address(token)
    return _verified() if state in (LinkState.GOOD, LinkState.USED) else _gone("verify", state)


def _verified() -> str:
    user = user_or_none()
    return render_template("account/verified.html", home=home_of(user.id) if user else "/signin")


def _gone(purpose: str, state: LinkState) -> Response:
    return make_response(render_template("account/link_gone.html", purpose=purpose, state=state.value), 410)
