"""Two at the same moment: one hands over, the other waits and is told what is left."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from threading import Barrier

import pytest
from flask import g
from sqlalchemy import select

from saas_crm.access import bulk, members
from saas_crm.access.models import Member, Role
from saas_crm.access.permissions import CurrentMember
from saas_crm.core.errors import Forbidden, InvalidInput, VersionConflict
from saas_crm.customers.models import Company
from saas_crm.hand_over import actions
from saas_crm.hand_over.planning import Plan
from saas_crm.hand_over.schemas import HandOverWrite
from tenants.context import current_tenant
from tenants.db import db
from tests.support.cast import Cast
from tests.support.estates import fill, owned
from tests.support.installation import Installation
from tests.support.making import Maker

BASE = "https://crm.example"
Acting = Callable[[str], AbstractContextManager[CurrentMember]]


def test_two_hand_overs_of_one_member(installation: Installation, cast: Cast, acting: Acting, make: Maker) -> None:
    schema, his = cast.tenants["acme"].schema_name, make.member_id("rep")
    fill(installation.place, schema, his, customers=60)
    start = Barrier(2)

    def give(who: str, to: str) -> str:
        try:
            with acting(who) as actor:
                start.wait()
                data = HandOverWrite(from_id=his, to_ids=[make.member_id(to)])
                actions.hand_over(data, actor=actor, tenant=current_tenant(), base_url=BASE)
        except InvalidInput as refused:
            return refused.errors[""]
        return to

    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(give, ("owner", "admin"), ("teammate", "manager")))
    assert "There is nothing to hand over." in answers
    got = next(answer for answer in answers if answer in ("teammate", "manager"))
    found = owned(installation.place, schema)
    assert {owner_id for kind, owner_id, _num in found if kind in ("company", "contact", "opportunity", "total")} == {
        make.member_id(got)
    }


def test_two_undo_it(installation: Installation, cast: Cast, acting: Acting, make: Maker) -> None:
    schema, his = cast.tenants["acme"].schema_name, make.member_id("rep")
    fill(installation.place, schema, his, customers=20)
    before = {line for line in owned(installation.place, schema) if line[0] != "told"}
    with acting("owner") as owner:
        data = HandOverWrite(from_id=his, to_ids=[make.member_id("teammate")])
        made = actions.hand_over(data, actor=owner, tenant=current_tenant(), base_url=BASE)
        hand_over_id = made.id
    start = Barrier(2)

    def undo(who: str) -> bool:
        try:
            with acting(who) as actor:
                start.wait()
                actions.undo(hand_over_id, actor=actor, tenant=current_tenant(), base_url=BASE)
        except InvalidInput:
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(undo, ("owner", "admin"))) == [False, True]
    after = {line for line in owned(installation.place, schema) if line[0] not in ("told", "hand_over")}
    assert after == before


def test_handing_over_for_an_owner_and_locking_many_out_wait_for_each_other(acting: Acting, make: Maker) -> None:
    """Both hold the owners' role before any member: neither waits for what the other holds."""
    with acting("owner"):
        owner_role = db.session.scalar(select(Role.id).where(Role.key == "owner"))
        db.session.get_one(Member, make.member_id("rep")).role_id = owner_role
    make.company("rep", name="Ada")
    start = Barrier(2)

    def give() -> str:
        with acting("owner") as actor:
            start.wait()
            data = HandOverWrite(from_id=make.member_id("rep"), to_ids=[make.member_id("teammate")], then="freeze")
            actions.hand_over(data, actor=actor, tenant=current_tenant(), base_url=BASE)
        return "given"

    def lock_out() -> str:
        with acting("owner") as actor:
            start.wait()
            bulk.carry_out(bulk.freezing([make.member_id("rep"), make.member_id("viewer")], True, actor=actor))
        return "locked"

    with ThreadPoolExecutor(2) as pool:
        both = [pool.submit(give), pool.submit(lock_out)]
        assert [one.result(timeout=30) for one in both] == ["given", "locked"]
    with acting("owner"):
        frozen = db.session.scalars(select(Member.id).where(Member.status == "frozen")).all()
    assert set(frozen) == {make.member_id("rep"), make.member_id("viewer")}


@pytest.mark.newest  # the thread that hands over lacks its tables, and the other one waits for it
def test_who_is_locked_out_meanwhile_gets_nothing(
    cast: Cast, acting: Acting, make: Maker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Frozen between the plan and the end: the hand-over finds out before it gives."""
    company, mate = make.company("rep", name="A"), make.member_id("teammate")
    planned, frozen = Barrier(2), Barrier(2)
    plan_of = actions.plan_of

    def slowly(data: HandOverWrite, actor: CurrentMember) -> Plan:
        plan = plan_of(data, actor)
        planned.wait(20)
        frozen.wait(20)
        return plan

    def give() -> dict[str, str]:
        try:
            with acting("owner") as actor:
                data = HandOverWrite(from_id=make.member_id("rep"), to_ids=[mate])
                actions.hand_over(data, actor=actor, tenant=current_tenant(), base_url=BASE)
        except InvalidInput as refused:
            return dict(refused.errors)
        return {}

    monkeypatch.setattr(actions, "plan_of", slowly)
    with ThreadPoolExecutor(1) as pool:
        given = pool.submit(give)
        planned.wait(20)
        with acting("admin") as admin:
            members.set_frozen(members.get_member(mate), True, actor=admin)
        frozen.wait(20)
        assert "cannot get them any more" in given.result(20)[""]
    with acting("owner"):
        assert db.session.get_one(Company, company.id).owner_id == make.member_id("rep")


@pytest.mark.parametrize("what", ["demoting", "freezing"])
def test_two_owners_at_each_other_leave_one(acting: Acting, make: Maker, what: str) -> None:
    """Each takes the other's seat at the same moment: one is refused, or comes too late to be an owner."""
    with acting("owner"):
        roles = {row.key: row.id for row in db.session.execute(select(Role.key, Role.id))}
        db.session.get_one(Member, make.member_id("admin")).role_id = roles["owner"]
    start = Barrier(2)

    def take(pair: tuple[str, str]) -> str:
        who, other = pair
        try:
            with acting(who) as actor:
                found = members.get_member(make.member_id(other))
                start.wait()
                if what == "demoting":
                    members.change_role(found, roles["viewer"], actor=actor)
                else:
                    members.set_frozen(found, True, actor=actor)
        except (InvalidInput, Forbidden, VersionConflict) as refused:
            return type(refused).__name__
        return "done"

    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(take, (("owner", "admin"), ("admin", "owner"))))
    with acting("viewer"):
        left = db.session.scalars(
            select(Member.id).where(Member.role_id == roles["owner"], Member.status == "active")
        ).all()
    assert len(left) == 1, answers
    assert answers.count("done") == 1


def test_more_customers_take_no_more_statements(
    installation: Installation, cast: Cast, acting: Acting, make: Maker
) -> None:
    """However many customers go, it is a matter of rows and not of messages."""
    schema, counted = cast.tenants["acme"].schema_name, []
    for customers, who, to in ((50, "rep", "teammate"), (1_000, "colleague", "manager")):
        fill(installation.place, schema, make.member_id(who), customers=customers)
        with acting("owner") as actor:
            g.statements = 0
            data = HandOverWrite(from_id=make.member_id(who), to_ids=[make.member_id(to)])
            actions.hand_over(data, actor=actor, tenant=current_tenant(), base_url=BASE)
            db.session.flush()
            counted.append(g.statements)
        got = {num for kind, owner_id, num in owned(installation.place, schema)
               if kind == "company" and owner_id == make.member_id(to)}  # fmt: skip
        assert got == {customers}
    assert counted[0] == counted[1] > 0
