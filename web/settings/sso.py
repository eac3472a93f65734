"""Single sign-on: which identity provider lets people in, and whom."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue

from saas_crm.access.role_rules import OWNER
from saas_crm.access.roles import roles_within
from saas_crm.access.sso.provider import decide_sso, provider, remove_provider
from saas_crm.access.sso.schemas import SsoWrite
from saas_crm.core.errors import InvalidInput
from saas_crm.core.forms import parse
from saas_crm.core.i18n import gettext as _
from saas_crm.edge.current import current_member, signed_in_user
from saas_crm.edge.declared import requires
from saas_crm.edge.proof import proven
from web.account.sso import callback_addresses
from web.forms import form_version, saved, shown_again
from web.settings.entry import lines_of
from web.settings.inviting import all_roles
from web.settings.security import bp

RETYPED = "secret_typed"
"""Says in a form that a secret was typed before: to leave it empty then does not mean to keep the former one."""


def secret_lost() -> str:
    """Ask for a secret that was typed into a form which was refused."""
    return _("Type the new secret once more: it was not kept.")


def sso_page(values: Mapping[str, Any] | None = None, errors: Mapping[str, str] | None = None) -> str:
    """Show the decision; the secret is never shown again, and one that was typed has to be typed again."""
    found, callbacks = provider(), callback_addresses()
    stored = {
        "issuer": found.issuer, "client_id": found.client_id, "domains": "\n".join(found.domains),
        "role_id": str(found.role_id or ""),
    }  # fmt: skip
    typed = dict(values or {})
    again = bool(typed.pop("client_secret", "")) or RETYPED in typed
    return render_template(
        "settings/sso.html", values={**stored, **typed}, errors=errors or {}, again=RETYPED if again else "",
        version=typed.get("version") or found.version,
        enabled="enabled" in typed if typed else found.enabled, known=bool(found.issuer),
        mandatory="mandatory" in typed if typed else found.mandatory, callback=callbacks[0], further=callbacks[1:],
        roles=all_roles(roles_within(current_member())), decides=current_member().role_key == OWNER,
        lost=secret_lost(),
    )  # fmt: skip


@bp.get("/settings/security/sso")
@requires("workspace:update")
def edit_sso() -> str:
    """Show what is decided about single sign-on."""
    return sso_page()


@bp.post("/settings/security/sso")
@requires("workspace:update")
@proven
@shown_again(sso_page)
def update_sso() -> ResponseReturnValue:
    """Decide about single sign-on."""
    sent = request.form
    if RETYPED in sent and not sent.get("client_secret"):
        raise InvalidInput({"client_secret": secret_lost()}, {"client_secret": "missing"})
    data = parse(SsoWrite, {
        **{name: sent.get(name, "") for name in ("issuer", "client_id", "client_secret", "role_id")},
        "enabled": "enabled" in sent, "mandatory": "mandatory" in sent, "domains": lines_of(sent.get("domains", "")),
    })  # fmt: skip
    decide_sso(data, actor=current_member(), by_sso=signed_in_user().by_sso, version=form_version())
    return saved(url_for("settings_security.edit_sso"), _("Saved."))


@bp.post("/settings/security/sso/removal")
@requires("workspace:update")
@proven
def forget_sso() -> ResponseReturnValue:
    """Forget the identity provider and its secret."""
    remove_provider(actor=current_member())
    return saved(url_for("settings_security.edit_sso"), _("The sign-in service is removed."))
