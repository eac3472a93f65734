"""Signing in by passkey: alone, or as the second step after the password."""

from __future__ import annotations

from flask import Response, make_response, redirect, request
from flask.typing import ResponseReturnValue

from saas_crm.access.factors.passkeys import PasskeyRefused, options_to_sign, take_passkey
from saas_crm.access.rules import PER_ADDRESS
from saas_crm.access.throttle import TooManyAttempts, count, network_of, take_back, throttle_key
from saas_crm.core.errors import InvalidInput
from saas_crm.core.i18n import gettext as _
from saas_crm.edge.challenges import answered, new_challenge
from saas_crm.edge.declared import public
from saas_crm.edge.origin import request_origin
from saas_crm.edge.security import SIGN_IN, note
from web.account.blueprint import bp
from web.account.passkeys import private_json
from web.account.second_step import code_form, from_the_start
from web.account.sign_in import sign_in_form, wait_message
from web.account.signing import begin_session, caller, home_of, owes_second_step, settle_second_step
from web.forms import local_path, shown_again


@bp.post("/signin/passkey/options")
@public("outside")
def sign_in_options() -> Response:
    """Return what the browser needs: the same for everybody, so that it tells nothing of who has a passkey."""
    return private_json(options_to_sign(new_challenge("sign-in"), verified=True))


@bp.post("/signin/passkey")
@public("outside")
@shown_again(sign_in_form)
def sign_in_by_passkey() -> ResponseReturnValue:
    """Sign in by a passkey whose device has checked its owner: that is two factors in one."""
    limit = throttle_key("passkey-from", network_of(caller()))
    try:
        until = count({limit: PER_ADDRESS})
    except TooManyAttempts as too_many:
        return _wait(sign_in_form(errors={"": wait_message(too_many.seconds)}), too_many.seconds)
    try:
        answer = answered("sign-in", request.form.get("credential", ""))
        user_id = take_passkey(answer, origin=request_origin(), verified=True)
    except PasskeyRefused:
        note(SIGN_IN)
        raise InvalidInput({"": _("This passkey does not open anything here.")}) from None
    take_back(limit, until[limit])
    begin_session(user_id, how="passkey")
    return redirect(local_path(request.form.get("next")) or home_of(user_id), 303)


@bp.post("/signin/code/passkey/options")
@public("outside")
def second_step_options() -> Response:
    """Return what the browser needs to use a passkey of whoever has just given their password in it."""
    user_id = owes_second_step()
    if user_id is None:
        return make_response("", 403)
    return private_json(options_to_sign(new_challenge("second-step"), user_id, verified=False))


@bp.post("/signin/code/passkey")
@public("outside")
@shown_again(code_form)
def give_passkey() -> ResponseReturnValue:
    """Take a passkey instead of a code, and sign in."""
    user_id = owes_second_step()
    if user_id is None:
        return from_the_start()
    try:
        answer = answered("second-step", request.form.get("credential", ""))
        take_passkey(answer, origin=request_origin(), owner=user_id, verified=False)
    except PasskeyRefused:
        note(SIGN_IN)
        raise InvalidInput({"": _("This passkey does not open anything here.")}) from None
    if not settle_second_step():
        return from_the_start()
    begin_session(user_id, how="passkey")
    return redirect(local_path(request.form.get("next")) or home_of(user_id), 303)


def _wait(body: str, seconds: int) -> Response:
    response = make_response(body, 429)
    response.headers["Retry-After"] = str(seconds)
    return response
