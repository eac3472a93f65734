"""What a change would do to who sees what, as it is told before, is what `visible()` does after."""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import AbstractContextManager
from uuid import UUID

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import undefer

from saas_crm.access.models import Member, Role, Team, TeamHelper, UnitGuest
from saas_crm.access.permissions import SALES, CurrentMember
from saas_crm.access.preview import (
    preview_of_change,
    preview_of_member_change,
    preview_of_role,
    preview_of_team_move,
)
from saas_crm.access.reach import with_guest, with_help, with_leader, with_team_closed, with_team_deleted
from saas_crm.access.teams import delete_team, get_team, hold_tree
from saas_crm.core.clock import now
from saas_crm.core.errors import NotFound
from tenants.db import db, new_id
from tests.access.sight import happened, roles_by_key, scopes, seen_now, told
from tests.support.cast import Cast
from tests.support.making import Maker

Acting = Callable[[str], AbstractContextManager[CurrentMember]]


def test_a_role_does_what_its_preview_says(records: list[tuple[str, UUID]], acting: Acting) -> None:
    assert records
    dice = random.Random(11)
    with acting("owner"):
        after = seen_now()
        for _ in range(12):
            role = roles_by_key()[dice.choice(("rep", "manager", "viewer", "admin"))]
            wanted = scopes(dice)
            preview = preview_of_role(role.id, wanted)
            role.permissions = wanted
            db.session.flush()
            assert told(preview) == happened(after, after := seen_now())


def test_members_reach_what_the_preview_says(
    records: list[tuple[str, UUID]], acting: Acting, cast: Cast, make: Maker
) -> None:
    assert records
    with acting("owner"):
        moved, after = [make.member_id("rep"), make.member_id("viewer")], seen_now()
        for team, role in [("south", "rep"), ("root", ""), ("north", "manager"), ("root", "viewer"), ("south", "")]:
            role_id = roles_by_key()[role].id if role else None
            preview = preview_of_member_change(moved, role_id=role_id, team_id=cast.teams[team])
            for member in db.session.scalars(select(Member).where(Member.id.in_(moved))):
                member.team_id, member.role_id = cast.teams[team], role_id or member.role_id
            db.session.flush()
            assert told(preview) == happened(after, after := seen_now())


@pytest.mark.parametrize(("team", "under"), [("south", "north"), ("north", "south"), ("north", "root")])
def test_a_team_takes_what_is_below_with_it(
    team: str, under: str, records: list[tuple[str, UUID]], acting: Acting, cast: Cast, make: Maker
) -> None:
    assert records
    with acting("owner"):
        below = Team(id=new_id(), name="Below", parent_id=cast.teams[team], path=[])
        below.path = [cast.teams["root"], cast.teams[team], below.id]
        db.session.add(below)
        db.session.flush()
        rep = db.session.get_one(Member, make.member_id("teammate"))
        rep.team_id = below.id
        for key in ("colleague", "rep"):
            db.session.get_one(Member, make.member_id(key)).role_id = roles_by_key()["manager"].id
        db.session.flush()
        before, preview = seen_now(), preview_of_team_move(cast.teams[team], cast.teams[under])
        above = [cast.teams["root"]] if under == "root" else [cast.teams["root"], cast.teams[under]]
        db.session.get_one(Team, cast.teams[team]).path = [*above, cast.teams[team]]
        below.path = [*above, cast.teams[team], below.id]
        db.session.flush()
        assert told(preview) == happened(before, seen_now())
        assert bool(preview) == (under != "root")


def test_a_leader_helpers_guests_and_walls_do_what_their_preview_says(
    records: list[tuple[str, UUID]], acting: Acting, cast: Cast
) -> None:
    assert records
    south, rep, manager = cast.teams["south"], cast["rep"].member_id, cast["manager"].member_id
    with acting("owner"):
        roles_by_key()["rep"].permissions = {f"{kind}:{act}": "team" for kind in SALES for act in ("read", "update")}
        db.session.flush()
        team = db.session.get_one(Team, south)
        after, preview = seen_now(), preview_of_change(lambda world: with_leader(world, south, rep))
        team.manager_id = rep
        db.session.flush()
        assert told(preview) == happened(after, after := seen_now()) != {}
        preview = preview_of_change(lambda world: with_leader(world, south, None))
        team.manager_id = None
        db.session.flush()
        assert told(preview) == happened(after, after := seen_now()) != {}
        preview = preview_of_change(lambda world: with_help(world, south, rep))
        db.session.add(TeamHelper(team_id=south, member_id=rep))
        db.session.flush()
        assert told(preview) == happened(after, after := seen_now()) != {}
        preview = preview_of_change(lambda world: with_team_closed(world, south, True))
        team.closed_at = now()
        db.session.flush()
        assert told(preview) == happened(after, after := seen_now()) != {}
        roles_by_key()["manager"].permissions = {f"{kind}:read": "all" for kind in SALES}
        db.session.flush()
        after, preview = seen_now(), preview_of_change(lambda world: with_guest(world, south, manager))
        db.session.add(UnitGuest(team_id=south, member_id=manager))
        db.session.flush()
        assert told(preview) == happened(after, after := seen_now()) != {}


@pytest.mark.parametrize("gone", ["north", "south"])
def test_a_team_that_is_deleted_leaves_what_its_preview_says(
    gone: str, records: list[tuple[str, UUID]], acting: Acting, cast: Cast
) -> None:
    """Its people and what is below go up, its wall falls, and who led, helped or visited it no longer does."""
    assert records
    team_id = cast.teams[gone]
    with acting("owner") as owner:
        below = Team(id=new_id(), name="Below", parent_id=team_id, path=[])
        below.path = [cast.teams["root"], team_id, below.id]
        db.session.add(below)
        db.session.flush()
        db.session.get_one(Member, cast["teammate"].member_id).team_id = below.id
        team = db.session.get_one(Team, team_id, options=[undefer(Team.closed_at), undefer(Team.manager_id)])
        team.closed_at, team.manager_id = now(), cast["viewer"].member_id
        db.session.add(TeamHelper(team_id=team_id, member_id=cast["colleague"].member_id))
        db.session.add(UnitGuest(team_id=team_id, member_id=cast["admin"].member_id))
        roles_by_key()["viewer"].permissions = {f"{kind}:read": "subtree" for kind in SALES}
        roles_by_key()["manager"].permissions = {f"{kind}:read": "all" for kind in SALES}
        db.session.flush()
        before, preview = seen_now(), preview_of_change(lambda world: with_team_deleted(world, team_id))
        hold_tree()
        delete_team(get_team(team_id, member=owner), actor=owner, move_up=True)
        db.session.expire_all()
        assert told(preview) == happened(before, seen_now()) != {}


def test_a_preview_of_what_is_not_there(acting: Acting, cast: Cast) -> None:
    with acting("owner"):
        for ask in (
            lambda: preview_of_role(new_id(), {}),
            lambda: preview_of_team_move(new_id(), None),
            lambda: preview_of_team_move(cast.teams["north"], new_id()),
            lambda: preview_of_member_change([new_id()]),
            lambda: preview_of_member_change([], role_id=new_id()),
        ):
            with pytest.raises(NotFound):
                ask()


def test_counting_takes_one_statement_for_all_members(records: list[tuple[str, UUID]], acting: Acting) -> None:
    from flask import g

    assert records
    with acting("owner"):
        role = roles_by_key()["rep"]
        g.statements = 0
        preview = preview_of_role(role.id, {"company:read": "all"})
        assert preview.losing == 3
        assert g.statements == 2
        assert db.session.scalar(select(func.count()).select_from(Role)) == 5
