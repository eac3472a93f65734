"""The workspace's own domain: which, the records it takes, and whether they are there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from saas_crm.access.sso.provider import provider
from saas_crm.core.errors import NotFound
from saas_crm.core.forms import from_form
from saas_crm.core.i18n import gettext as _
from saas_crm.edge.checks import look
from saas_crm.edge.current import current_member, directory, settings
from saas_crm.edge.declared import requires
from saas_crm.edge.domains import domain_tenant
from saas_crm.edge.input import input_context
from saas_crm.edge.proof import proven
from saas_crm.workspaces.domains import keeping
from saas_crm.workspaces.domains.keeping import By, Checked
from saas_crm.workspaces.domains.rules import GRACE, readable
from saas_crm.workspaces.domains.schemas import DomainWrite
from tenants.address import domain_address, slug_address
from web.forms import saved, shown_again

bp = Blueprint("settings_domain", __name__)


def domain_page(values: Mapping[str, Any] | None = None, errors: Mapping[str, str] | None = None) -> str:
    """Show the domain with its records, or ask for one."""
    held, base_url = keeping.domain_of(g.tenant.id), settings().base_url
    return render_template(
        "settings/domain.html", held=held, values=values or {"domain": readable(held.domain) if held else ""},
        errors=errors or {}, readable=readable(held.domain) if held else "", days=GRACE.days,
        address=domain_address(held.domain, base_url) if held else "", usual=slug_address(g.tenant, base_url),
        target=urlsplit(base_url).hostname, sso=provider().enabled,
    )  # fmt: skip


@bp.get("/settings/domain")
@requires("workspace:update")
def edit() -> str:
    """Show the domain, or ask for one."""
    return domain_page()


@bp.post("/settings/domain")
@requires("workspace:update")
@proven
@shown_again(domain_page)
def update() -> ResponseReturnValue:
    """Note which domain the workspace wants."""
    _be_at_usual_address()
    data, by = from_form(DomainWrite, request.form, input_context(form=True)), By.member(current_member(), "web")
    keeping.claim(settings(), g.tenant, data.domain, by)
    directory().forget()
    told = _("Saved. Now make the two records where your domain is looked after.")
    return saved(url_for("settings_domain.edit"), told)


@bp.post("/settings/domain/check")
@requires("workspace:update")
def check() -> ResponseReturnValue:
    """Look whether the records are there."""
    found = look(By.member(current_member(), "web"))
    words, tone = _told(found)
    flash(words, tone)
    return redirect(url_for("settings_domain.edit"), 303)


@bp.post("/settings/domain/removal")
@requires("workspace:update")
@proven
def remove() -> ResponseReturnValue:
    """Serve the workspace at its usual address only."""
    _be_at_usual_address()
    keeping.give_up(settings(), g.tenant, By.member(current_member(), "web"))
    directory().forget()
    return saved(url_for("settings_domain.edit"), _("The domain is removed."))


def _be_at_usual_address() -> None:
    """Let nobody saw off the branch they sit on: after it this address would be nobody's. Raises NotFound."""
    if domain_tenant() is not None:
        raise NotFound


def _told(found: Checked) -> tuple[str, str]:
    """Return what a look came to, in words, and how it is shown."""
    if found.taken:
        told = _("The record is there, but another workspace uses this domain. It has to be removed there first.")
        return told, "error"
    words = {
        "right": _("The record is there: the domain is yours."),
        "other": _("There is a TXT record, but it says something else. Compare it with the text below."),
        "none": _("There is no TXT record at %(name)s yet. After a change it can take an hour until it is seen.",
                  name=found.held.record_name),
        "silent": _("The domain's name servers did not answer. Try again in a few minutes."),
    }  # fmt: skip
    return words[found.seen], "success" if found.seen == "right" else "warning"
