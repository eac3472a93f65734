"""Which permissions fit together, and what one may give to others."""

from __future__ import annotations

import pytest

from saas_crm.access.permissions import BUILT_IN, PERMISSIONS
from saas_crm.access.role_rules import (
    EVERYTHING,
    NEEDS,
    REACHING,
    beyond,
    effective,
    known,
    lacks,
    merged,
    switched,
)

SEES_TEAM = {"company:read": "team"}


@pytest.mark.parametrize("key", BUILT_IN)
def test_built_in_roles_fit(key: str) -> None:
    assert lacks(BUILT_IN[key]) == []


@pytest.mark.parametrize(
    ("permissions", "expected"),
    [
        ({}, []),
        ({**SEES_TEAM, "company:update": "own"}, []),
        ({**SEES_TEAM, "company:update": "team", "company:delete": "team"}, []),
        ({**SEES_TEAM, "company:update": "subtree"}, [("company:update", "company:read", "subtree")]),
        ({**SEES_TEAM, "company:delete": "all"}, [("company:delete", "company:read", "all")]),
        ({**SEES_TEAM, "company:export": "all"}, [("company:export", "company:read", "all")]),
        ({**SEES_TEAM, "company:share": "subtree"}, [("company:share", "company:read", "subtree")]),
        ({"company:create": "all"}, [("company:create", "company:read", "own")]),
        ({"company:create": "all", "company:read": "own"}, []),
        ({**SEES_TEAM, "company:assign": "all"}, [("company:assign", "company:update", "own")]),
        ({**SEES_TEAM, "company:update": "own", "company:assign": "all"}, []),
        ({"opportunity:read": "own"}, [("opportunity:read", "pipeline:read", "all")]),
        ({"opportunity:read": "own", "pipeline:read": "all"}, []),
        ({"member:update": "all"}, [("member:update", "member:read", "all")]),
        ({"member:view_as": "all", "member:read": "all"}, []),
        ({"token:delete": "all", "token:read": "own"}, [("token:delete", "token:read", "all")]),
        ({"audit:export": "all", "audit:read": "subtree"}, [("audit:export", "audit:read", "all")]),
        ({"contact.phone": "hidden"}, []),
    ],
)
def test_what_needs_what(permissions: dict[str, str], expected: list[tuple[str, str, str]]) -> None:
    assert [(lack.permission, lack.needed, lack.at_least) for lack in lacks(permissions)] == expected


@pytest.mark.parametrize(
    ("wanted", "former", "own", "expected"),
    [
        ({"company:read": "all"}, {}, {"company:read": "all"}, []),
        ({"company:read": "all"}, {}, {"company:read": "team"}, ["company:read"]),
        ({"company:read": "all"}, {"company:read": "all"}, {"company:read": "team"}, []),
        ({"company:read": "subtree"}, {"company:read": "all"}, {"company:read": "team"}, []),
        ({"company:read": "own"}, {}, {}, ["company:read"]),
        ({"role:update": "all"}, {}, {}, ["role:update"]),
        ({"company:create": "all"}, {}, {"company:create": "own"}, []),
        ({"member:update": "all"}, {}, {"member:update": "own"}, ["member:update"]),
        ({"contact.phone": "hidden"}, {}, {}, []),
    ],
)
def test_nobody_gives_more_than_they_have(
    wanted: dict[str, str], former: dict[str, str], own: dict[str, str], expected: list[str]
) -> None:
    assert beyond(wanted, former, own) == expected


def test_what_a_role_says_besides_is_kept() -> None:
    stored = {"company:read": "all", "contact.phone": "hidden", "later:thing": "all", "later.field": "hidden"}
    wanted = {"company:read": "own", "nonsense:x": "all", "contact.email": "masked"}
    assert merged(stored, wanted) == {
        "contact.email": "masked", "later:thing": "all", "later.field": "hidden", "company:read": "own",
    }  # fmt: skip
    assert known(stored) == {"company:read": "all"}


def test_the_owner_has_what_a_later_release_adds() -> None:
    assert effective("owner", {"company:read": "own"}) == EVERYTHING
    assert set(EVERYTHING) == PERMISSIONS
    assert effective("admin", {"company:read": "own"}) == {"company:read": "own"}


def test_every_need_is_a_permission_and_no_circle() -> None:
    for permission, need in NEEDS.items():
        assert {permission, need.permission} <= PERMISSIONS
        chain = [permission]
        while chain[-1] in NEEDS:
            chain.append(NEEDS[chain[-1]].permission)
            assert len(chain) < 5
    assert REACHING <= PERMISSIONS


def test_a_yes_is_stored_as_it_was() -> None:
    assert switched({"member:create": "subtree"}, "member:create") == "subtree"
    assert switched({}, "token:create") == "own"
    assert switched({}, "member:create") == "all"
