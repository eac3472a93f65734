"""The link from the command: password and authenticator app at once, and the recovery codes, shown once."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Response, make_response, render_template, request
from flask.typing import ResponseReturnValue
from pyotp import TOTP
from werkzeug.datastructures import ImmutableMultiDict

from saas_crm.access.throttle import TooManyAttempts
from saas_crm.core.forms import from_form
from saas_crm.edge.declared import operators_door
from saas_crm.edge.input import input_context
from saas_crm.edge.origin import request_origin
from saas_crm.operators.schemas import SetUp
from saas_crm.operators.setting_up import Invited, invited_by, set_up
from web.account.sign_in import wait_message
from web.account.two_factor import codes_file, fours, picture
from web.forms import shown_again
from web.operators.blueprint import bp
from web.operators.sign_in import wait

ISSUER = "SaaS CRM Operator"


def set_up_form(token: str, values: object = None, errors: Mapping[str, str] | None = None) -> str:  # noqa: ARG001
    """Show what the app has to learn, and ask for a password and the app's first code. Raises NotFound."""
    invited = invited_by(token)
    address = TOTP(invited.secret).provisioning_uri(name=invited.email, issuer_name=ISSUER)
    return render_template(
        "operators/set_up.html", invited=invited, secret=" ".join(fours(invited.secret)), address=address,
        picture=picture(address), errors=errors or {}, values={},
    )  # fmt: skip


@bp.get("/setup/<token>")
@operators_door
def show_set_up(token: str) -> Response:
    """Show the form, as long as the link is good."""
    return _private(set_up_form(token))


@bp.post("/setup/<token>")
@operators_door
@shown_again(set_up_form)
def do_set_up(token: str) -> ResponseReturnValue:
    """Set password and app up; both or neither."""
    invited = invited_by(token)
    try:
        data = from_form(SetUp, _with_person(invited), input_context(form=True))
        codes = set_up(token, data.password, data.code, origin=request_origin())
    except TooManyAttempts as too_many:
        return wait(set_up_form(token, errors={"": wait_message(too_many.seconds)}), too_many.seconds)
    return _private(render_template(
        "operators/codes.html", codes=codes, file=codes_file(f"{ISSUER}: {invited.email}", codes)
    ))  # fmt: skip


def _with_person(invited: Invited) -> ImmutableMultiDict[str, str]:
    """Return the form with whose it is, which the password must not repeat; never by what was sent."""
    known = {"email": invited.email, "name": invited.name}
    return ImmutableMultiDict([*known.items(), *((k, v) for k, v in request.form.items() if k not in known)])


def _private(page: str) -> Response:
    response = make_response(page)
    response.headers["Cache-Control"] = "no-store"
    return response
