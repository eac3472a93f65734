"""The workspace's address, and the former ones that still lead here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, g, render_template, request
from flask.typing import ResponseReturnValue

from saas_crm.access.addresses import LEADS_ON, change_address, former_addresses
from saas_crm.access.schemas import AddressWrite
from saas_crm.access.sso.provider import provider
from saas_crm.core.forms import from_form
from saas_crm.core.i18n import gettext as _
from saas_crm.edge.current import current_member, directory, settings
from saas_crm.edge.declared import requires
from saas_crm.edge.domains import domain_tenant
from saas_crm.edge.input import input_context
from saas_crm.edge.proof import proven
from web.account.sso import callback_addresses
from web.forms import saved, shown_again

bp = Blueprint("settings_address", __name__)


def address_page(values: Mapping[str, Any] | None = None, errors: Mapping[str, str] | None = None) -> str:
    """Show the address of today and those that still lead here."""
    return render_template(
        "settings/address.html", values=values or {"slug": g.tenant.slug}, errors=errors or {},
        host=_before_slug(), days=LEADS_ON.days, former=former_addresses(g.tenant),
        callback=callback_addresses()[0] if provider().enabled else "",
    )  # fmt: skip


def _before_slug() -> str:
    """Return what stands before the slug in the workspace's address, also where this is its own domain."""
    if domain_tenant() is not None:
        return f"{settings().base_url}/"
    return f"{request.host_url}{request.script_root.rpartition('/')[0].lstrip('/')}"


@bp.get("/settings/address")
@requires("workspace:update")
def edit() -> str:
    """Show the address."""
    return address_page()


@bp.post("/settings/address")
@requires("workspace:update")
@proven
@shown_again(address_page)
def update() -> ResponseReturnValue:
    """Give the workspace another address, and go on there."""
    data = from_form(AddressWrite, request.form, input_context(form=True))
    found = change_address(data, actor=current_member(), tenant=g.tenant, directory=directory())
    home = "" if domain_tenant() else request.script_root.removesuffix(g.tenant.slug) + found.slug
    return saved(f"{home}/settings/address", _("Saved."))
