"""The password again, before what is not to happen in a browser somebody left open; see `saas_crm.edge.proof`."""

from __future__ import annotations

from urllib.parse import urlencode

from flask import Response, flash, make_response, redirect, render_template, request
from flask.typing import ResponseReturnValue

from saas_crm.access.factors.standing import factors_of
from saas_crm.core.i18n import gettext as _
from saas_crm.edge.current import signed_in_user
from saas_crm.edge.declared import also_on_domains, signed_in
from saas_crm.edge.domains import passkeys_here
from saas_crm.edge.proof import FIELD, PASSKEY_FIELD, ProofNeeded, prove
from web.account.blueprint import bp
from web.account.sign_in import wait_message
from web.account.signing import home_of
from web.account.sso import PROOF
from web.forms import is_htmx, local_path

PAGE = "/profile/proof"


def answer_proof_needed(asked: ProofNeeded, back: str) -> Response:
    """Ask for the password: in the form that was sent, with all its fields; for a part or a page, on its own page.

    `back` is where one comes back to from there, and by cancelling.
    """
    if signed_in_user().by_sso:
        return _by_provider(back)
    if is_htmx():
        response = make_response("", 403)
        response.headers["HX-Redirect"] = f"{PAGE}?{urlencode({'next': back})}"
        return response
    if request.method != "POST":
        return make_response(redirect(f"{PAGE}?{urlencode({'next': back})}"))
    kept = [(name, value) for name, values in request.form.lists() for value in values if name != "csrf_token"]
    return _page(asked, request.script_root + request.full_path.removesuffix("?"), kept, back)


def _by_provider(back: str) -> Response:
    """Send to the workspace's identity provider, to be asked there: who came by it may have no password."""
    flash(_("This decides who may do what, so we make sure that it is you. Please do it once more."), "warning")
    address = f"{request.script_root}/sso?{urlencode({'next': back, PROOF: '1'})}"
    if is_htmx():
        response = make_response("", 403)
        response.headers["HX-Redirect"] = address
        return response
    return make_response(redirect(address, 303 if request.method == "POST" else 302))


def _page(asked: ProofNeeded, action: str, kept: list[tuple[str, str]], back: str) -> Response:
    words = {"wrong": _("This is not your present password."), "wait": wait_message(asked.seconds),
             "passkey": _("This passkey does not open anything here.")}  # fmt: skip
    said = words.get(asked.why)
    response = make_response(render_template(
        "account/proof.html", user=signed_in_user(), action=action, kept=kept, back=back, field_name=FIELD,
        passkey_field=PASSKEY_FIELD if passkeys_here() and factors_of(signed_in_user().id).passkeys else "",
        errors={FIELD: said} if said else {},
    ))  # fmt: skip
    response.status_code = {"wrong": 422, "passkey": 422, "wait": 429}.get(asked.why, 403)
    response.headers["Cache-Control"] = "no-store"
    if asked.why == "wait":
        response.headers["Retry-After"] = str(asked.seconds)
    return response


@bp.get(PAGE)
@signed_in
@also_on_domains
def show_proof() -> ResponseReturnValue:
    """Ask for the password before a page, or a part of one."""
    after = local_path(request.args.get("next"))
    response = _page(ProofNeeded(), PAGE, [("next", after)] if after else [], after or "/profile")
    response.status_code = 200
    return response


@bp.post(PAGE)
@signed_in
@also_on_domains
def give_proof() -> ResponseReturnValue:
    """Take the password, and go back to where it was asked for."""
    after = local_path(request.form.get("next"))
    try:
        prove(request.form.get(FIELD, ""), request.form.get(PASSKEY_FIELD, ""))
    except ProofNeeded as refused:
        return _page(refused, PAGE, [("next", after)] if after else [], after or "/profile")
    return redirect(after or home_of(signed_in_user().id), 303)
