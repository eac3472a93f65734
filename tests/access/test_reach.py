"""What is told of who sees what, and what a change would do, is what `visible()` does."""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import AbstractContextManager
from uuid import UUID

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import undefer

from saas_crm.access.explaining import explained
from saas_crm.access.models import Member, Role, Share, Team, TeamHelper, UnitGuest
from saas_crm.access.permissions import SALES, SCOPES, CurrentMember
from saas_crm.access.policy import let_children_follow
from saas_crm.access.preview import (
    Preview,
    preview_of_change,
    preview_of_member_change,
    preview_of_role,
    preview_of_team_move,
)
from saas_crm.access.queries import member_by_id
from saas_crm.access.reach import with_follow, with_guest, with_help, with_leader, with_team_closed, with_team_deleted
from saas_crm.access.reckoning import ACTIONS
from saas_crm.access.teams import delete_team, get_team, hold_tree
from saas_crm.access.visibility import parent_model, visible
from saas_crm.core.clock import now
from saas_crm.core.errors import NotFound
from tenants.db import db, new_id
from tests.support.cast import Cast
from tests.support.making import Maker

Acting = Callable[[str], AbstractContextManager[CurrentMember]]
Seen = dict[tuple[UUID, str, str], set[UUID]]
STAFF = ("owner", "admin", "manager", "rep", "teammate", "colleague", "viewer")


@pytest.fixture
def records(make: Maker, acting: Acting) -> list[tuple[str, UUID]]:
    """Records whose owners differ along what they hang on, and one of nobody."""
    found: list[tuple[str, UUID]] = []
    dice = random.Random(7)
    owners = ("manager", "rep", "teammate", "colleague", "owner")
    for who in owners:
        company = make.company("owner", owner=who)
        contact = make.contact("owner", owner=dice.choice(owners), company_id=str(company.id))
        deal = make.deal("owner", owner=dice.choice(owners), company_id=str(company.id))
        alone = make.contact("owner", owner=who)
        sale = make.deal("owner", owner=dice.choice(owners), contact_id=str(alone.id))
        near = {"company_id": str(company.id)}
        activities = [
            make.activity("owner", owner=dice.choice(owners), **near),
            make.activity("owner", owner=dice.choice(owners), contact_id=str(contact.id)),
            make.activity("owner", owner=dice.choice(owners), opportunity_id=str(deal.id), **near),
            make.activity("owner", owner=dice.choice(owners), opportunity_id=str(sale.id)),
        ]
        late = make.contact("owner", owner=dice.choice(owners))
        late_sale = make.deal("owner", owner=dice.choice(owners), contact_id=str(late.id))
        with acting("owner"):  # who came to a company only after the sale
            db.session.get_one(parent_model("contact"), late.id).company_id = company.id
        found += [("contact", late.id), ("opportunity", sale.id), ("opportunity", late_sale.id)]
        found += [("company", company.id), ("contact", contact.id), ("contact", alone.id), ("opportunity", deal.id)]
        found += [("activity", activity.id) for activity in activities]
    orphan = make.company("owner")
    with acting("owner"):
        db.session.get_one(parent_model("company"), orphan.id).owner_id = None
    return [*found, ("company", orphan.id)]


def seen_now() -> Seen:
    """Return what every active member sees and may edit, by SQL."""
    found: Seen = {}
    for member_id in db.session.scalars(select(Member.id).where(Member.status == "active")):
        member = member_by_id(member_id)
        for kind in SALES:
            model = parent_model(kind)
            for action in ACTIONS:
                query = select(model.id).where(model.deleted_at.is_(None), visible(model, member, action))
                found[member_id, kind, action] = set(db.session.scalars(query))
    return found


def told(preview: Preview) -> dict[tuple[UUID, str, str], tuple[int, int]]:
    return {
        (effect.member_id, change.resource, change.action): (change.gained, change.lost)
        for effect in preview.effects
        for change in effect.changes
    }


def happened(before: Seen, after: Seen) -> dict[tuple[UUID, str, str], tuple[int, int]]:
    counts = {key: (len(after[key] - before[key]), len(before[key] - after[key])) for key in before}
    return {key: both for key, both in counts.items() if both != (0, 0)}


def roles_by_key() -> dict[str, Role]:
    return {role.key or role.name: role for role in db.session.scalars(select(Role))}


def scopes(dice: random.Random) -> dict[str, str]:
    """Return permissions of which some are missing."""
    wanted = {f"{kind}:{action}": dice.choice((*SCOPES, "")) for kind in SALES for action in ACTIONS}
    return {permission: scope for permission, scope in wanted.items() if scope}


def test_a_role_does_what_its_preview_says(records: list[tuple[str, UUID]], acting: Acting) -> None:
    assert records
    dice = random.Random(11)
    with acting("owner"):
        for _ in range(12):
            role = roles_by_key()[dice.choice(("rep", "manager", "viewer", "admin"))]
            wanted = scopes(dice)
            before, preview = seen_now(), preview_of_role(role.id, wanted)
            role.permissions = wanted
            db.session.flush()
            assert told(preview) == happened(before, seen_now())


@pytest.mark.parametrize("seed", range(4))
def test_walls_and_shares_are_reckoned_as_they_are(
    seed: int, records: list[tuple[str, UUID]], acting: Acting, cast: Cast
) -> None:
    """What a closed unit hides of a customer that is seen, and what is shared by the customer, counts as it is seen."""
    dice = random.Random(seed)
    with acting("owner") as owner:
        for team in ("north", "south"):
            db.session.get_one(Team, cast.teams[team]).closed_at = now() if dice.random() < 0.7 else None
        people = db.session.scalars(select(Member.id).where(Member.id != owner.id)).all()
        shared = [(kind, key) for kind, key in records if kind != "activity"]
        for kind, record_id in dice.sample(shared, 12):
            level = dice.choice(("read", "edit"))
            db.session.add(Share(resource=kind, record_id=record_id, member_id=dice.choice(people), level=level))
        db.session.flush()
        for _ in range(2):
            role = roles_by_key()[dice.choice(("rep", "manager", "viewer", "admin"))]
            wanted = scopes(dice)
            before, preview = seen_now(), preview_of_role(role.id, wanted)
            role.permissions = wanted
            db.session.flush()
            assert told(preview) == happened(before, after := seen_now())
            moved, team = dice.sample(list(people), 2), cast.teams[dice.choice(("north", "south", "root"))]
            preview = preview_of_member_change(moved, team_id=team)
            for member in db.session.scalars(select(Member).where(Member.id.in_(moved))):
                member.team_id = team
            db.session.flush()
            assert told(preview) == happened(after, after := seen_now())
        for follow in (False, True):
            preview = preview_of_change(lambda world, follow=follow: with_follow(world, follow))
            let_children_follow(follow, actor=owner)
            assert told(preview) == happened(after, after := seen_now())
            _check_told_of_each(dice.sample(records, 8), owner)
        _check_told_of_each(dice.sample(records, 15), owner)


def _check_told_of_each(records: list[tuple[str, UUID]], owner: CurrentMember) -> None:
    sight = seen_now()
    for kind, record_id in records:
        verdicts = explained(kind, record_id, asker=owner).verdicts
        assert len(verdicts) == len(STAFF)
        for verdict in verdicts:
            sees = record_id in sight[verdict.member_id, kind, "read"]
            assert verdict.sees == sees, (kind, verdict)
            assert verdict.edits == (sees and record_id in sight[verdict.member_id, kind, "update"]), (kind, verdict)


def test_members_reach_what_the_preview_says(
    records: list[tuple[str, UUID]], acting: Acting, cast: Cast, make: Maker
) -> None:
    assert records
    with acting("owner"):
        moved = [make.member_id("rep"), make.member_id("viewer")]
        for team, role in [("south", "rep"), ("root", ""), ("north", "manager"), ("root", "viewer"), ("south", "")]:
            role_id = roles_by_key()[role].id if role else None
            before = seen_now()
            preview = preview_of_member_change(moved, role_id=role_id, team_id=cast.teams[team])
            for member in db.session.scalars(select(Member).where(Member.id.in_(moved))):
                member.team_id, member.role_id = cast.teams[team], role_id or member.role_id
            db.session.flush()
            assert told(preview) == happened(before, seen_now())


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
        before, preview = seen_now(), preview_of_change(lambda world: with_leader(world, south, rep))
        team.manager_id = rep
        db.session.flush()
        assert told(preview) == happened(before, seen_now()) != {}
        before, preview = seen_now(), preview_of_change(lambda world: with_leader(world, south, None))
        team.manager_id = None
        db.session.flush()
        assert told(preview) == happened(before, seen_now()) != {}
        before, preview = seen_now(), preview_of_change(lambda world: with_help(world, south, rep))
        db.session.add(TeamHelper(team_id=south, member_id=rep))
        db.session.flush()
        assert told(preview) == happened(before, seen_now()) != {}
        before, preview = seen_now(), preview_of_change(lambda world: with_team_closed(world, south, True))
        team.closed_at = now()
        db.session.flush()
        assert told(preview) == happened(before, seen_now()) != {}
        roles_by_key()["manager"].permissions = {f"{kind}:read": "all" for kind in SALES}
        db.session.flush()
        before, preview = seen_now(), preview_of_change(lambda world: with_guest(world, south, manager))
        db.session.add(UnitGuest(team_id=south, member_id=manager))
        db.session.flush()
        assert told(preview) == happened(before, seen_now()) != {}


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


def test_the_reason_told_is_the_reason_it_is_seen(records: list[tuple[str, UUID]], acting: Acting) -> None:
    """First with the roles as they come, then with others."""
    dice = random.Random(5)
    with acting("owner") as owner:
        for _ in range(4):
            _check_told_of_each(dice.sample(records, 20), owner)
            for key, role in roles_by_key().items():
                if key != "owner":
                    role.permissions = scopes(dice)
            db.session.flush()


def test_who_does_not_see_a_record_is_told_nothing_of_it(acting: Acting, make: Maker) -> None:
    company = make.company("colleague")
    with acting("rep") as rep, pytest.raises(NotFound):
        explained("company", company.id, asker=rep)


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
