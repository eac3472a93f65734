"""Walls and shares count in previews and in reasons as they count in what is seen."""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import AbstractContextManager
from uuid import UUID

import pytest
from sqlalchemy import select

from saas_crm.access.models import Member, Share, Team
from saas_crm.access.permissions import CurrentMember
from saas_crm.access.policy import let_children_follow
from saas_crm.access.preview import (
    preview_of_change,
    preview_of_member_change,
    preview_of_role,
)
from saas_crm.access.reach import with_follow
from saas_crm.core.clock import now
from tenants.db import db
from tests.access.sight import check_told_of_each, happened, roles_by_key, scopes, seen_now, told
from tests.support.cast import Cast

Acting = Callable[[str], AbstractContextManager[CurrentMember]]


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
        after = seen_now()
        for _ in range(2):
            role = roles_by_key()[dice.choice(("rep", "manager", "viewer", "admin"))]
            wanted = scopes(dice)
            preview = preview_of_role(role.id, wanted)
            role.permissions = wanted
            db.session.flush()
            before, after = after, seen_now()
            assert told(preview) == happened(before, after)
            moved, team = dice.sample(list(people), 2), cast.teams[dice.choice(("north", "south", "root"))]
            preview = preview_of_member_change(moved, team_id=team)
            for member in db.session.scalars(select(Member).where(Member.id.in_(moved))):
                member.team_id = team
            db.session.flush()
            before, after = after, seen_now()
            assert told(preview) == happened(before, after)
        for follow in (False, True):
            preview = preview_of_change(lambda world, follow=follow: with_follow(world, follow))
            let_children_follow(follow, actor=owner)
            before, after = after, seen_now()
            assert told(preview) == happened(before, after)
            check_told_of_each(dice.sample(records, 16), owner, after)
