"""A role as its page shows and its form sends it: one field for each permission, named `company__read`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any, Literal

from pydantic import create_model

from saas_crm.access.field_rules import FIELDS, KEYS, allowed, rules_in
from saas_crm.access.permissions import PERMISSIONS, RESOURCES, SALES
from saas_crm.access.role_rules import REACHING, switched
from saas_crm.access.role_schemas import RoleWrite
from saas_crm.access.role_words import action_word, action_words, permission_words, resource_words, scope_words
from saas_crm.access.roles import allowed_by
from saas_crm.core.fields import Name
from saas_crm.core.forms import Input
from saas_crm.core.i18n import gettext as _
from saas_crm.core.i18n import pgettext
from web.settings.field_words import field_labels, field_words, rule_words
from web.settings.role_names import role_name

Sent = Literal["", "own", "team", "subtree", "all"]
ACTIONS = ("read", "create", "update", "delete", "assign", "share", "export")
"""The columns of the matrix of what sales works with."""


def field_of(permission: str) -> str:
    """Return the name of a permission's field."""
    return permission.replace(":", "__")


def _permission_of(field: str) -> str:
    return field.replace("__", ":")


def rule_field(key: str) -> str:
    """Return the name of the field with the rule for a record's field: `rule__contact__phone`."""
    return f"{_RULE}{key.replace('.', '__')}"


_RULE = "rule__"
_KEYS = {rule_field(key): key for key in KEYS}
_fields: dict[str, Any] = {field_of(permission): (Sent, "") for permission in sorted(PERMISSIONS)}
_fields |= {name: (Literal[("", *allowed(key))], "") for name, key in _KEYS.items()}
RoleForm: type[Input] = create_model("RoleForm", __base__=Input, name=(Name, ...), **_fields)
"""What the form of a role sends: its name, and for each permission its scope, "" for none."""


def role_write(data: Input, former: Mapping[str, str], *, shown_name: str = "", stored_name: str = "") -> RoleWrite:
    """Return what a form says; a permission whose field it has not stays as it is.

    A built-in role is shown under a translated name, which is not stored unless it was changed.
    """
    name: str = getattr(data, "name")  # noqa: B009 - the fields are made at run time
    wanted: dict[str, Any] = {}
    rules = {key: getattr(data, field) or None for field, key in _KEYS.items() if field in data.model_fields_set}
    for field in data.model_fields_set - {"name"} - _KEYS.keys():
        permission, scope = _permission_of(field), getattr(data, field)
        yes = scope and permission not in REACHING
        wanted[permission] = (switched(former, permission) if yes else scope) or None
    return RoleWrite(name=stored_name if name == shown_name else name, permissions=wanted, fields=rules)


def role_values(role: Any) -> dict[str, str]:
    """Return a role's fields, or a checked form's, as the form writes them."""
    if isinstance(role, Input):
        return {name: getattr(role, name) for name in RoleForm.model_fields}
    return {
        "name": role_name(role.key, role.name),
        **permission_values(allowed_by(role)),
        **_rule_values(role.permissions),
    }


def form_values(permissions: Mapping[str, str]) -> dict[str, str]:
    """Return permissions and rules for fields as the form writes them."""
    return {**permission_values(permissions), **_rule_values(permissions)}


def _rule_values(permissions: Mapping[str, str]) -> dict[str, str]:
    rules = rules_in(permissions)
    return {field: rules.get(key, "") for field, key in _KEYS.items()}


def permission_values(permissions: Mapping[str, str]) -> dict[str, str]:
    """Return permissions as the form writes them; a plain yes is `all`."""
    return {field_of(permission): _value(permission, permissions.get(permission, "")) for permission in PERMISSIONS}


def _value(permission: str, scope: str) -> str:
    return scope if permission in REACHING or not scope else "all"


def role_labels() -> dict[str, str]:
    """Return the label of each field, in the order of the page."""
    names = {field_of(f"{resource}:{action}"): permission_words(f"{resource}:{action}")
             for resource in resource_words() for action in RESOURCES[resource]}  # fmt: skip
    return {"name": _("Name"), **names, **{rule_field(key): field_words(key) for key in KEYS}}


def readable(name: str, value: str) -> str:
    """Return a field's value in words."""
    if name == "name":
        return value
    if name in _KEYS:
        return rule_words()[value]
    if _permission_of(name) in REACHING:
        return scope_words().get(value, value)
    return pgettext("scope", "Yes") if value else pgettext("scope", "No")


def compared(values: Mapping[str, Any], against: Mapping[str, str]) -> dict[str, str]:
    """Return what another role says, in words, for each field where it says something else; not its name."""
    return {
        name: readable(name, other)
        for name, other in against.items()
        if name != "name" and str(values.get(name) or "") != other
    }


def counted(differs: Mapping[str, str]) -> dict[str, int]:
    """Return how many fields differ in each part of the page: "sales", "fields", "administer", and each resource."""
    found: Counter[str] = Counter()
    for name in differs:
        if name in _KEYS:
            found.update(("fields", f"rule:{_KEYS[name].partition('.')[0]}"))
        else:
            resource = _permission_of(name).partition(":")[0]
            found.update(("sales" if resource in SALES else "administer", resource))
    return dict(found)


def matrix() -> dict[str, Any]:
    """Return the words of the page: columns and rows of what sales works with, and the other resources."""
    names, actions = resource_words(), action_words()
    return {
        "columns": [actions[action] for action in ACTIONS],
        "rows": [(resource, names[resource], [_cell(resource, action) for action in ACTIONS]) for resource in SALES],
        "others": [(resource, name, hints().get(resource, ""),
                    [_cell(resource, action) for action in RESOURCES[resource]])
                   for resource, name in names.items() if resource not in SALES],
        "scopes": list(scope_words().items()),
        "ruled": [(f"rule:{resource}", names[resource], _rule_cells(resource)) for resource in FIELDS],
    }  # fmt: skip


def _rule_cells(resource: str) -> list[dict[str, Any]]:
    words, labels = rule_words(), field_labels(resource)
    keys = {field: f"{resource}.{field}" for field in FIELDS[resource]}
    return [
        {"name": rule_field(key), "label": labels[field], "words": field_words(key),
         "rules": [(rule, words[rule]) for rule in ("", *allowed(key))]}
        for field, key in keys.items()
    ]  # fmt: skip


def _cell(resource: str, action: str) -> dict[str, Any] | None:
    """Return the field of a permission, None where there is no such permission."""
    permission = f"{resource}:{action}"
    if permission not in PERMISSIONS:
        return None
    return {
        "name": field_of(permission), "label": action_word(permission), "words": permission_words(permission),
        "reaching": permission in REACHING,
    }  # fmt: skip


def hints() -> dict[str, str]:
    """Return what people may wonder about a resource."""
    return {
        "member": _("“View as” shows the workspace as a member sees it, without changing anything."),
        "role": _("Nobody can give more than their own role allows."),
        "token": _("Programs with a token may do what its member may do."),
        "hand_over": _("Giving all that somebody owns to others."),
        "audit": _("Who did what, and when."),
        "privacy": _(
            "The register, erasures and their certificates. Consent is written down by who may edit a contact."
        ),
        "billing": _("The plan, seats, payment and invoices. Who may not see it is shown no amounts anywhere."),
    }
