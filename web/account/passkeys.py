"""My passkeys: adding one on this device, naming and removing them, and what the browser has to sign."""

from __future__ import annotations

from uuid import UUID

from flask import Response, jsonify, render_template, request
from flask.typing import ResponseReturnValue

from saas_crm.access.factors.keeping_passkeys import add_passkey, remove_passkey, rename_passkey
from saas_crm.access.factors.passkeys import PasskeyRefused, domain, options_to_register, options_to_sign, passkeys_of
from saas_crm.access.factors.standing import factors_of
from saas_crm.access.profile import spread_at_once
from saas_crm.access.schemas import PasskeyName
from saas_crm.access.sessions import other_sessions
from saas_crm.core.errors import InvalidInput
from saas_crm.core.forms import from_form
from saas_crm.core.i18n import gettext as _
from saas_crm.edge.challenges import answered, new_challenge
from saas_crm.edge.current import signed_in_user
from saas_crm.edge.declared import signed_in
from saas_crm.edge.input import input_context
from saas_crm.edge.origin import request_origin
from saas_crm.edge.proof import proven
from web.account.blueprint import bp
from web.account.two_factor import codes_page
from web.forms import local_path, saved, shown_again

PAGE = "/profile/passkeys"


def passkeys_page(
    values: dict[str, str] | None = None, errors: dict[str, str] | None = None, *, passkey_id: UUID | None = None
) -> str:
    """List the reader's passkeys; of the one whose name was refused, what was typed."""
    user = signed_in_user()
    return render_template(
        "account/passkeys.html", user=user, passkeys=passkeys_of(user.id), possible=bool(domain()),
        values=values or {}, errors=errors or {}, named=passkey_id, factors=factors_of(user.id),
        next=local_path(request.values.get("next")), others=other_sessions(user),
    )  # fmt: skip


@bp.get(PAGE)
@signed_in
def show_passkeys() -> str:
    """List the reader's passkeys."""
    return passkeys_page()


@bp.post(f"{PAGE}/options")
@signed_in
def registration_options() -> Response:
    """Return what the browser needs to make a passkey."""
    return private_json(options_to_register(signed_in_user(), new_challenge("register")))


@bp.post(f"{PAGE}/proof")
@signed_in
def proof_options() -> Response:
    """Return what the browser needs to prove by a passkey of the reader that it is they."""
    return private_json(options_to_sign(new_challenge("proof"), signed_in_user().id, verified=True))


@bp.post(PAGE)
@signed_in
@proven
@shown_again(passkeys_page)
def add_own_passkey() -> ResponseReturnValue:
    """Keep the passkey the browser has made; with the first second step recovery codes are shown."""
    data, user = from_form(PasskeyName, request.form, input_context(form=True)), signed_in_user()
    try:
        answer = answered("register", request.form.get("credential", ""))
    except PasskeyRefused:
        raise InvalidInput({"": _("That took too long. Try once more.")}) from None
    codes = add_passkey(user, data.name, answer, origin=request_origin())
    spread_at_once(user.id)
    return codes_page(codes, just_on=True) if codes else saved(PAGE, _("The passkey is added."))


@bp.post(f"{PAGE}/<uuid:passkey_id>/name")
@signed_in
@shown_again(passkeys_page)
def rename_own_passkey(passkey_id: UUID) -> ResponseReturnValue:
    """Call a passkey otherwise."""
    data = from_form(PasskeyName, request.form, input_context(form=True))
    rename_passkey(signed_in_user().id, passkey_id, data.name)
    return saved(PAGE, _("Saved."))


@bp.post(f"{PAGE}/<uuid:passkey_id>/removal")
@signed_in
@proven
@shown_again(passkeys_page)
def remove_own_passkey(passkey_id: UUID) -> ResponseReturnValue:
    """Take a passkey off the reader's sign-in."""
    remove_passkey(signed_in_user(), passkey_id, origin=request_origin())
    spread_at_once(signed_in_user().id)
    return saved(PAGE, _("The passkey is removed. Delete it on the device, too."))


def private_json(content: object) -> Response:
    """Return what nobody keeps: it holds a challenge."""
    response = jsonify(content)
    response.headers["Cache-Control"] = "no-store"
    return response
