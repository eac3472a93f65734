"""Pure rules of inviting many, of owners, of substitutes and of the shape of the team tree."""

from __future__ import annotations

import random
from uuid import UUID, uuid4

import pytest

from saas_crm.access.rules import (
    Colleague,
    Node,
    address_in,
    in_tree_order,
    leads_back,
    moved_path,
    refusals,
    split_addresses,
)

A, B, C, D = (UUID(int=number) for number in range(1, 5))


@pytest.mark.parametrize(
    ("text", "entries"),
    [
        ("a@x.example", ["a@x.example"]),
        ("a@x.example, b@x.example;c@x.example", ["a@x.example", "b@x.example", "c@x.example"]),
        ("a@x.example\r\n\r\nb@x.example\n", ["a@x.example", "b@x.example"]),
        (
            "a@x.example，b@x.example；c@x.example、d@x.example",
            ["a@x.example", "b@x.example", "c@x.example", "d@x.example"],
        ),
        ("a@x.example b@x.example\tc@x.example", ["a@x.example", "b@x.example", "c@x.example"]),
        ("Ann Lee <a@x.example>, 王小明 <b@x.example>", ["Ann Lee <a@x.example>", "王小明 <b@x.example>"]),
        ('"Doe, Jane" <j@x.example>, b@x.example', ['"Doe, Jane" <j@x.example>', "b@x.example"]),
        ("Doe, Jane <j@x.example>; Lee, Ann <a@x.example>", ["Doe, Jane <j@x.example>", "Lee, Ann <a@x.example>"]),
        ("nonsense\na@x.example", ["nonsense", "a@x.example"]),
        (" , ;\n", []),
    ],
)
def test_pasted_lists_are_taken_apart(text: str, entries: list[str]) -> None:
    assert split_addresses(text) == entries


@pytest.mark.parametrize("entry", ["a@x.example", "Ann <a@x.example>", "mailto:a@x.example", "Ann < a@x.example >"])
def test_the_address_of_an_entry_is_found(entry: str) -> None:
    assert address_in(entry) == "a@x.example"


def _people(*owners: UUID) -> list[Colleague]:
    return [Colleague(one, one in owners, True) for one in (A, B, C)]


def test_only_owners_touch_and_make_owners() -> None:
    assert refusals(_people(A), {A}, actor_id=B, actor_is_owner=False) == {A: "owner"}
    made = refusals(_people(), {D}, actor_id=D, actor_is_owner=False, gives_ownership=True)
    assert made == {A: "owner", B: "owner", C: "owner"}
    assert refusals(_people(A), {A}, actor_id=A, actor_is_owner=True) == {}


def test_nobody_locks_themselves_out() -> None:
    assert refusals(_people(), {D}, actor_id=B, actor_is_owner=True, locks_out=True) == {B: "self"}


def test_one_active_owner_is_left_the_actor_before_others() -> None:
    demoted = refusals(_people(A, B), {A, B}, actor_id=B, actor_is_owner=True, takes_ownership=True)
    assert demoted == {B: "last_owner"}
    assert refusals(_people(A, B), {A, B, D}, actor_id=D, actor_is_owner=True, takes_ownership=True) == {}
    frozen = [Colleague(A, True, False)]
    assert refusals(frozen, {D}, actor_id=D, actor_is_owner=True, takes_ownership=True) == {}


def test_substitutes_never_lead_back() -> None:
    assert leads_back(A, A, {})
    assert leads_back(A, B, {B: A})
    assert leads_back(A, B, {B: C, C: A})
    assert not leads_back(A, B, {B: C, C: D})
    assert not leads_back(A, B, {B: C, C: B}), "a ring of others is none of theirs, and ends"


def test_the_tree_comes_depth_first_sisters_in_order() -> None:
    nodes = [Node(A, None, "root"), Node(B, A, "south"), Node(C, A, "north"), Node(D, C, "far north")]
    assert list(in_tree_order(nodes)) == [(A, 0), (C, 1), (D, 2), (B, 1)]


def test_paths_follow_a_moved_branch_in_random_trees() -> None:
    """After any row of moves, each path is what one finds by going up from the team."""
    chance = random.Random(7)
    for _ in range(30):
        teams = [uuid4() for _ in range(chance.randint(2, 25))]
        parent: dict[UUID, UUID | None] = {}
        paths: dict[UUID, list[UUID]] = {}
        for number, team in enumerate(teams):
            parent[team] = chance.choice(teams[:number]) if number else None
            above = parent[team]
            paths[team] = [*(paths[above] if above else []), team]
        for _ in range(20):
            team, to = chance.choice(teams), chance.choice([*teams, None])
            if to is not None and team in paths[to]:
                continue
            parent[team] = to
            beginning = list(paths[to]) if to else []
            paths.update({one: moved_path(path, team, beginning) for one, path in paths.items() if team in path})
        for team in teams:
            found: list[UUID] = []
            at: UUID | None = team
            while at is not None:
                found, at = [at, *found], parent[at]
            assert paths[team] == found
