"""What the workspace decided about signing in: who needs two-factor sign-in, and from when on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue

from saas_crm.access.factors.policy import require_two_factor, two_factor_policy, without_it
from saas_crm.access.queries import roles
from saas_crm.access.schemas import TwoFactorRequirement
from saas_crm.core.clock import now
from saas_crm.core.forms import parse
from saas_crm.core.i18n import gettext as _
from saas_crm.core.i18n import ngettext
from saas_crm.edge.current import current_member
from saas_crm.edge.declared import requires
from saas_crm.edge.proof import proven
from web.forms import form_version, saved, shown_again
from web.settings.role_names import role_name

bp = Blueprint("settings_security", __name__)


def security_page(values: Mapping[str, Any] | None = None, errors: Mapping[str, str] | None = None) -> str:
    """Show the decision, and how many members it would lead to their phones."""
    found, lacking = two_factor_policy(), without_it()
    stored = {
        "who": "nobody" if found.starts is None else "roles" if found.role_ids else "all",
        "role_ids": [str(role_id) for role_id in found.role_ids], "days": "" if found.starts else "14",
    }  # fmt: skip
    return render_template(
        "settings/security.html", starts=found.starts, begun=found.starts is not None and found.starts <= now(),
        lacking=sum(lacking.values()), version=found.version, errors=errors or {}, values={**stored, **(values or {})},
        roles=[(str(role.id), role_name(role.key, role.name)) for role in roles()], days=_days(),
        may_see_members=current_member().can("member:read"),
    )  # fmt: skip


def _days() -> list[tuple[str, str]]:
    later = [(str(days), ngettext("After %(num)s day", "After %(num)s days", days)) for days in (7, 14, 30)]
    return [("0", _("At once")), *later]


@bp.get("/settings/security")
@requires("workspace:update")
def edit() -> str:
    """Show what is decided about signing in."""
    return security_page()


@bp.post("/settings/security")
@requires("workspace:update")
@proven
@shown_again(security_page, lists=("role_ids",))
def update() -> ResponseReturnValue:
    """Decide who needs two-factor sign-in."""
    sent = request.form
    data = parse(TwoFactorRequirement, {
        "who": sent.get("who", ""), "role_ids": sent.getlist("role_ids") if sent.get("who") == "roles" else [],
        "days": sent.get("days", ""),
    })  # fmt: skip
    require_two_factor(data, actor=current_member(), version=form_version())
    return saved(url_for("settings_security.edit"), _("Saved."))
