"""What ends with a member or a team leaves a line in the log, each of it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from uuid import UUID

import pytest
from sqlalchemy import select

from saas_crm.access import members, team_people, teams
from saas_crm.access.models import Invitation, Member, Team
from saas_crm.access.permissions import CurrentMember
from saas_crm.access.schemas import ShareWrite
from saas_crm.access.sharing import share_record
from saas_crm.access.team_schemas import TeamWrite
from saas_crm.core.audit import AuditEntry
from saas_crm.core.clock import now
from saas_crm.customers.queries import get_company
from tenants.db import db
from tests.support.cast import Cast
from tests.support.making import Maker

Acting = Callable[[str], AbstractContextManager[CurrentMember]]


def logged(resource: str, action: str) -> dict[UUID | None, dict[str, list[object]]]:
    """Return what the log says was changed, by record."""
    query = select(AuditEntry).where(AuditEntry.resource == resource, AuditEntry.action == action)
    return {entry.record_id: entry.changes for entry in db.session.scalars(query.order_by(AuditEntry.id))}


@pytest.fixture
def arranged(acting: Acting, make: Maker, cast: Cast) -> UUID:
    """Rita helps South and is its guest, leads North, stands in for Tom, and a company is shared with her."""
    company, rita = make.company("colleague", name="Ada"), make.member_id("rep")
    with acting("owner") as owner:
        south = teams.get_team(cast.teams["south"], member=owner)
        team_people.add_helper(south, rita, actor=owner)
        team_people.add_guest(south, rita, actor=owner)
        north = teams.get_team(cast.teams["north"], member=owner)
        teams.update_team(north, TeamWrite.model_construct({"manager_id"}, name="North", manager_id=rita), actor=owner)
        db.session.get_one(Member, make.member_id("teammate")).substitute_id = rita
        share_record(get_company(company.id, member=owner), ShareWrite(member_id=rita, level="edit"), actor=owner)
    return company.id


def test_a_member_who_is_removed(arranged: UUID, acting: Acting, make: Maker, cast: Cast) -> None:
    rita, south = str(make.member_id("rep")), str(cast.teams["south"])
    with acting("owner") as owner:
        members.remove(members.get_member(make.member_id("rep")), actor=owner)
    with acting("owner"):
        for kind in ("team_helper", "unit_guest"):
            assert list(logged(kind, "purge").values()) == [{"team_id": [south, None], "member_id": [rita, None]}]
        assert logged("team", "update")[cast.teams["north"]]["manager_id"] == [rita, None]
        assert logged("member", "update")[make.member_id("teammate")]["substitute_id"] == [rita, None]
        assert logged("company", "unshare")[arranged] == {"account_team": [["Rita Rep", "edit"], None]}
        [share] = logged("share", "purge").values()
        assert share["record_id"] == [str(arranged), None]


def test_a_team_that_is_deleted(arranged: UUID, acting: Acting, make: Maker, cast: Cast) -> None:
    assert arranged
    south, root = str(cast.teams["south"]), str(cast.teams["root"])
    with acting("owner") as owner:
        below = teams.create_team(TeamWrite(name="Below", parent_id=cast.teams["south"]), actor=owner)
        role_id = db.session.scalar(select(Member.role_id).where(Member.id == make.member_id("rep")))
        offer = Invitation(email="x@y.example", role_id=role_id, team_id=cast.teams["south"], invited_by_id=owner.id,
                           token_hash=b"x", expires_at=now())  # fmt: skip
        db.session.add(offer)
        db.session.flush()
        ids = below.id, offer.id
    with acting("owner") as owner:
        teams.hold_tree()
        teams.delete_team(teams.get_team(cast.teams["south"], member=owner), actor=owner, move_up=True)
    with acting("owner"):
        assert logged("team", "purge")[cast.teams["south"]] == {
            "name": ["South", None], "parent_id": [root, None], "path": [[root, south], None],
        }  # fmt: skip
        assert logged("team", "update")[ids[0]] == {"parent_id": [south, root]}
        assert logged("invitation", "update")[ids[1]] == {"team_id": [south, root]}
        assert logged("member", "update")[make.member_id("colleague")] == {"team_id": [south, root]}
        for kind in ("team_helper", "unit_guest"):
            [gone] = logged(kind, "purge").values()
            assert gone["team_id"] == [south, None]
        assert db.session.scalar(select(Team.parent_id).where(Team.id == ids[0])) == cast.teams["root"]
