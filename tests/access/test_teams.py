"""The team tree in the database: moves keep all paths, two at once make no ring, deleting loses nobody."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import func, select

from saas_crm.access import members, teams
from saas_crm.access.models import Invitation, Member, Role, Team, TeamHelper, UnitGuest
from saas_crm.access.team_people import add_guest, add_helper, take_out
from saas_crm.access.team_schemas import TeamWrite
from saas_crm.core.audit import AuditEntry
from saas_crm.core.clock import now
from saas_crm.core.errors import Forbidden, InvalidInput
from tenants.db import db
from tests.support.cast import Cast
from tests.support.making import Maker

Acting = Callable[[str], Any]


def grow(acting: Acting, name: str, parent_id: UUID | None) -> UUID:
    with acting("admin") as admin:
        return teams.create_team(TeamWrite(name=name, parent_id=parent_id), actor=admin).id


def paths(acting: Acting) -> dict[UUID, list[UUID]]:
    with acting("viewer"):
        return {row.id: row.path for row in db.session.execute(select(Team.id, Team.path))}


def test_a_branch_moves_with_all_below_it(acting: Acting, cast: Cast) -> None:
    root, north, south = (cast.teams[key] for key in ("root", "north", "south"))
    far = grow(acting, "Far north", north)
    farther = grow(acting, "Farther north", far)
    with acting("admin") as admin:
        teams.move_team(north, south, actor=admin)
    found = paths(acting)
    assert found[north] == [root, south, north]
    assert found[far] == [root, south, north, far]
    assert found[farther] == [root, south, north, far, farther]
    with acting("admin") as admin:
        teams.move_team(far, None, actor=admin)
    assert paths(acting)[farther] == [far, farther]


@pytest.mark.parametrize("to", ["north", "far", "farther"])
def test_a_team_does_not_move_into_itself(acting: Acting, cast: Cast, to: str) -> None:
    far = grow(acting, "Far north", cast.teams["north"])
    places = {"north": cast.teams["north"], "far": far, "farther": grow(acting, "Farther", far)}
    before = paths(acting)
    with acting("admin") as admin, pytest.raises(InvalidInput, match="below itself"):
        teams.move_team(cast.teams["north"], places[to], actor=admin)
    assert paths(acting) == before


def test_two_opposite_moves_at_once_make_no_ring(app: Flask, acting: Acting, cast: Cast) -> None:
    north, south = cast.teams["north"], cast.teams["south"]

    def move(pair: tuple[UUID, UUID]) -> str:
        try:
            with acting("admin") as admin:
                teams.move_team(*pair, actor=admin)
        except InvalidInput:
            return "refused"
        return "moved"

    with ThreadPoolExecutor(2) as both:
        assert sorted(both.map(move, [(north, south), (south, north)])) == ["moved", "refused"]
    found = paths(acting)
    assert all(path[0] == cast.teams["root"] and path[-1] == team for team, path in found.items())
    assert {len(found[north]), len(found[south])} == {2, 3}


def test_a_deleted_team_gives_its_people_to_its_parent(acting: Acting, cast: Cast, make: Maker) -> None:
    root, south = cast.teams["root"], cast.teams["south"]
    below = grow(acting, "Below south", south)
    deeper = grow(acting, "Deeper", below)
    with acting("admin") as admin:
        team = teams.get_team(south, member=admin)
        add_helper(team, make.member_id("rep"), actor=admin)
        role = db.session.scalar(select(Role.id).where(Role.key == "rep"))
        db.session.add(Invitation(
            email="n@x.example", role_id=role, team_id=south, invited_by_id=admin.id, token_hash=b"n", expires_at=now()
        ))  # fmt: skip
    with acting("admin") as admin:
        teams.hold_tree()
        with pytest.raises(InvalidInput, match="Move them first"):
            teams.delete_team(teams.get_team(south, member=admin), actor=admin)
        teams.delete_team(teams.get_team(south, member=admin), actor=admin, move_up=True)
    found = paths(acting)
    assert south not in found
    assert (found[below], found[deeper]) == ([root, below], [root, below, deeper])
    with acting("admin"):
        assert db.session.scalar(select(Member.team_id).where(Member.id == make.member_id("colleague"))) == root
        assert db.session.scalar(select(Team.parent_id).where(Team.id == below)) == root
        assert db.session.scalar(select(Team.parent_id).where(Team.id == deeper)) == below
        assert db.session.scalar(select(Invitation.team_id)) == root
        assert db.session.scalar(select(func.count()).select_from(TeamHelper)) == 0
        told = db.session.scalar(
            select(AuditEntry.changes).where(AuditEntry.record_id == south, AuditEntry.action == "purge")
        )
        assert told == {
            "name": ["South", None], "parent_id": [str(root), None], "path": [[str(root), str(south)], None],
        }  # fmt: skip


def test_the_last_root_stays(acting: Acting, cast: Cast) -> None:
    with acting("admin") as admin, pytest.raises(InvalidInput, match="top of the tree"):
        teams.delete_team(teams.get_team(cast.teams["root"], member=admin), actor=admin, move_up=True)
    assert cast.teams["root"] in paths(acting)


def test_a_second_root_that_is_empty_goes(acting: Acting) -> None:
    second = grow(acting, "Second", None)
    with acting("admin") as admin:
        teams.delete_team(teams.get_team(second, member=admin), actor=admin)
    assert second not in paths(acting)


def test_scopes_of_team_permissions_hold(acting: Acting, cast: Cast) -> None:
    from dataclasses import replace

    with acting("manager") as manager:
        local = replace(
            manager, permissions={**manager.permissions, "team:update": "subtree", "team:create": "subtree"}
        )
        teams.create_team(TeamWrite(name="Below", parent_id=cast.teams["north"]), actor=local)
        with pytest.raises(Forbidden):
            teams.create_team(TeamWrite(name="Elsewhere", parent_id=cast.teams["south"]), actor=local)
        with pytest.raises(Forbidden):
            teams.move_team(cast.teams["south"], cast.teams["north"], actor=local)
        with pytest.raises(Forbidden):
            teams.move_team(cast.teams["north"], cast.teams["south"], actor=local)


def test_helpers_and_guests_come_and_go(acting: Acting, cast: Cast, make: Maker) -> None:
    rep, colleague = make.member_id("rep"), make.member_id("colleague")
    with acting("admin") as admin:
        south = teams.get_team(cast.teams["south"], member=admin)
        add_helper(south, rep, actor=admin)
        add_guest(south, rep, actor=admin)
        with pytest.raises(InvalidInput, match="there already"):
            add_helper(south, rep, actor=admin)
        with pytest.raises(InvalidInput, match="own team"):
            add_helper(south, colleague, actor=admin)
    with acting("admin") as admin:
        south = teams.get_team(cast.teams["south"], member=admin)
        assert db.session.scalars(select(TeamHelper.member_id)).all() == [rep]
        take_out(TeamHelper, south, rep, actor=admin)
        assert db.session.scalars(select(TeamHelper.member_id)).all() == []
        assert db.session.scalars(select(UnitGuest.member_id)).all() == [rep]


def test_who_leaves_helps_leads_and_stands_in_no_more(acting: Acting, cast: Cast, make: Maker) -> None:
    rep, tom = make.member_id("rep"), make.member_id("teammate")
    with acting("owner") as owner:
        south = teams.get_team(cast.teams["south"], member=owner)
        add_helper(south, rep, actor=owner)
        teams.update_team(south, TeamWrite.model_construct({"manager_id"}, name="", manager_id=rep), actor=owner)
        held = members.get_member(tom, details=True)
        members._set_substitute(held, rep)
    with acting("owner") as owner:
        members.remove(members.get_member(rep), actor=owner)
    with acting("owner"):
        assert db.session.scalars(select(TeamHelper.id)).all() == []
        assert db.session.scalar(select(Team.manager_id).where(Team.id == cast.teams["south"])) is None
        assert db.session.scalar(select(Member.substitute_id).where(Member.id == tom)) is None
