"""Fields of a form that the reader's role does not let them change: told as they are, or left out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from saas_crm.access.field_rules import FIELDS, key_of, may_write
from saas_crm.edge.current import current_member
from web.settings.field_words import field_labels


def locked_fields(
    resource: str, names: Iterable[str], values: Mapping[str, str] | None, shown: Callable[[str, str], str]
) -> dict[str, str | None]:
    """Return the fields that the form only tells, and what it tells of them; None for what it leaves out.

    `values` are a record's fields as its form writes them, None for a new one; `shown` makes a value readable.
    """
    member = current_member()
    if not member.fields:
        return {}
    closed = [name for name in names if not may_write(member, resource, name, new=values is None)]
    return {
        name: None
        if values is None or member.fields[key_of(resource, name)] == "hidden"
        else shown(name, values.get(name, ""))
        for name in closed
    }


@dataclass(frozen=True, slots=True)
class Notes:
    """What a form says of the rules of the reader's role: labels of fields, in the order of the role's page.

    `unseen` are not in the form, `kept` only told, `once` can be said of a new record and not changed afterwards.
    """

    unseen: list[str]
    kept: list[str]
    once: list[str]


def rule_notes(resource: str, *, new: bool) -> Notes | None:
    """Return what the form of a record says of the reader's rules; None where they have none for such records."""
    rules = current_member().fields
    ruled = {field: rules[key] for field in FIELDS[resource] if (key := f"{resource}.{field}") in rules}
    if not ruled:
        return None
    labels = field_labels(resource)
    seen = [labels[field] for field, rule in ruled.items() if rule != "hidden"]
    unseen = [labels[field] for field, rule in ruled.items() if rule == "hidden"]
    return Notes(unseen, [] if new else seen, seen if new else [])
