"""What a role may know of single fields, and change of them: plain values in, plain answers out.

A rule is a key of `Role.permissions`: "contact.phone": "masked". Without one, a field follows the record: who sees a
contact sees its phone number, who may edit it may change it.

- **read-only**: seen, but not changed.
- **masked**: seen in part (••••5678), and not changed.
- **hidden**: not seen, not changed, not said.

Of a new record who makes it says what it is called and how it can be reached, whatever is read-only or masked later.

What is masked or hidden is replaced where it is loaded (`tenants.veils`), so it is in no list, page, file or answer;
and it is never asked: no search, filter, order or look for duplicates goes by it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Literal, TypeAlias

from saas_crm.access.permissions import CurrentMember
from saas_crm.core.errors import InvalidInput
from saas_crm.core.i18n import gettext as _

FieldRule: TypeAlias = Literal["read-only", "masked", "hidden"]
RULES: tuple[FieldRule, ...] = ("read-only", "masked", "hidden")
"""From the least to the strictest."""
UNSEEN = frozenset({"masked", "hidden"})
NOTHING: tuple[object, ...] = (None, "", [])
_KEPT: tuple[FieldRule, ...] = ("read-only",)
_SEEN_OR_NOT: tuple[FieldRule, ...] = ("read-only", "hidden")
_HIDDEN: tuple[FieldRule, ...] = ("hidden",)
"""Nobody changes a record's number, so it can only be hidden."""

FIELDS: Mapping[str, Mapping[str, tuple[FieldRule, ...]]] = {
    "company": {
        "name": _KEPT, "phone": RULES, "email": RULES, "website": _SEEN_OR_NOT, "address": _SEEN_OR_NOT,
        "industry": _SEEN_OR_NOT, "lifecycle": _KEPT, "tags": _KEPT, "description": _SEEN_OR_NOT, "number": _HIDDEN,
    },
    "contact": {
        "name": _KEPT, "company_id": _KEPT, "job_title": _SEEN_OR_NOT, "mobile": RULES, "phone": RULES, "email": RULES,
        "birthday": _SEEN_OR_NOT, "address": _SEEN_OR_NOT, "lifecycle": _KEPT, "tags": _KEPT,
        "description": _SEEN_OR_NOT,
    },
    "opportunity": {
        "name": _KEPT, "company_id": _KEPT, "contact_id": _KEPT, "amount": _SEEN_OR_NOT, "expected_close": _KEPT,
        "description": _SEEN_OR_NOT, "number": _HIDDEN,
    },
}  # fmt: skip
"""Which fields may have rules, and which ones; what a record is called and who owns it is never unseen."""
PARTS: Mapping[str, tuple[str, ...]] = {"address": ("street", "city", "region", "postcode", "country")}
"""Fields that are several columns."""
_FIELD_OF = {part: field for field, parts in PARTS.items() for part in parts} | {"contact_ids": "contact_id"}
_MADE_OF: Mapping[str, tuple[str, ...]] = {"domain": ("website", "email")}
"""Columns that tell of fields they are made of."""


def _keys() -> Iterator[str]:
    for resource, fields in FIELDS.items():
        yield from (f"{resource}.{field}" for field in fields)


KEYS = dict.fromkeys(_keys()).keys()
"""All of them, in the order of the pages."""


def key_of(resource: str, column: str) -> str:
    """Return the key under which roles have rules for a column: "contact.address" for its city."""
    return f"{resource}.{_FIELD_OF.get(column, column)}"


def rules_in(permissions: Mapping[str, str]) -> dict[str, str]:
    """Return the rules for fields among what a role says; one that this release does not know is the strictest."""
    if not any("." in key for key in permissions):
        return {}
    return {key: _understood(key, permissions[key]) for key in KEYS if key in permissions}


def _understood(key: str, rule: str) -> str:
    known = allowed(key)
    return rule if rule in known else known[-1]


def allowed(key: str) -> tuple[FieldRule, ...]:
    """Return the rules that a field may have."""
    resource, _dot, field = key.partition(".")
    return FIELDS.get(resource, {}).get(field, ())


def strictness(rule: str | None) -> int:
    """Return how much a rule takes away: 0 is nothing."""
    return RULES.index(rule) + 1 if rule in RULES else 0


def freed(
    wanted: Mapping[str, str], former: Mapping[str, str], own: Mapping[str, str], widened: Iterable[str] = ()
) -> list[str]:
    """Return the fields that a role would let its members know or change although the giver may not.

    What the role let them know before it may go on, unless it reaches further than before. `widened` are permissions
    that it had not, or not so far; `former` empty is a role that was not there, or not theirs.
    """
    after, before = rules_in(wanted), rules_in(former)
    reaching = {permission.partition(":")[0] for permission in widened}
    if "company" in reaching:  # who sees a customer sees what hangs on it
        reaching |= FIELDS.keys()
    if "contact" in reaching:  # a consumer's deals hang on them
        reaching.add("opportunity")
    closed = [key for key, rule in rules_in(own).items() if strictness(after.get(key)) < strictness(rule)]
    return [
        key
        for key in closed
        if not former or key.partition(".")[0] in reaching or strictness(after.get(key)) < strictness(before.get(key))
    ]


def may_know(member: CurrentMember, resource: str, column: str) -> bool:
    """Whether the member may know the whole of a column's values, and so ask and sort by them."""
    columns = _MADE_OF.get(column, (column,))
    return all(member.fields.get(key_of(resource, name)) not in UNSEEN for name in columns)


def may_write(member: CurrentMember, resource: str, column: str, *, new: bool) -> bool:
    """Whether the member may say what a column holds, of a new record or of one that is there."""
    rule = member.fields.get(key_of(resource, column))
    return rule is None or (new and rule != "hidden")


def check_askable(member: CurrentMember, resource: str, /, **columns: str) -> None:
    """Refuse to narrow or sort by what the member may not know; each column is given the parameter that asks.

    Raises InvalidInput by the parameter.
    """
    closed = [asked for column, asked in columns.items() if not may_know(member, resource, column)]
    if closed:
        message = _("Your role does not show this field.")
        raise InvalidInput(dict.fromkeys(closed, message), dict.fromkeys(closed, "field_rule"))


def writable(
    values: Mapping[str, Any], resource: str, member: CurrentMember, present: Callable[[str], Any] | None
) -> dict[str, Any]:
    """Return what of `values` is to be written; what a rule forbids and changes nothing is left aside.

    `present` tells what a column holds now; None is a new record. Raises InvalidInput by the field for a change that
    the member's role does not allow.
    """
    if not member.fields:
        return dict(values)
    kept, refused = {}, []
    for name, value in values.items():
        if may_write(member, resource, name, new=present is None):
            kept[name] = value
        elif value not in NOTHING if present is None else not _is_so(value, present(name)):
            refused.append(name)
    if refused:
        message = _("Your role does not let you change this field.")
        raise InvalidInput(dict.fromkeys(refused, message), dict.fromkeys(refused, "field_rule"))
    return kept


def _is_so(value: object, present: object) -> bool:
    """Whether a value is what there is already; what the reader does not get at all reads as nothing."""
    return value == present or (value in NOTHING and not present)
