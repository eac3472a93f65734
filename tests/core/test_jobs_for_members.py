"""Jobs in a member's name: done with the role they have then, and not at all once they are frozen or removed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

import pytest
from flask import Flask
from sqlalchemy import select

from saas_crm.access import members
from saas_crm.access.permissions import CurrentMember
from saas_crm.core.audit import AuditEntry
from saas_crm.core.jobs import defer, job, registry
from saas_crm.customers.actions import create_company
from saas_crm.customers.models import Company
from saas_crm.customers.schemas import CompanyWrite
from tenants.db import db
from tests.support.billing import give_plan
from tests.support.installation import Installation
from tests.support.mailbox import run_jobs
from tests.support.making import Maker

Acting = Callable[[str], AbstractContextManager[CurrentMember]]


@pytest.fixture(autouse=True)
def probe() -> Iterator[None]:
    """A job that only these tests have."""
    before = dict(registry)

    @job("probe.add_company", for_member=True)
    def add(called: str, actor: CurrentMember) -> None:
        create_company(CompanyWrite(name=called), actor=actor)

    yield
    registry.clear()
    registry.update(before)


def asked(acting: Acting, who: str) -> None:
    with acting(who) as member:
        defer(db.session(), "probe.add_company", member_id=str(member.id), called="Ada Ltd")


def made(acting: Acting) -> list[object]:
    with acting("owner"):
        return list(db.session.scalars(select(Company.owner_id).where(Company.name == "Ada Ltd")))


def test_it_is_done_in_their_name(app: Flask, acting: Acting, make: Maker, installation: Installation) -> None:
    asked(acting, "rep")
    assert run_jobs(installation) == ["probe.add_company"]
    assert made(acting) == [make.member_id("rep")]
    with acting("owner"):
        entry = db.session.scalars(select(AuditEntry).where(AuditEntry.resource == "company")).one()
        assert (entry.member_id, entry.through) == (make.member_id("rep"), "job")


@pytest.mark.parametrize("what", ["frozen", "removed"])
def test_who_was_locked_out_meanwhile_does_nothing_more(
    app: Flask, acting: Acting, make: Maker, installation: Installation, what: str
) -> None:
    asked(acting, "rep")
    with acting("owner") as owner:
        member = members.get_member(make.member_id("rep"))
        if what == "frozen":
            members.set_frozen(member, True, actor=owner)
        else:
            members.remove(member, actor=owner)
    run_jobs(installation)
    assert made(acting) == []


@pytest.mark.newest
@pytest.mark.parametrize("reads_only", [False, True])
def test_who_has_lost_their_seat_changes_nothing_more(
    app: Flask, acting: Acting, make: Maker, installation: Installation, reads_only: bool
) -> None:
    """As their pages and programs are refused it; what only reads is done for them as before."""
    ran = []

    @job("probe.seen", for_member=True, reads_only=reads_only)
    def seen(actor: CurrentMember) -> None:
        ran.append(actor.seated)

    asked(acting, "rep")
    with acting("rep") as member:
        defer(db.session(), "probe.seen", member_id=str(member.id))
    give_plan(app, installation.place, "acme", {"members": 1}, key="free", state="free")
    assert run_jobs(installation) == ["probe.add_company", "probe.seen"]
    assert made(acting) == []
    assert ran == ([False] if reads_only else [])
    give_plan(app, installation.place, "acme", {"members": 7})
    asked(acting, "rep")
    run_jobs(installation)
    assert made(acting) == [make.member_id("rep")]
