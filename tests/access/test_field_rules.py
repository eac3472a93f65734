"""What a role may know of single fields and change of them: the rules, without a database."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest

from saas_crm.access.field_rules import (
    FIELDS,
    KEYS,
    allowed,
    check_askable,
    freed,
    key_of,
    may_know,
    may_write,
    rules_in,
    writable,
)
from saas_crm.access.permissions import CurrentMember
from saas_crm.core.errors import InvalidInput

PLAIN = CurrentMember(uuid4(), uuid4(), "Rita", "rita@acme.example", "rep", "Rep", "en", "UTC")


def under(**rules: str) -> CurrentMember:
    return replace(PLAIN, fields={key.replace("__", "."): rule for key, rule in rules.items()})


@pytest.mark.parametrize(
    ("resource", "column", "key"),
    [
        ("contact", "phone", "contact.phone"), ("contact", "city", "contact.address"),
        ("company", "country", "company.address"), ("opportunity", "amount", "opportunity.amount"),
    ],
)  # fmt: skip
def test_columns_belong_to_fields(resource: str, column: str, key: str) -> None:
    assert key_of(resource, column) == key
    assert key in KEYS


@pytest.mark.parametrize(
    ("stored", "expected"),
    [
        ({}, {}),
        ({"contact:read": "all"}, {}),
        ({"contact.phone": "masked", "contact:read": "all"}, {"contact.phone": "masked"}),
        ({"contact.birthday": "masked"}, {"contact.birthday": "hidden"}),
        ({"contact.nothing": "hidden", "contact.phone": "partial"}, {"contact.phone": "hidden"}),
        ({"company.name": "hidden"}, {"company.name": "read-only"}),
    ],
)
def test_a_rule_that_is_not_known_is_the_strictest(stored: dict[str, str], expected: dict[str, str]) -> None:
    assert rules_in(stored) == expected


def test_every_field_has_a_rule_to_choose_and_names_stay_seen() -> None:
    assert all(allowed(key) for key in KEYS)
    assert all("hidden" not in fields["name"] for fields in FIELDS.values())


@pytest.mark.parametrize(
    ("rule", "knows", "changes", "says"),
    [(None, True, True, True), ("read-only", True, False, True), ("masked", False, False, True),
     ("hidden", False, False, False)],
)  # fmt: skip
def test_what_a_rule_takes_away(rule: str | None, knows: bool, changes: bool, says: bool) -> None:
    member = under(contact__phone=rule) if rule else PLAIN
    assert may_know(member, "contact", "phone") is knows
    assert may_write(member, "contact", "phone", new=False) is changes
    assert may_write(member, "contact", "phone", new=True) is says
    assert may_know(member, "company", "phone")
    assert may_write(member, "contact", "mobile", new=False)


@pytest.mark.parametrize(
    ("wanted", "former", "own", "expected"),
    [
        ({}, {}, {"contact.phone": "hidden"}, ["contact.phone"]),
        ({"contact.phone": "hidden"}, {}, {"contact.phone": "hidden"}, []),
        ({"contact.phone": "masked"}, {}, {"contact.phone": "hidden"}, ["contact.phone"]),
        ({"contact.phone": "hidden"}, {}, {"contact.phone": "masked"}, []),
        ({}, {"contact:read": "all"}, {"contact.phone": "hidden"}, []),
        ({}, {"contact.phone": "hidden"}, {"contact.phone": "hidden"}, ["contact.phone"]),
        ({"contact:read": "all"}, {"contact.phone": "masked"}, {}, []),
        ({"contact:read": "all"}, {"contact:read": "all"}, {"contact.phone": "hidden"}, []),
        ({"contact:read": "all"}, {"contact:read": "own"}, {"contact.phone": "hidden"}, ["contact.phone"]),
        ({"company:read": "all"}, {"company:read": "own"}, {"contact.phone": "hidden"}, ["contact.phone"]),
        ({"opportunity:read": "all"}, {"company:read": "own"}, {"contact.phone": "hidden"}, []),
        ({"contact:read": "all"}, {"contact:read": "own"}, {"opportunity.amount": "hidden"}, ["opportunity.amount"]),
    ],
)
def test_nobody_frees_a_field_that_is_closed_to_them(
    wanted: dict[str, str], former: dict[str, str], own: dict[str, str], expected: list[str]
) -> None:
    widened = [one for one in wanted if ":" in one and wanted[one] != former.get(one)]
    assert freed(wanted, former, own, widened) == expected


PRESENT: dict[str, Any] = {"name": "Ada", "phone": "+4912345678", "email": "a@b.example"}


@pytest.mark.parametrize(
    ("values", "present", "kept"),
    [
        ({"name": "Eva"}, PRESENT, {"name": "Eva"}),
        ({"name": "Eva", "phone": "+4912345678"}, PRESENT, {"name": "Eva"}),
        ({"name": "Eva", "phone": "+491"}, None, {"name": "Eva", "phone": "+491"}),
        ({"name": "Eva", "email": ""}, None, {"name": "Eva"}),
    ],
)
def test_what_changes_nothing_is_left_aside(
    values: dict[str, Any], present: dict[str, Any] | None, kept: dict[str, Any]
) -> None:
    member = under(contact__phone="read-only", contact__email="hidden")
    assert writable(values, "contact", member, present.__getitem__ if present else None) == kept


@pytest.mark.parametrize(
    ("values", "present", "refused"),
    [
        ({"phone": "+4900000000"}, PRESENT, {"phone"}),
        ({"phone": ""}, PRESENT, {"phone"}),
        ({"email": "x@y.example", "phone": "+49"}, PRESENT, {"email", "phone"}),
        ({"email": "x@y.example"}, None, {"email"}),
    ],
)
def test_a_change_is_refused_by_its_field(
    values: dict[str, Any], present: dict[str, Any] | None, refused: set[str]
) -> None:
    member = under(contact__phone="read-only", contact__email="hidden")
    with pytest.raises(InvalidInput) as wrong:
        writable(values, "contact", member, present.__getitem__ if present else None)
    assert set(wrong.value.errors) == refused


def test_what_is_made_of_closed_fields_is_closed_too() -> None:
    assert may_know(PLAIN, "company", "domain")
    assert not may_know(under(company__email="hidden"), "company", "domain")
    assert not may_know(under(company__website="hidden"), "company", "domain")


def test_nobody_asks_by_what_they_do_not_know() -> None:
    member = under(company__address="hidden", contact__phone="read-only")
    check_askable(member, "contact", phone="q", country="country")
    with pytest.raises(InvalidInput) as wrong:
        check_askable(member, "company", country="country")
    assert set(wrong.value.errors) == {"country"}
