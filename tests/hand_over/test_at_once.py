"""Two at the same moment: one hands over, the other waits and is told what is left."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from threading import Barrier

from saas_crm.access.permissions import CurrentMember
from saas_crm.core.errors import InvalidInput
from saas_crm.hand_over import actions
from saas_crm.hand_over.schemas import HandOverWrite
from tenants.context import current_tenant
from tests.support.cast import Cast
from tests.support.estates import fill, owned
from tests.support.installation import Installation
from tests.support.making import Maker

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
                actions.hand_over(data, actor=actor, tenant=current_tenant(), base_url="https://crm.example")
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
        made = actions.hand_over(data, actor=owner, tenant=current_tenant(), base_url="https://crm.example")
        hand_over_id = made.id
    start = Barrier(2)

    def undo(who: str) -> bool:
        try:
            with acting(who) as actor:
                start.wait()
                actions.undo(hand_over_id, actor=actor)
        except InvalidInput:
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(undo, ("owner", "admin"))) == [False, True]
    after = {line for line in owned(installation.place, schema) if line[0] not in ("told", "hand_over")}
    assert after == before
