"""The page of the workspace's decisions about privacy; its neighbours add theirs to the same blueprint."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue

from saas_crm.core.forms import from_form
from saas_crm.core.i18n import gettext as _
from saas_crm.core.i18n import ngettext
from saas_crm.edge.current import current_member
from saas_crm.edge.declared import requires
from saas_crm.edge.input import input_context
from saas_crm.privacy import settings
from saas_crm.privacy.rules import KEEP_YEARS
from saas_crm.privacy.schemas import PrivacySettingsWrite
from web.forms import form_version, saved, shown_again
from web.privacy import consent, erasure, person, register
from web.privacy.bp import bp

__all__ = ["bp", "consent", "erasure", "person", "register"]


def labels() -> dict[str, str]:
    """Return what the decisions are called."""
    return {"keep_years": _("Keep customers with a won deal"), "responsible": _("Whom people can turn to")}


def settings_page(values: Mapping[str, Any] | None = None, errors: Mapping[str, str] | None = None) -> str:
    """Show the decisions, and the ways to register and certificates."""
    found = settings.decided()
    stored = {"keep_years": found.keep_years, "responsible": found.responsible, "version": found.version}
    link = url_for("privacy.open_register", token=found.public_token) if found.public_token else ""
    return render_template(
        "privacy/settings.html", values={**stored, **(values or {})}, errors=errors or {}, labels=labels(),
        years=[(years, _years(years)) for years in KEEP_YEARS], may_edit=current_member().can("privacy:update"),
        kept=_years(found.keep_years), responsible=found.responsible,
        link=f"{request.host_url.rstrip('/')}{link}" if link else "",
    )  # fmt: skip


def _years(years: int) -> str:
    return ngettext("%(num)s year", "%(num)s years", years) if years else _("Not at all")


@bp.get("/settings/privacy")
@requires("privacy:read")
def index() -> str:
    """Show what the workspace decided about privacy."""
    return settings_page()


@bp.post("/settings/privacy")
@requires("privacy:update")
@shown_again(settings_page)
def decide() -> ResponseReturnValue:
    """Save the decisions."""
    data = from_form(PrivacySettingsWrite, request.form, input_context(form=True))
    settings.decide(data, actor=current_member(), version=form_version())
    return saved(url_for("privacy.index"), _("Saved."))


@bp.post("/settings/privacy/link")
@requires("privacy:update")
def link() -> ResponseReturnValue:
    """Open the register to who has the link, or close it again."""
    wanted = request.form.get("open") == "1"
    settings.open_register(wanted, actor=current_member())
    return saved(url_for("privacy.index"), _("Everybody with the link sees the register now.") if wanted
                 else _("The link leads nowhere now."))  # fmt: skip
