"""The tables of permissions: what the built-in roles may do, and the plain value that is asked."""

from __future__ import annotations

from itertools import product
from uuid import uuid4

import pytest

from saas_crm.access.permissions import (
    BUILT_IN,
    PERMISSIONS,
    RESOURCES,
    SALES,
    SCOPES,
    CurrentMember,
    Scope,
    widest,
)
from saas_crm.core.errors import Forbidden
from saas_crm.edge.declared import declared_for as declared
from saas_crm.edge.declared import members_only, public, requires, signed_in


def member(permissions: dict[str, Scope]) -> CurrentMember:
    return CurrentMember(
        uuid4(), uuid4(), "Ann", "ann@x.example", None, "Own role", "en", "UTC", permissions=permissions
    )


def test_every_role_knows_only_permissions_and_scopes_there_are() -> None:
    assert set(BUILT_IN) == {"owner", "admin", "manager", "rep", "viewer"}
    for permissions in BUILT_IN.values():
        assert set(permissions) <= PERMISSIONS
        assert set(permissions.values()) <= set(SCOPES)


def test_owner_and_admin_may_do_everything_but_what_is_paid_is_the_owners() -> None:
    assert dict(BUILT_IN["owner"]) == dict.fromkeys(PERMISSIONS, "all")
    assert dict(BUILT_IN["admin"]) == dict.fromkeys(PERMISSIONS - {"billing:read", "billing:update"}, "all")


def test_a_viewer_only_reads() -> None:
    writing = {p for p in BUILT_IN["viewer"] if not p.endswith(":read")}
    assert writing == {"token:create", "token:delete"}, "tokens of their own, with which they read"
    assert all(BUILT_IN["viewer"][f"{resource}:read"] == "all" for resource in SALES)


def test_a_rep_reads_the_teams_and_changes_their_own() -> None:
    for resource in SALES:
        assert BUILT_IN["rep"][f"{resource}:read"] == "team"
        for action in ("create", "update", "delete"):
            assert BUILT_IN["rep"][f"{resource}:{action}"] == "own"
        assert f"{resource}:assign" not in BUILT_IN["rep"]


def test_a_manager_rules_over_their_part_of_the_tree_and_nothing_of_the_workspace() -> None:
    for resource in SALES:
        for action in RESOURCES[resource]:
            assert BUILT_IN["manager"][f"{resource}:{action}"] == "subtree"
    for permission in ("member:create", "member:update", "role:update", "workspace:update", "pipeline:update"):
        assert permission not in BUILT_IN["manager"]


@pytest.mark.parametrize("role", BUILT_IN)
def test_nobody_changes_what_they_cannot_read(role: str) -> None:
    for permission, scope in BUILT_IN[role].items():
        resource = permission.partition(":")[0]
        reads = BUILT_IN[role].get(f"{resource}:read")
        assert reads is not None
        assert widest(reads, scope) == reads, f"{permission} reaches further than reading"


@pytest.mark.parametrize(("first", "second"), list(product(SCOPES, SCOPES)))
def test_the_widest_scope(first: Scope, second: Scope) -> None:
    assert widest(first, second) == SCOPES[max(SCOPES.index(first), SCOPES.index(second))]


def test_what_is_not_given_is_refused() -> None:
    ann = member({"company:read": "own"})
    assert ann.can("company:read")
    assert ann.require("company:read") == "own"
    assert not ann.can("company:update")
    assert ann.scope("company:update") is None
    with pytest.raises(Forbidden) as refused:
        ann.require("company:update")
    assert refused.value.permission == "company:update"


def test_declaring_a_permission_nobody_can_have_is_an_error_at_once() -> None:
    with pytest.raises(ValueError, match="company:rade"):
        requires("company:rade")


def test_declarations_are_read_back() -> None:
    def view() -> str:
        return ""

    assert declared(view) is None
    assert declared(requires("company:read")(view)).permission == "company:read"  # type: ignore[union-attr]
    assert declared(members_only(lambda: "")).kind == "member"  # type: ignore[union-attr]
    assert declared(signed_in(lambda: "")).place == "outside"  # type: ignore[union-attr]
    assert declared(public("workspace")(lambda: "")).place == "workspace"  # type: ignore[union-attr]
