"""The second step of signing in: a code of the app, or a recovery code, before there is any session."""

from __future__ import annotations

from urllib.parse import urlencode

from flask import Response, flash, make_response, redirect, render_template, request
from flask.typing import ResponseReturnValue

from saas_crm.access.factors.checking import CodeRefused, check_code
from saas_crm.access.factors.standing import Factors, factors_of
from saas_crm.access.schemas import SecondStep
from saas_crm.access.throttle import TooManyAttempts
from saas_crm.core.errors import InvalidInput
from saas_crm.core.forms import from_form
from saas_crm.core.i18n import gettext as _
from saas_crm.core.i18n import ngettext
from saas_crm.edge.current import user_or_none
from saas_crm.edge.declared import also_on_domains, public
from saas_crm.edge.domains import passkeys_here
from saas_crm.edge.input import input_context
from saas_crm.edge.origin import request_origin
from saas_crm.edge.security import SIGN_IN, note
from web.account.blueprint import bp
from web.account.sign_in import wait_message
from web.account.signing import begin_session, caller, home_of, owes_second_step, settle_second_step
from web.forms import local_path, shown_again

PAGE = "/signin/code"


def code_form(values: object = None, errors: dict[str, str] | None = None) -> str:  # noqa: ARG001
    """Show the form with what the person has; codes are never shown again."""
    user_id = owes_second_step()
    found = factors_of(user_id) if user_id else Factors()
    return render_template(
        "account/code.html", errors=errors or {}, next=local_path(request.values.get("next")),
        recovery=request.values.get("with") == "recovery", has_app=found.app_since is not None,
        has_passkey=found.passkeys > 0 and passkeys_here(),
        passkeys_elsewhere=found.passkeys > 0 and not passkeys_here(),
    )  # fmt: skip


@bp.get(PAGE)
@public("outside")
@also_on_domains
def show_code_form() -> ResponseReturnValue:
    """Ask for the code, of whoever has just given their password in this browser."""
    user = user_or_none()
    if user is not None:
        return redirect(local_path(request.args.get("next")) or home_of(user.id))
    return code_form() if owes_second_step() else from_the_start()


@bp.post(PAGE)
@public("outside")
@also_on_domains
@shown_again(code_form)
def give_code() -> ResponseReturnValue:
    """Take the code and sign in, with a session that did not exist before."""
    after, user = local_path(request.form.get("next")), user_or_none()
    if user is not None:  # signed in meanwhile, in another tab
        return redirect(after or home_of(user.id), 303)
    user_id = owes_second_step()
    if user_id is None:
        return from_the_start()
    data = from_form(SecondStep, request.form, input_context(form=True))
    try:
        check_code(user_id, data.code, caller(), origin=request_origin())
    except CodeRefused:
        note(SIGN_IN)
        raise InvalidInput({"code": _("This code does not fit, or was used before.")}) from None
    except TooManyAttempts as too_many:
        return _wait(too_many.seconds)
    if not settle_second_step():
        return from_the_start()
    begin_session(user_id, how="code")
    found = factors_of(user_id)
    if found.few:
        flash(_few(found.codes_left), "warning")
    return redirect(after or home_of(user_id), 303)


def _few(left: int) -> str:
    if left == 0:
        return _("You have no recovery code left. Make new ones in your profile.")
    return ngettext(
        "You have %(num)s recovery code left. Make new ones in your profile.",
        "You have %(num)s recovery codes left. Make new ones in your profile.", left,
    )  # fmt: skip


def _wait(seconds: int) -> Response:
    response = make_response(code_form(errors={"": wait_message(seconds)}), 429)
    response.headers["Retry-After"] = str(seconds)
    return response


def from_the_start() -> Response:
    """Send to the sign-in, since nobody gave their password in this browser lately."""
    flash(_("Please sign in again: too much time has passed since your password."), "warning")
    after = local_path(request.values.get("next"))
    return make_response(redirect("/signin?" + urlencode({"next": after}) if after else "/signin", 303))
