"""The workspace's end, as its owners ask for it, and their way back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, g, render_template, request, url_for
from flask.typing import ResponseReturnValue

from saas_crm.core.errors import InvalidInput
from saas_crm.core.i18n import gettext as _
from saas_crm.edge.current import current_member, directory, settings
from saas_crm.edge.declared import owners_only, while_read_only
from saas_crm.edge.proof import proven
from saas_crm.workspaces.ending import GRACE, ask_deletion, deletion_of, keep
from saas_crm.workspaces.rules import is_name_typed
from web.forms import saved, shown_again

bp = Blueprint("settings_deletion", __name__)


def deletion_page(values: Mapping[str, Any] | None = None, errors: Mapping[str, str] | None = None) -> str:
    """Show what a deletion is, or the day of the one that was asked for."""
    return render_template(
        "settings/deletion.html", asked=deletion_of(g.tenant), days=GRACE.days, values=values or {},
        errors=errors or {},
    )  # fmt: skip


@bp.get("/settings/deletion")
@owners_only
def show() -> str:
    """Show what a deletion is, or the day of the one that was asked for."""
    return deletion_page()


@bp.post("/settings/deletion")
@owners_only
@while_read_only
@proven
@shown_again(deletion_page)
def ask() -> ResponseReturnValue:
    """Let the workspace be deleted when the days of grace are over; its name has to be typed."""
    if not is_name_typed(request.form.get("name", ""), g.tenant.name):
        raise InvalidInput({"name": _("Type the name of the workspace just as it is shown.")})
    asked = ask_deletion(settings().database_url, settings().base_url, g.tenant, actor=current_member())
    directory().forget()
    return saved(
        url_for("settings_deletion.show"),
        _("The workspace will be deleted. A mail went to its owners.") if asked else _("This was asked for already."),
    )


@bp.post("/settings/deletion/withdrawal")
@owners_only
@while_read_only
def take_back() -> ResponseReturnValue:
    """Keep the workspace after all."""
    kept = keep(settings().database_url, g.tenant, actor=current_member())
    directory().forget()
    text = _("The workspace stays, and everybody can work in it again.") if kept else _("Nothing was to be taken back.")
    return saved(url_for("settings_workspace.index"), text)
