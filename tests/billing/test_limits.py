"""What a plan allows: making more is refused at the limit, and nothing else ever is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event

from saas_crm.access.invitations import get_open, invite, resend
from saas_crm.access.inviting import Offer, read_offers, send_offers
from saas_crm.access.looks.actions import put_logo
from saas_crm.access.members import get_member, set_frozen
from saas_crm.access.models import Role
from saas_crm.access.permissions import CurrentMember
from saas_crm.access.photos import Photo
from saas_crm.core import limits
from saas_crm.core.errors import LimitReached
from saas_crm.core.forms import parse
from saas_crm.customers import actions
from saas_crm.customers.models import Company
from saas_crm.customers.schemas import CompanyWrite
from tenants.context import current_tenant, speaking
from tenants.db import db
from tenants.plan import Plan
from tests.support.cast import Cast
from tests.support.making import Maker

pytestmark = pytest.mark.newest


@pytest.fixture
def statements(app: Flask) -> Iterator[list[str]]:
    """The statements the database is asked."""
    told: list[str] = []

    def note(*args: Any) -> None:
        told.append(args[2])

    with app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", note)
    yield told
    event.remove(engine, "before_cursor_execute", note)


Acting = Callable[[str], AbstractContextManager[CurrentMember]]


@contextmanager
def allowed(**most: int) -> Iterator[None]:
    """Let the workspace at hand have a plan with these limits."""
    with speaking(replace(current_tenant(), plan=Plan("small", most))):
        yield


def company(name: str) -> CompanyWrite:
    return parse(CompanyWrite, {"name": name})


def role(key: str) -> Role:
    return db.session.query(Role).filter(Role.key == key).one()


def test_the_last_one_is_made_and_the_next_is_refused(acting: Acting, make: Maker) -> None:
    make.company("rep", name="First")
    with acting("rep") as rep, allowed(customers=2):
        actions.create_company(company("Second"), actor=rep)
        with pytest.raises(LimitReached) as refused:
            actions.create_company(company("Third"), actor=rep)
        assert (refused.value.limit, refused.value.most, refused.value.used) == ("customers", 2, 2)


def test_over_the_limit_everything_is_read_changed_and_taken_away_and_nothing_comes_back(
    acting: Acting, make: Maker
) -> None:
    first, second = make.company("rep", name="First"), make.company("rep", name="Second")
    make.contact("rep", name="Third")
    with acting("rep") as rep, allowed(customers=1):
        found = db.session.get_one(Company, first.id)
        actions.update_company(found, company("Renamed"), actor=rep)
        assert limits.used_of("customers") == 3
        gone = db.session.get_one(Company, second.id)
        actions.recycle(gone, actor=rep)
        assert limits.used_of("customers") == 2
        with pytest.raises(LimitReached):
            actions.restore(gone, actor=rep)
        assert gone.deleted_at is not None
    with acting("rep") as rep:
        actions.restore(db.session.get_one(Company, second.id), actor=rep)


def test_without_a_limit_nobody_counts(acting: Acting, statements: list[str]) -> None:
    with acting("rep") as rep:
        statements.clear()
        actions.create_company(company("Free"), actor=rep)
        limits.note_mails(3)
        assert not [one for one in statements if "usage_sums" in one]


def test_members_and_open_invitations_have_places(acting: Acting, app: Flask, cast: Cast) -> None:
    with acting("owner") as owner:
        taken = limits.used_of("members")
        tenant, role_id = current_tenant(), role("rep").id
        with allowed(members=taken + 1):
            told = {"actor": owner, "tenant": tenant, "base_url": "http://x", "verified": True}
            invited = invite("new@x.example", role_id, **told)  # type: ignore[arg-type]
            assert limits.used_of("members") == taken + 1
            with pytest.raises(LimitReached):
                invite("one-more@x.example", role_id, **told)  # type: ignore[arg-type]
            resend(invited.id, **told)  # type: ignore[arg-type]
            assert get_open(invited.id)
            offers = read_offers([Offer("a@x.example", role_id, None)], actor=owner)
            with pytest.raises(LimitReached):
                send_offers(offers, **told)  # type: ignore[arg-type]


def test_a_frozen_member_gives_a_place_and_needs_one_to_come_back(acting: Acting, cast: Cast) -> None:
    rep_id = cast["rep"].member_id
    assert rep_id is not None
    with acting("owner") as owner:
        taken = limits.used_of("members")
        with allowed(members=taken - 1):
            member = get_member(rep_id)
            set_frozen(member, True, actor=owner)
            assert limits.used_of("members") == taken - 1
            with pytest.raises(LimitReached):
                set_frozen(member, False, actor=owner)


def test_mails_are_counted_by_the_day(acting: Acting) -> None:
    with acting("owner"), allowed(mails_per_day=3):
        limits.note_mails(2)
        with pytest.raises(LimitReached) as refused:
            limits.note_mails(2)
        assert (refused.value.used, refused.value.most) == (2, 3)
        limits.note_mails(1)
        assert limits.used_of("mails_per_day") == 3


def test_files_take_room(acting: Acting) -> None:
    with acting("owner") as owner, allowed(storage_bytes=10):
        with pytest.raises(LimitReached):
            put_logo(Photo(b"x" * 11, "0" * 16), actor=owner)
        put_logo(Photo(b"x" * 10, "0" * 16), actor=owner)
        put_logo(None, actor=owner)
        assert limits.used_of("storage_bytes") == 0


def test_what_is_used_is_found_by_one_statement(acting: Acting, make: Maker, statements: list[str]) -> None:
    make.company("rep", name="First")
    with acting("owner"):
        db.session.connection()
        statements.clear()
        found = limits.usage()
        assert len(statements) == 1
        assert found["customers"] == 1
        assert set(found) == {"members", "customers", "storage_bytes", "mails_per_day"}


@pytest.mark.parametrize(
    ("used", "most", "near"),
    [(0, None, "ok"), (79, 100, "ok"), (80, 100, "near"), (99, 100, "near"), (100, 100, "full"), (101, 100, "full"),
     (2, 3, "ok"), (3, 3, "full")],
)  # fmt: skip
def test_people_are_told_before_it_is_too_late(used: int, most: int | None, near: str) -> None:
    assert limits.nearness(used, most) == near
