"""Deleting a role, and bringing it back. Who gains and who loses by their other role is shown before."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from saas_crm.access import role_deletion as actions
from saas_crm.access import roles
from saas_crm.access.api_tokens import tokens_as
from saas_crm.access.factors.policy import two_factor_policy
from saas_crm.access.preview import Preview, preview_of_member_change
from saas_crm.access.role_rules import OWNER
from saas_crm.access.sso.provider import provider
from saas_crm.core.errors import InvalidInput
from saas_crm.core.i18n import gettext as _
from saas_crm.edge.current import current_member
from saas_crm.edge.declared import requires
from saas_crm.edge.proof import proven
from web.forms import form_version, saved, shown_again
from web.settings.confirming import AskedFirst, confirm_page, once_confirmed, sent
from web.settings.role_names import role_name
from web.settings.roles import Values, bp


def deletion_page(role_id: UUID, values: Values | None = None, errors: Mapping[str, str] | None = None) -> str:
    """Ask what those who hold the role get instead."""
    role = roles.get_role(role_id)
    rows = roles.roles_in_use()
    used = next(row for row in rows if row.id == role_id)
    offered = [(str(row.id), role_name(row.key, row.name)) for row in rows if row.id != role_id and row.key != OWNER]
    return render_template(
        "settings/role_deletion.html", role=role, used=used, roles=offered, values=values or {}, errors=errors or {},
        asked=role_id in two_factor_policy().role_ids, joined=role_id == provider().role_id,
        programs=tokens_as(role_id),
        may_move=not used.members or current_member().can("member:update"),
    )  # fmt: skip


@bp.get("/<uuid:role_id>/deletion")
@requires("role:delete")
def deletion(role_id: UUID) -> ResponseReturnValue:
    """Show what deleting a role takes; a built-in one stays."""
    if roles.get_role(role_id).key is not None:
        flash(_("Built-in roles stay. You may change them."), "error")
        return redirect(url_for("settings_roles.show", role_id=role_id), 303)
    return deletion_page(role_id)


@bp.post("/<uuid:role_id>/deletion")
@requires("role:delete")
@proven
@shown_again(deletion_page)
def delete(role_id: UUID) -> ResponseReturnValue:
    """Delete a role, having given its members another one; first show who gains by that and who loses."""
    other, version = _replacement(), form_version()

    def act() -> tuple[str, int]:
        role = roles.get_role(role_id, hold=True)
        return role.name, actions.delete_role(role, actor=current_member(), replacement_id=other, version=version)

    try:
        name, moved = once_confirmed(act, lambda: _without(role_id, other))
    except AskedFirst as asked_first:
        return confirm_page(
            asked_first.preview, title=roles.get_role(role_id).name, kept=sent(), again=True,
            action=url_for("settings_roles.delete", role_id=role_id),
            back_url=url_for("settings_roles.deletion", role_id=role_id),
        )  # fmt: skip
    undo = "" if moved or other else url_for("settings_roles.undelete", role_id=role_id)
    return saved(url_for("settings_roles.index"), _("“%(name)s” is deleted.", name=name), undo=undo)


def _without(role_id: UUID, replacement_id: UUID | None) -> Preview:
    """Return whom it touches if those who have a role get another one."""
    if replacement_id is None or not (people := actions.holders(role_id)):
        return Preview(())
    return preview_of_member_change(people, role_id=replacement_id)


def _replacement() -> UUID | None:
    """Return the role the form names."""
    text = request.form.get("replacement_id", "")
    try:
        return UUID(text) if text else None
    except ValueError:
        raise InvalidInput({"replacement_id": _("Choose a role.")}) from None


@bp.post("/<uuid:role_id>/undeletion")
@requires("role:delete")
def undelete(role_id: UUID) -> ResponseReturnValue:
    """Bring a deleted role back."""
    role = actions.undelete_role(role_id, actor=current_member())
    return saved(url_for("settings_roles.show", role_id=role_id), _("“%(name)s” is back.", name=role.name))
