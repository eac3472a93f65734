"""Pages: the roles, and for each what it may do. What a change does to people is shown before it is saved."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue

from saas_crm.access import roles as actions
from saas_crm.access.models import Role
from saas_crm.access.ownership import check_version
from saas_crm.access.preview import Preview, preview_of_role
from saas_crm.access.role_rules import OWNER, as_it_came
from saas_crm.access.role_schemas import RoleWrite
from saas_crm.core.errors import AlreadyExists, InvalidInput, NotFound
from saas_crm.core.forms import from_form
from saas_crm.core.i18n import gettext as _
from saas_crm.edge.current import current_member
from saas_crm.edge.declared import requires
from saas_crm.edge.input import input_context
from saas_crm.edge.proof import proven
from web.conflicts import conflict_page
from web.forms import form_id, form_version, saved, saved_before, shown_again
from web.merging import Merged
from web.settings.confirming import confirm_page
from web.settings.role_forms import (
    RoleForm,
    compared,
    counted,
    field_of,
    form_values,
    matrix,
    permission_values,
    readable,
    role_labels,
    role_values,
    role_write,
    rule_field,
)
from web.settings.role_names import role_ability, role_name

bp = Blueprint("settings_roles", __name__, url_prefix="/settings/roles")
Values = Mapping[str, Any]
EVERYDAY = "rep"
"""The role that others are compared with: what most people have."""


@bp.get("")
@requires("role:read")
def index() -> str:
    """List the roles."""
    rows = [
        {
            "href": url_for("settings_roles.show", role_id=row.id), "name": role_name(row.key, row.name),
            "text": "" if actions.was_changed(row) else role_ability(row.key), "changed": actions.was_changed(row),
            "built_in": row.key is not None, "members": row.members,
            "mine": row.key == current_member().role_key and row.key is not None,
        }
        for row in actions.roles_in_use()
    ]  # fmt: skip
    new_url = url_for("settings_roles.new") if current_member().can("role:create") else ""
    return render_template("settings/roles.html", rows=rows, new_url=new_url)


def role_page(role_id: UUID, values: Values | None = None, errors: Mapping[str, str] | None = None) -> str:
    """Show what a role may do; those who may change it get the form."""
    role, member = actions.get_role(role_id), current_member()
    may_update = member.can("role:update") and role.key != OWNER
    here: dict[str, Any] = {"role_id": role_id}
    used = next(row for row in actions.roles_in_use() if row.id == role_id)
    values = values or role_values(role)
    return render_template(
        "settings/role.html", role=role, title=role_name(role.key, role.name), editable=may_update, used=used,
        owners=role.key == OWNER, action=url_for("settings_roles.update", **here) if may_update else "",
        copy_url=url_for("settings_roles.new", like=role_id) if member.can("role:create") else "",
        restore_url=url_for("settings_roles.restore", **here) if may_update and actions.was_changed(role) else "",
        delete_url=url_for("settings_roles.deletion", **here) if member.can("role:delete") and not role.key else "",
        values=values, errors=errors or {}, labels=role_labels(), draft=f"role:{role_id}",
        **_beside(values, role.key), **matrix(),
    )  # fmt: skip


def _beside(values: Values, key: str | None) -> dict[str, Any]:
    """Return what differs from the everyday role, of that role from how it came, and how much in each part.

    Nothing is said of owners, who may do everything, nor where there is no such role.
    """
    came = key == EVERYDAY
    everyday = None if came or key == OWNER else actions.role_of_key(EVERYDAY)
    if not came and everyday is None:
        return {"differs": {}, "counts": {}, "beside": "", "came": False}
    differs = compared(values, form_values(everyday.permissions if everyday else as_it_came(EVERYDAY)))
    name = role_name(everyday.key, everyday.name) if everyday else _("as it came")
    return {"differs": differs, "counts": counted(differs), "beside": name, "came": came}


def new_page(values: Values | None = None, errors: Mapping[str, str] | None = None) -> str:
    """Show the form of a new role: empty, or like one that is there."""
    like = _liked()
    if values is None and like is not None:
        values = {**role_values(like), "name": _("Copy of %(name)s", name=role_name(like.key, like.name))[:200]}
    return render_template(
        "settings/role.html", role=None, title=_("New role"), editable=True, used=None, owners=False,
        action=url_for("settings_roles.create"), like=like.id if like else "", values=values or permission_values({}),
        errors=errors or {}, labels=role_labels(), draft=f"role:new:{like.id if like else ''}",
        **_beside(values or permission_values({}), None), **matrix(),
    )  # fmt: skip


def _liked() -> Role | None:
    """Return the role that is to be copied, if the address or the form names one; raises NotFound."""
    named = request.values.get("like", "")
    try:
        return actions.get_role(UUID(named)) if named else None
    except ValueError:
        raise NotFound from None


@bp.get("/new")
@requires("role:create")
def new() -> str:
    """Show the form of a new role."""
    return new_page()


@bp.post("")
@requires("role:create")
@proven
@shown_again(new_page)
def create() -> ResponseReturnValue:
    """Make a role; the same form sent twice makes one."""
    data, role_id = from_form(RoleForm, request.form, input_context(form=True)), form_id()
    here = url_for("settings_roles.show", role_id=role_id)
    like = _liked()
    wanted = role_write(data, like.permissions if like else {})
    try:
        _by_field(lambda: actions.create_role(wanted, actor=current_member(), role_id=role_id, like=like))
    except AlreadyExists:
        return saved_before(here)
    return saved(here, _("Role added. Give it to people in the list of members."))


@bp.get("/<uuid:role_id>")
@requires("role:read")
def show(role_id: UUID) -> str:
    """Show one role."""
    return role_page(role_id)


def _conflict(role_id: UUID) -> str | Merged:
    here = url_for("settings_roles.update", role_id=role_id)
    return conflict_page(
        actions.get_role(role_id), RoleForm, role_values, role_labels(), action=here, back_url=here, shown=readable
    )


@bp.post("/<uuid:role_id>")
@requires("role:update")
@proven
@shown_again(role_page, conflict=_conflict)
def update(role_id: UUID) -> ResponseReturnValue:
    """Save a role; first show who gains and who loses, unless nobody does or it was seen."""
    role, member = actions.get_role(role_id), current_member()
    actions.check_changeable(role, member)
    data = from_form(RoleForm, request.form, input_context(form=True))
    shown = role_name(role.key, role.name)
    wanted = role_write(data, role.permissions, shown_name=shown, stored_name=role.name)
    if "confirmed" not in request.form and (preview := _preview(role, wanted)):
        return _asked(role, preview, url_for("settings_roles.update", role_id=role_id), role_values(data))
    _by_field(lambda: actions.update_role(role, wanted, actor=member, version=form_version()))
    return saved(url_for("settings_roles.show", role_id=role_id), _("Saved. It holds from the next click on."))


def _preview(role: Role, wanted: RoleWrite) -> Preview:
    """Return what saving would do, if it may be saved; raises InvalidInput, VersionConflict, FeatureNotInPlan."""
    check_version(role, form_version())
    granted = wanted.granted(role.permissions)
    actions.check_rules(granted, role.permissions)
    _by_field(lambda: actions.check_permissions(role, granted, current_member()))
    return preview_of_role(role.id, granted)


def _asked(role: Role, preview: Preview, action: str, values: Values) -> str:
    """Show what a change does to people, and ask whether it is meant."""
    return confirm_page(
        preview, title=role_name(role.key, role.name), action=action, again=bool(values),
        back_url=url_for("settings_roles.show", role_id=role.id),
        kept={**values, "version": str(role.version)}.items(),
    )  # fmt: skip


@bp.post("/<uuid:role_id>/restoral")
@requires("role:update")
@proven
@shown_again(role_page)
def restore(role_id: UUID) -> ResponseReturnValue:
    """Give a built-in role back what it came with; first show who gains and who loses."""
    role = actions.get_role(role_id)
    actions.check_changeable(role, current_member())
    if role.key is None:
        raise NotFound
    _by_field(lambda: actions.check_permissions(role, as_it_came(role.key or ""), current_member()))
    if "confirmed" not in request.form and (preview := preview_of_role(role.id, as_it_came(role.key))):
        return _asked(role, preview, url_for("settings_roles.restore", role_id=role_id), {})
    _by_field(lambda: actions.restore_built_in(role, actor=current_member(), version=form_version()))
    return saved(url_for("settings_roles.show", role_id=role_id), _("The role is as it came."))


def _by_field(work: Any) -> None:
    """Do it, with what is wrong told by the fields of the form."""
    try:
        work()
    except InvalidInput as invalid:
        named = {
            rule_field(name.removeprefix("fields.")) if name.startswith("fields.")
            else field_of(name.removeprefix("permissions.")): text for name, text in invalid.errors.items()
        }  # fmt: skip
        raise InvalidInput(named, invalid.codes) from None
