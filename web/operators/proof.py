"""Step-up in the console: password and code again, before what reaches far."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

from flask import Response, make_response, render_template, request
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import ImmutableMultiDict

from saas_crm.access.sign_in import SignInRefused
from saas_crm.access.throttle import TooManyAttempts
from saas_crm.core.i18n import gettext as _
from saas_crm.edge.origin import request_origin
from saas_crm.operators.signing_in import note_proof, take_code, take_password
from web.account.sign_in import wait_message
from web.account.signing import caller
from web.forms import local_path
from web.operators.gate import HOME, current_operator

View = TypeVar("View", bound=Callable[..., ResponseReturnValue])
PASSWORD, CODE = "proof_password", "proof_code"


def proven(view: View) -> View:
    """Only for who gave password and code in the last ten minutes; the form that was sent is kept meanwhile."""

    @wraps(view)
    def guarded(**arguments: Any) -> ResponseReturnValue:
        typed = request.form.get(PASSWORD), request.form.get(CODE)
        kept = [(name, value) for name, values in request.form.lists() for value in values
                if name not in (PASSWORD, CODE)]  # fmt: skip
        request.form = ImmutableMultiDict(kept)
        if not current_operator().is_proven:
            if typed == (None, None):
                return _ask(kept, {}, 403)
            refused = _refused(typed[0] or "", typed[1] or "", kept)
            if refused is not None:
                return refused
        return view(**arguments)

    return cast("View", guarded)


def _refused(password: str, code: str, kept: list[tuple[str, str]]) -> Response | None:
    """Take password and code; returns the form again where they do not fit, None where they do."""
    operator = current_operator()
    try:
        take_password(operator.email, password, caller(), origin=request_origin())
    except SignInRefused:
        return _ask(kept, {PASSWORD: _("This is not your present password.")}, 422)
    except TooManyAttempts as too_many:
        return _wait(kept, too_many.seconds)
    try:
        take_code(operator, code, caller(), origin=request_origin())
    except SignInRefused:
        return _ask(kept, {CODE: _("This code does not fit, or was used before.")}, 422)
    except TooManyAttempts as too_many:
        return _wait(kept, too_many.seconds)
    note_proof(operator)
    return None


def _wait(kept: list[tuple[str, str]], seconds: int) -> Response:
    response = _ask(kept, {"": wait_message(seconds)}, 429)
    response.headers["Retry-After"] = str(seconds)
    return response


def _ask(kept: list[tuple[str, str]], errors: dict[str, str], status: int) -> Response:
    hidden = [(name, value) for name, value in kept if name != "csrf_token"]
    page = render_template(
        "operators/proof.html", kept=hidden, errors=errors, values={}, back=local_path(request.referrer) or HOME,
        action=request.path, email=current_operator().email,
    )  # fmt: skip
    response = make_response(page, status)
    response.headers["Cache-Control"] = "no-store"
    return response
