"""What the workspace decided about sharing: whether who sees a customer sees what hangs on it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue

from saas_crm.access.policy import let_children_follow, policy
from saas_crm.access.preview import preview_of_change
from saas_crm.access.reach import with_follow
from saas_crm.core.i18n import gettext as _
from saas_crm.edge.current import current_member
from saas_crm.edge.declared import requires
from web.forms import form_version, saved, shown_again
from web.settings.confirming import AskedFirst, confirm_page, once_confirmed, sent

bp = Blueprint("settings_sharing", __name__)


def sharing_page(values: Mapping[str, Any] | None = None, errors: Mapping[str, str] | None = None) -> str:
    """Show the decision."""
    present = policy()
    follow = present.children_follow if values is None else "children_follow" in values
    return render_template(
        "settings/sharing.html", follow=follow, version=(values or {}).get("version") or present.version,
        values=values or {}, errors=errors or {},
    )  # fmt: skip


@bp.get("/settings/sharing")
@requires("workspace:update")
def edit() -> str:
    """Show what is decided about sharing."""
    return sharing_page()


@bp.post("/settings/sharing")
@requires("workspace:update")
@shown_again(sharing_page)
def update() -> ResponseReturnValue:
    """Decide whether who sees a customer sees what hangs on it; whom it touches is shown first."""
    follow, here = "children_follow" in request.form, url_for("settings_sharing.edit")
    try:
        once_confirmed(
            lambda: let_children_follow(follow, actor=current_member(), version=form_version()),
            lambda: preview_of_change(lambda world: with_follow(world, follow)),
        )
    except AskedFirst as asked:
        return confirm_page(
            asked.preview, title=_("Sharing"), action=url_for("settings_sharing.update"), back_url=here, kept=sent(),
            again=True,
        )  # fmt: skip
    return saved(url_for("settings_sharing.edit"), _("Saved."))
