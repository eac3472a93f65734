"""Who keeps a seat where a plan has fewer than there are people: the order, who chooses, and what is told."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from saas_crm.access import bulk, seat_letters, seats
from saas_crm.access.members import get_member, remove, set_frozen
from saas_crm.access.models import Member
from saas_crm.access.permissions import CurrentMember
from saas_crm.access.queries import member_by_id
from saas_crm.access.seat_models import MemberSeat
from saas_crm.access.seat_rules import has_seat
from saas_crm.core.audit import AuditEntry
from saas_crm.core.errors import Forbidden, InvalidInput
from tenants.context import current_tenant, speaking
from tenants.db import db, tenant_scope
from tenants.plan import UNLIMITED, Plan
from tests.support.cast import Cast
from tests.support.installation import Installation
from tests.support.mailbox import Mailbox

pytestmark = pytest.mark.newest
Acting = Callable[[str], AbstractContextManager[CurrentMember]]
ONE = Plan("one", {"members": 1})


@contextmanager
def with_seats(most: int) -> Iterator[None]:
    """Let the workspace at hand have a plan with so many seats."""
    with speaking(replace(current_tenant(), plan=Plan("small", {"members": most}))):
        yield


def order(cast: Cast) -> list[str]:
    """Return who has which place, as the cast is called."""
    names = {person.member_id: key for key, person in cast.people.items() if person.slug == "acme"}
    return [names[one] for one in db.session.scalars(select(MemberSeat.member_id).order_by(MemberSeat.place))]


@pytest.mark.parametrize(
    ("place", "plan", "seated"),
    [(1, ONE, True), (2, ONE, False), (None, ONE, True), (900, Plan("large", {}), True), (900, UNLIMITED, True)],
)
def test_a_place_within_the_plan_is_a_seat(place: int | None, plan: Plan, seated: bool) -> None:
    assert has_seat(place, plan) is seated


def test_owners_come_first_then_who_is_here_longest(acting: Acting, cast: Cast) -> None:
    with acting("owner"), with_seats(3):
        assert order(cast)[0] == "owner"
        people = seats.seats()
        assert [one.seated for one in people] == [True] * 3 + [False] * 4
        assert [one.owner for one in people] == [True] + [False] * 6
        joined = {row.id: row.created_at for row in db.session.execute(select(Member.id, Member.created_at))}
        rest = [one.member_id for one in people[1:]]
        assert rest == sorted(rest, key=lambda one: (joined[one], one))
        assert seats.without_seat(3) == [one.name for one in people[3:]]
        for one in people:
            assert member_by_id(one.member_id).seated is one.seated


def test_without_a_limit_everybody_has_one_and_nobody_is_asked(acting: Acting) -> None:
    with acting("owner") as owner:
        assert all(one.seated for one in seats.seats())
        assert (seats.most_seats(), seats.without_seat(None), seats.anybody_without()) == (None, [], False)
        assert owner.seated
        with pytest.raises(InvalidInput):
            seats.choose([], actor=owner)


def test_who_leaves_makes_room_and_who_comes_back_has_the_old_place(acting: Acting, cast: Cast) -> None:
    before: list[str] = []
    with acting("owner") as owner:
        before = order(cast)
        second = cast[before[1]].member_id
        assert second is not None
        set_frozen(get_member(second), True, actor=owner)
    with acting("owner") as owner:
        assert order(cast) == [one for one in before if one != before[1]]
        set_frozen(get_member(second), False, actor=owner)
    with acting("owner") as owner:
        assert order(cast) == before
        remove(get_member(second), actor=owner)
    with acting("owner"):
        assert before[1] not in order(cast)


def test_who_becomes_an_owner_comes_first(acting: Acting, cast: Cast, role_ids: dict[str, Any]) -> None:
    with acting("owner") as owner:
        last = order(cast)[-1]
        change = bulk.role_change([cast[last].member_id], role_ids["owner"], actor=owner)  # type: ignore[list-item]
        bulk.carry_out(change)
    with acting("owner"):
        assert set(order(cast)[:2]) == {"owner", last}


def test_an_owner_chooses_and_the_log_says_who_gained_and_lost(acting: Acting, cast: Cast) -> None:
    with acting("owner") as owner, with_seats(3):
        former = order(cast)
        chosen = [cast[key].member_id for key in former[-2:]]
        seats.choose(chosen, actor=owner)  # type: ignore[arg-type]
        assert order(cast)[:3] == ["owner", *former[-2:]]
        db.session.flush()
        told = db.session.scalars(select(AuditEntry).where(AuditEntry.action == "choose_seats")).all()
        said = {entry.record_id: entry.changes for entry in told}
        assert said[cast[former[-1]].member_id] == {"seat": [False, True]}
        assert said[cast[former[1]].member_id] == {"seat": [True, False]}
        assert len(said) == 4


def test_fewer_may_be_chosen_and_the_rest_go_to_who_is_here_longest(acting: Acting, cast: Cast) -> None:
    with acting("owner") as owner, with_seats(3):
        former = order(cast)
        seats.choose([cast[former[-1]].member_id], actor=owner)  # type: ignore[list-item]
        assert order(cast)[:3] == ["owner", former[-1], former[1]]
        seats.choose([], actor=owner)
        assert order(cast) == former


def test_more_than_there_are_seats_are_refused(acting: Acting, cast: Cast) -> None:
    with acting("owner") as owner, with_seats(3):
        three = [cast[key].member_id for key in ("rep", "admin", "viewer")]
        with pytest.raises(InvalidInput) as refused:
            seats.choose(three, actor=owner)  # type: ignore[arg-type]
        assert refused.value.codes == {"member_ids": "too_many"}


@pytest.mark.parametrize("who", ["admin", "manager", "rep", "viewer"])
def test_only_owners_choose(acting: Acting, who: str) -> None:
    with acting(who) as member, with_seats(3), pytest.raises(Forbidden):
        seats.choose([member.id], actor=member)


def test_who_loses_a_seat_is_told_once_and_anew_when_it_happens_again(
    acting: Acting, cast: Cast, mailbox: Mailbox
) -> None:
    with acting("owner"), with_seats(3):
        losing = [cast[key].email for key in order(cast)[3:]]
        assert seat_letters.tell() == 4
        assert seat_letters.tell() == 0
    for email in losing:
        [letter] = mailbox.arrived(email)
        assert "you can read, but not change anything for now" in letter["Subject"]
        assert "3 seats" in letter.get_body(("plain",)).get_content()
        assert "Olivia Owner" in letter.get_body(("plain",)).get_content()
    assert mailbox.arrived(cast["owner"].email) == []
    with acting("owner"):
        assert seat_letters.tell() == 0
        assert db.session.scalars(select(MemberSeat).where(MemberSeat.told)).all() == []
        noted = db.session.scalars(select(AuditEntry.changes).where(AuditEntry.action == "seats")).all()
        assert sorted(noted, key=str) == [{"seat": [False, True]}] * 4 + [{"seat": [True, False]}] * 4
    with acting("owner"), with_seats(6):
        assert seat_letters.tell() == 1


def test_two_who_change_people_at_once_end_in_one_right_order(
    app: Flask, cast: Cast, acting: Acting, installation: Installation
) -> None:
    """Each holds a member the other's order needs; at their commits they wait for each other, and neither fails."""
    first, second = cast["rep"].member_id, cast["viewer"].member_id
    assert first is not None
    assert second is not None
    both_hold, failed = threading.Barrier(2, timeout=20), []

    def freeze(member_id: Any) -> None:
        try:
            with app.app_context(), tenant_scope(cast.tenants["acme"]):
                db.session.get_one(Member, member_id).status = "frozen"
                db.session.flush()
                both_hold.wait()
                db.session.commit()
        except Exception as error:
            failed.append(error)

    threads = [threading.Thread(target=freeze, args=[one]) for one in (first, second)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert failed == []
    with acting("owner"):
        left = order(cast)
        assert len(left) == 5
        assert db.session.scalars(select(MemberSeat.place).order_by(MemberSeat.place)).all() == [1, 2, 3, 4, 5]
