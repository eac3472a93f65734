"""Helpers, managers, closed units, guests and shares, as a preview and an explanation reckon with them."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

import pytest

from saas_crm.access.chains import Alike, Link, Seen
from saas_crm.access.explaining import explain
from saas_crm.access.preview import reckoned
from saas_crm.access.reach import Person, RoleHeld, TeamNode, World, with_team_moved

ROOT, NORTH, SOUTH, DEEP = (UUID(int=number) for number in range(1, 5))
KEYS = ("owner", "boss", "rep", "south", "deep", "helper", "manager", "guest", "viewer", "alone")
MEMBERS = {key: UUID(int=100 + number) for number, key in enumerate(KEYS)}
ROLES = {key: UUID(int=200 + number) for number, key in enumerate(("owner", "subtree", "team", "all", "own", "none"))}
COMPANY, CONTACT = UUID(int=300), UUID(int=301)


def person(
    key: str, role: str, team: UUID | None, helps: tuple[UUID, ...] = (), manages: tuple[UUID, ...] = ()
) -> Person:
    return Person(MEMBERS[key], key, ROLES[role], team, frozenset(helps), frozenset(manages))


def permissions(scope: str) -> dict[str, str]:
    kinds = ("company", "contact", "activity", "opportunity")
    return {f"{kind}:{action}": scope for kind in kinds for action in ("read", "update")}


def world(*closed: UUID, guests: tuple[str, ...] = (), follow: bool = True) -> World:
    """Root has North and South; Deep is below South, where the record's owner is."""
    paths = {ROOT: (ROOT,), NORTH: (ROOT, NORTH), SOUTH: (ROOT, SOUTH), DEEP: (ROOT, SOUTH, DEEP)}
    scopes = {key: permissions(key) for key in ("subtree", "team", "all", "own")}
    people = (
        person("owner", "owner", NORTH), person("boss", "subtree", ROOT), person("rep", "team", NORTH),
        person("south", "subtree", SOUTH), person("deep", "team", DEEP), person("helper", "team", NORTH, helps=(DEEP,)),
        person("manager", "subtree", NORTH, manages=(SOUTH,)), person("guest", "all", NORTH),
        person("viewer", "all", NORTH), person("alone", "subtree", None),
    )  # fmt: skip
    return World(
        people={one.id: one for one in people},
        roles={role_id: RoleHeld(role_id, "owner" if key == "owner" else None, key, scopes.get(key, {}))
               for key, role_id in ROLES.items()},
        teams={team: TeamNode(team, str(team.int), path, team in closed) for team, path in paths.items()},
        guests=frozenset((unit, MEMBERS[key]) for unit in closed for key in guests),
        follow=follow,
    )  # fmt: skip


def company_of(key: str) -> list[Seen]:
    return [Seen(Link("company"), COMPANY, MEMBERS[key])]


def reasons(present: World, ways: list[Seen], shares: dict[str, str] | None = None) -> dict[str, str]:
    given = {(COMPANY, MEMBERS[key]): level for key, level in (shares or {}).items()}
    verdicts = {key: explain(present, ways, given, present.people[MEMBERS[key]]) for key in KEYS}  # type: ignore[arg-type]
    return {key: f"{'+' if verdict.sees else '-'}{verdict.why}" for key, verdict in verdicts.items()}


OPEN = {
    "owner": "+all", "boss": "+below", "rep": "-other_team", "south": "+below", "deep": "+own", "helper": "+helper",
    "manager": "+below", "guest": "+all", "viewer": "+all", "alone": "-not_below",
}  # fmt: skip


@pytest.mark.parametrize(
    ("closed", "guests", "shares", "different"),
    [
        ((), (), {}, {}),
        ((SOUTH,), (), {}, {"guest": "-closed", "viewer": "-closed"}),
        ((SOUTH,), ("guest",), {}, {"guest": "+guest", "viewer": "-closed"}),
        ((DEEP,), (), {}, {"guest": "-closed", "viewer": "-closed"}),
        ((NORTH,), (), {}, {}),
        ((ROOT,), (), {}, {}),
        ((SOUTH, DEEP), ("guest",), {}, {"guest": "+guest", "viewer": "-closed"}),
        ((), (), {"rep": "read", "alone": "edit"}, {"rep": "+shared", "alone": "+shared"}),
        ((SOUTH,), (), {"viewer": "read"}, {"guest": "-closed", "viewer": "+shared"}),
    ],
)
def test_who_sees_what_deep_owns(
    closed: tuple[UUID, ...], guests: tuple[str, ...], shares: dict[str, str], different: dict[str, str]
) -> None:
    assert reasons(world(*closed, guests=guests), company_of("deep"), shares) == OPEN | different


def test_a_manager_sees_their_teams_own_records() -> None:
    assert reasons(world(), company_of("south"))["manager"] == "+manager"


def test_a_share_to_read_does_not_let_one_edit() -> None:
    present = world()
    rep = present.people[MEMBERS["rep"]]
    for level, edits in (("read", False), ("edit", True)):
        verdict = explain(present, company_of("deep"), {(COMPANY, rep.id): level}, rep)  # type: ignore[dict-item]
        assert (verdict.sees, verdict.edits) == (True, edits)
    barred = replace(present, people={**present.people, rep.id: replace(rep, role_id=ROLES["none"])})
    verdict = explain(barred, company_of("deep"), {(COMPANY, rep.id): "edit"}, barred.people[rep.id])
    assert (verdict.sees, verdict.edits, verdict.why) == (False, False, "no_permission")


@pytest.mark.parametrize(("follow", "expected"), [(True, "+team"), (False, "-other_team")])
def test_children_follow_their_customer_unless_switched_off(follow: bool, expected: str) -> None:
    ways = [
        Seen(Link("contact"), CONTACT, MEMBERS["deep"]),
        Seen(Link("company", ("contact",)), COMPANY, MEMBERS["viewer"]),
    ]
    assert reasons(world(follow=follow), ways)["rep"] == expected


ACTIVITY = UUID(int=302)


@pytest.mark.parametrize("follow", [True, False])
@pytest.mark.parametrize("closed", [(), (SOUTH,), (DEEP,)])
def test_who_owns_a_customer_reads_what_hangs_on_it(follow: bool, closed: tuple[UUID, ...]) -> None:
    """Through walls and switch: who is given a customer of a closed unit is given what was noted of it."""
    ways = [
        Seen(Link("activity"), ACTIVITY, MEMBERS["deep"]),
        Seen(Link("company", ("activity",)), COMPANY, MEMBERS["viewer"]),
    ]
    present = world(*closed, follow=follow)
    everybody = present.people
    owner = replace(everybody[MEMBERS["viewer"]], role_id=ROLES["own"])
    verdict = explain(replace(present, people={**everybody, owner.id: owner}), ways, {}, owner)
    assert (verdict.sees, verdict.edits, verdict.why, verdict.grounds[0].through) == (True, False, "own", "company")
    barred = replace(present.roles[ROLES["own"]], permissions={"activity:read": "own"})
    roles = {**present.roles, barred.id: barred}
    verdict = explain(replace(present, people={**everybody, owner.id: owner}, roles=roles), ways, {}, owner)
    assert not verdict.sees, "who may see no companies at all owns none to any effect"


@pytest.mark.usefixtures("app")
def test_switching_off_and_closing_take_nothing_from_who_owns_the_customer() -> None:
    hanging = Alike("activity", None, (MEMBERS["deep"], MEMBERS["rep"], None, None, None, None, None, None), 5)
    owners = (MEMBERS["deep"], None, MEMBERS["deep"], MEMBERS["rep"], None, None, None, None)
    deeper = Alike("activity", None, owners, 3)
    for after, left in ((world(follow=False), 3), (world(DEEP), 3), (world(DEEP, follow=False), 3)):
        found = effects(world(), after, hanging, deeper)
        assert found.get("rep", {}) == {"activity:read": (0, left)}, "what hangs on it directly stays"


def test_a_frozen_member_sees_nothing() -> None:
    present = world()
    frozen = replace(present.people[MEMBERS["deep"]], active=False)
    verdict = explain(present, company_of("deep"), {(COMPANY, frozen.id): "edit"}, frozen)
    assert (verdict.sees, verdict.why) == (False, "inactive")


def effects(before: World, after: World, *counted: Alike) -> dict[str, dict[str, tuple[int, int]]]:
    found = reckoned(before, after, list(after.people.values()), counted)
    return {
        effect.name: {f"{one.resource}:{one.action}": (one.gained, one.lost) for one in effect.changes}
        for effect in found.effects
    }


@pytest.mark.usefixtures("app")
def test_closing_a_unit_takes_what_is_in_it_from_those_outside() -> None:
    deep, shared = (
        Alike("company", None, (MEMBERS["deep"],), 7),
        Alike("company", MEMBERS["viewer"], (MEMBERS["deep"],), 2, frozenset({0})),
    )
    found = effects(world(), world(SOUTH), deep, shared)
    assert found == {
        "guest": {"company:read": (0, 7), "company:update": (0, 7)},
        "viewer": {"company:read": (0, 5), "company:update": (0, 7)},
    }
    assert effects(world(), world(SOUTH, guests=("guest", "viewer")), deep, shared) == {}


@pytest.mark.usefixtures("app")
def test_a_team_that_moves_out_of_a_closed_unit_is_seen() -> None:
    before = world(SOUTH)
    found = effects(before, with_team_moved(before, DEEP, NORTH), Alike("company", None, (MEMBERS["deep"],), 3))
    assert {key for key, changes in found.items() if changes["company:read"] == (3, 0)} == {"guest", "viewer"}
    assert {key for key, changes in found.items() if changes["company:read"] == (0, 3)} == {"south"}
    # The manager of South loses it there and gains it in North, where they are: nothing changes for them.
    assert "manager" not in found


@pytest.mark.usefixtures("app")
def test_what_hangs_on_a_customer_is_counted_through_it() -> None:
    contact = Alike("contact", None, (MEMBERS["deep"], MEMBERS["south"]), 4)
    before, after = world(follow=False), world(follow=True)
    people = {**before.people, MEMBERS["rep"]: replace(before.people[MEMBERS["rep"]], team_id=SOUTH)}
    found = effects(replace(before, people=people), replace(after, people=people), contact)
    assert found == {"rep": {"contact:read": (4, 0)}}
