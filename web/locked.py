"""Fields of a form that the reader's role does not let them change: told as they are, or left out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from saas_crm.access.field_rules import key_of, may_write
from saas_crm.edge.current import current_member


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
