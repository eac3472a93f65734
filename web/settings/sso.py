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
from saas_crm.core.forms import parse
from saas_crm.core.i18n import gettext as _
from saas_crm.edge.current import current_member, signed_in_user
from saas_crm.edge.declared import requires
from saas_crm.edge.proof import proven
from web.account.sso import callback_address
from web.forms import form_version, saved, shown_again
from web.settings.entry import lines_of
from web.settings.inviting import all_roles
from web.settings.security import bp


def sso_page(values: Mapping[str, Any] | None = None, errors: Mapping[str, str] | None = None) -> str:
    """Show the decision; the secret is never shown again, and one that was typed has to be typed again."""
    found = provider()
    stored = {
        "issuer": found.issuer, "client_id": found.client_id, "domains": "\n".join(found.domains),
        "role_id": str(found.role_id or ""),
    }  # fmt: skip
    typed, told = dict(values or {}), dict(errors or {})
    if typed.pop("client_secret", "") and current_member().role_key == OWNER:
        told.setdefault("client_secret", _("Type the secret once more: it was not kept."))
    return render_template(
        "settings/sso.html", values={**stored, **typed}, errors=told, version=typed.get("version") or found.version,
        enabled="enabled" in typed if typed else found.enabled, known=bool(found.issuer),
        mandatory="mandatory" in typed if typed else found.mandatory, callback=callback_address(),
        roles=all_roles(roles_within(current_member())), decides=current_member().role_key == OWNER,
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
