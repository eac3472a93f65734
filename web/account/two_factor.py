"""Two-factor sign-in in the person's own pages: setting an app up, recovery codes, turning it off."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from io import BytesIO
from urllib.parse import quote, urlencode

import segno
from flask import Response, make_response, redirect, render_template, request
from flask.typing import ResponseReturnValue
from markupsafe import Markup
from pyotp import TOTP

from saas_crm.access.factors.keeping_passkeys import codes_by_passkey
from saas_crm.access.factors.passkeys import PasskeyRefused, take_passkey
from saas_crm.access.factors.setting_up import begin_app, confirm_app, remove_app, renew_codes, secret_to_learn
from saas_crm.access.factors.standing import factors_of
from saas_crm.access.profile import spread_at_once
from saas_crm.access.schemas import PasswordAgain, ProofAgain, SecondStep
from saas_crm.access.sessions import other_sessions
from saas_crm.access.throttle import TooManyAttempts
from saas_crm.core.errors import InvalidInput
from saas_crm.core.forms import from_form
from saas_crm.core.i18n import gettext as _
from saas_crm.edge.challenges import answered
from saas_crm.edge.current import signed_in_user
from saas_crm.edge.declared import signed_in
from saas_crm.edge.input import input_context
from saas_crm.edge.origin import request_origin
from web.account.blueprint import bp
from web.account.sign_in import wait_message
from web.account.signing import caller
from web.forms import local_path, saved, shown_again

PAGE = "/profile/two-factor"
ISSUER = "SaaS CRM"
Errors = dict[str, str] | None
View = Callable[[], ResponseReturnValue]


def _patient(form: Callable[..., str]) -> Callable[[View], View]:
    """Answer a guess too many with the same form, which says how long to wait."""

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded() -> ResponseReturnValue:
            try:
                return view()
            except TooManyAttempts as too_many:
                response = make_response(form(errors={"": wait_message(too_many.seconds)}), 429)
                response.headers["Retry-After"] = str(too_many.seconds)
                return response

        return guarded

    return decorate


def state_page(values: object = None, errors: Errors = None) -> str:  # noqa: ARG001
    """Show whether it is on, and what can be done about it."""
    user = signed_in_user()
    return render_template(
        "account/two_factor.html", user=user, factors=factors_of(user.id), errors=errors or {}, next=_after(),
        others=other_sessions(user),
    )  # fmt: skip


def _after() -> str:
    """Return the page that led here, because its workspace asks for two-factor sign-in; "" where none did."""
    return local_path(request.values.get("next"))


@bp.get(PAGE)
@signed_in
def show_two_factor() -> str:
    """Show whether signing in takes a second step."""
    return state_page()


@bp.post("/profile/two-factor/app")
@signed_in
@shown_again(state_page)
@_patient(state_page)
def begin_two_factor() -> ResponseReturnValue:
    """Begin to set an app up; the password is asked for again."""
    data = from_form(PasswordAgain, request.form, input_context(form=True))
    begin_app(signed_in_user(), data.current, address=caller())
    return redirect("/profile/two-factor/app" + (f"?{urlencode({'next': _after()})}" if _after() else ""), 303)


def app_page(values: object = None, errors: Errors = None) -> str:  # noqa: ARG001
    """Show what the app has to learn, as a picture and as text, and ask for its first code."""
    user = signed_in_user()
    secret = secret_to_learn(user.id) or ""
    address = TOTP(secret).provisioning_uri(name=user.email, issuer_name=ISSUER) if secret else ""
    return render_template(
        "account/two_factor_app.html", user=user, secret=" ".join(fours(secret)), address=address,
        picture=picture(address) if address else "", errors=errors or {}, next=_after(),
    )  # fmt: skip


def fours(text: str) -> list[str]:
    """Return a text in groups of four, as a key is typed."""
    return [text[at : at + 4] for at in range(0, len(text), 4)]


def picture(text: str) -> Markup:
    """Return a QR code as SVG, dark on light in every theme: apps do not read it the other way round."""
    written = BytesIO()
    code = segno.make(text, error="m", micro=False)
    code.save(written, kind="svg", xmldecl=False, svgns=True, omitsize=True, border=3, dark="#000", light="#fff",
              svgclass="qr", lineclass=None)  # fmt: skip
    return Markup(written.getvalue().decode())  # noqa: S704 - made by us out of squares


@bp.get("/profile/two-factor/app")
@signed_in
def show_app() -> ResponseReturnValue:
    """Show what the app has to learn; not longer than half an hour after the password."""
    if secret_to_learn(signed_in_user().id) is None:
        return redirect(PAGE)
    return _private(app_page())


@bp.post("/profile/two-factor/app/confirmation")
@signed_in
@shown_again(app_page)
@_patient(app_page)
def confirm_two_factor() -> ResponseReturnValue:
    """Turn it on by a first code, and show the recovery codes."""
    data = from_form(SecondStep, request.form, input_context(form=True))
    codes = confirm_app(signed_in_user(), data.code, origin=request_origin())
    spread_at_once(signed_in_user().id)
    return codes_page(codes, just_on=True)


def codes_page(codes: list[str], *, just_on: bool = False) -> Response:
    """Show new recovery codes, this once: the answer is the page itself, so that no cookie carries them."""
    user = signed_in_user()
    return _private(render_template(
        "account/two_factor_codes.html", codes=codes, just_on=just_on, user=user, next=_after() or PAGE,
        file=codes_file(f"{ISSUER}: {user.email}", codes), others=other_sessions(user),
    ))  # fmt: skip


def codes_file(heading: str, codes: list[str]) -> str:
    """Return the codes as an address that holds a file, so that nothing has to be fetched again."""
    text = "\n".join([heading, _("Recovery codes, each for one sign-in"), "", *codes, ""])
    return "data:text/plain;charset=utf-8," + quote(text)


def proof_page(values: object = None, errors: Errors = None) -> str:  # noqa: ARG001
    """Ask for password and code, for new recovery codes or for turning it off, as the address says."""
    return render_template(
        "account/two_factor_proof.html", user=signed_in_user(), errors=errors or {},
        off=request.path.endswith("/removal"), passkeys=factors_of(signed_in_user().id).passkeys,
    )  # fmt: skip


@bp.get("/profile/two-factor/codes")
@signed_in
def show_renewal() -> ResponseReturnValue:
    """Ask for the proof that new recovery codes take."""
    return proof_page() if factors_of(signed_in_user().id).on else redirect(PAGE)


@bp.post("/profile/two-factor/codes")
@signed_in
@shown_again(proof_page)
@_patient(proof_page)
def renew_recovery_codes() -> ResponseReturnValue:
    """Make new recovery codes and show them: by password and code, or by a passkey."""
    if answer := request.form.get("credential"):
        return codes_page(_by_passkey(answer))
    data = from_form(ProofAgain, request.form, input_context(form=True))
    user = signed_in_user()
    return codes_page(renew_codes(user, data.current, data.code, address=caller(), origin=request_origin()))


def _by_passkey(answer: str) -> list[str]:
    user = signed_in_user()
    try:
        take_passkey(answered("proof", answer), origin=request_origin(), owner=user.id, verified=True)
    except PasskeyRefused:
        raise InvalidInput({"": _("This passkey does not open anything here.")}) from None
    return codes_by_passkey(user, origin=request_origin())


@bp.get("/profile/two-factor/removal")
@signed_in
def show_removal() -> ResponseReturnValue:
    """Ask for the proof that turning the app off takes."""
    return proof_page() if factors_of(signed_in_user().id).app_since else redirect(PAGE)


@bp.post("/profile/two-factor/removal")
@signed_in
@shown_again(proof_page)
@_patient(proof_page)
def end_two_factor() -> ResponseReturnValue:
    """Turn it off."""
    data = from_form(ProofAgain, request.form, input_context(form=True))
    remove_app(signed_in_user(), data.current, data.code, address=caller(), origin=request_origin())
    spread_at_once(signed_in_user().id)
    left = factors_of(signed_in_user().id).on
    return saved(PAGE, _("The app is removed. Your passkeys go on.") if left else _("Two-factor sign-in is off."))


def _private(page: str) -> Response:
    response = make_response(page)
    response.headers["Cache-Control"] = "no-store"
    return response
