"""Numbers are given once: also at the same moment, after a failure, and to what was there before."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event, select, update

from saas_crm.access.numbering import NumberingWrite, decide_numbering, number_existing, numbering_of
from saas_crm.access.permissions import CurrentMember
from saas_crm.core.audit import AuditEntry
from saas_crm.core.errors import Forbidden, InvalidInput, NotFound
from saas_crm.core.numbering.models import RecordNumber
from saas_crm.core.recycling import purge_batch
from saas_crm.customers import actions
from saas_crm.customers.models import Company
from saas_crm.customers.queries import get_company
from saas_crm.customers.schemas import CompanyWrite
from saas_crm.opportunities.models import Opportunity
from saas_crm.search.models import SearchEntry
from tenants.db import db
from tests.support.cast import Cast
from tests.support.making import Maker
from tests.support.making import acting as act

Acting = Callable[[str], AbstractContextManager[CurrentMember]]
YEAR = datetime.now(UTC).year


def decide(acting: Acting, resource: str = "company", **values: Any) -> None:
    """Let the owner decide."""
    with acting("owner") as owner:
        decide_numbering(resource, NumberingWrite(**{"on": True, "pattern": "C-{0000}", **values}), actor=owner)


def number_of(acting: Acting, record: Any) -> str | None:
    """Return the number that is stored for a record."""
    with acting("owner"):
        return db.session.scalar(select(RecordNumber.number).where(RecordNumber.record_id == record.id))


@pytest.fixture
def sent(app: Flask) -> Iterator[list[str]]:
    """The statements that are sent to the database."""
    told: list[str] = []
    with app.app_context():
        engine = db.engine

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        told.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    yield told
    event.remove(engine, "before_cursor_execute", note)


def test_nothing_is_numbered_until_somebody_says_so(acting: Acting, make: Maker) -> None:
    assert number_of(acting, make.company("rep")) is None
    decide(acting)
    assert [number_of(acting, make.company(who)) for who in ("rep", "owner")] == ["C-0001", "C-0002"]
    decide(acting, on=False)
    assert number_of(acting, make.company("rep")) is None
    decide(acting)
    assert number_of(acting, make.company("rep")) == "C-0003"


@pytest.mark.newest
def test_each_kind_has_its_own_count(acting: Acting, make: Maker) -> None:
    decide(acting)
    decide(acting, "opportunity", pattern="D-{YYYY}-{000}")
    company, deal = make.company("rep"), make.deal("rep")
    assert (number_of(acting, company), number_of(acting, deal)) == ("C-0001", f"D-{YEAR}-001")
    assert number_of(acting, make.contact("rep")) is None


@pytest.mark.newest
def test_a_rule_costs_one_statement_and_none_costs_none(acting: Acting, make: Maker, sent: list[str]) -> None:
    def statements() -> int:
        with acting("rep") as rep:
            sent.clear()
            actions.create_company(CompanyWrite(name="Counted"), actor=rep)
            return len(sent)

    plain = statements()
    assert not any("number" in statement for statement in sent)
    decide(acting)
    assert statements() == plain + 1
    decide(acting, on=False)
    assert statements() == plain


@pytest.mark.newest
def test_many_at_once_get_numbers_without_a_gap(app: Flask, cast: Cast, acting: Acting, make: Maker) -> None:
    decide(acting)
    start = threading.Barrier(4)

    def work(who: str) -> None:
        start.wait()
        for _ in range(5):
            with act(app, cast, who) as member:
                actions.create_company(CompanyWrite(name=f"Of {who}"), actor=member)

    threads = [threading.Thread(target=work, args=(who,)) for who in ("rep", "manager", "owner", "teammate")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with acting("owner"):
        found = db.session.scalars(select(RecordNumber.number).order_by(RecordNumber.number)).all()
    assert list(found) == [f"C-{count:04}" for count in range(1, 21)]


@pytest.mark.newest
def test_what_fails_gives_its_number_back(app: Flask, cast: Cast, acting: Acting, make: Maker) -> None:
    decide(acting)
    with act(app, cast, "rep") as rep:
        actions.create_company(CompanyWrite(name="Never"), actor=rep)
        db.session.rollback()
    assert number_of(acting, make.company("rep")) == "C-0001"


@pytest.mark.newest
def test_a_number_is_never_given_again(acting: Acting, make: Maker) -> None:
    decide(acting)
    gone = make.company("owner")
    with acting("owner") as owner:
        actions.recycle(get_company(gone.id, member=owner), actor=owner)
    with acting("owner"):
        db.session.execute(
            update(Company).where(Company.id == gone.id).values(deleted_at=datetime(2020, 1, 1, tzinfo=UTC))
        )
    with acting("owner"):
        assert purge_batch() == 1
    assert number_of(acting, gone) == "C-0001"
    decide(acting, pattern="C-{0000}", start=None)
    assert number_of(acting, make.company("owner")) == "C-0002"


@pytest.mark.newest
def test_what_another_pattern_gave_is_passed_over(acting: Acting, make: Maker) -> None:
    decide(acting, pattern="C-{0000}")
    assert number_of(acting, make.company("rep")) == "C-0001"
    decide(acting, pattern="{YYYY}-{0000}")
    assert number_of(acting, make.company("rep")) == f"{YEAR}-0001"
    decide(acting, pattern="C-{0000}")
    assert number_of(acting, make.company("rep")) == "C-0002", "the count goes on where it was"
    decide(acting, pattern=f"{YEAR}-" + "{0000}", start=None)
    assert number_of(acting, make.company("rep")) == f"{YEAR}-0003", "0001 was given by the year, 0002 by the count"
    with acting("owner"):
        numbers = db.session.scalars(select(RecordNumber.number)).all()
    assert len(numbers) == len(set(numbers)) == 4


@pytest.mark.newest
def test_a_rule_that_changed_a_moment_ago_counts(app: Flask, cast: Cast, acting: Acting) -> None:
    decide(acting, pattern="A-{000}")
    with act(app, cast, "rep") as rep:  # loaded by now, with the rule of before
        other = threading.Thread(target=lambda: decide(lambda who: act(app, cast, who), pattern="B-{000}"))
        other.start()
        other.join()
        made = actions.create_company(CompanyWrite(name="Late"), actor=rep)
    assert number_of(acting, made) == "B-001"


@pytest.mark.newest
def test_counting_goes_on_from_another_program(acting: Acting, make: Maker) -> None:
    decide(acting, start=10_500)
    assert number_of(acting, make.company("rep")) == "C-10500"
    with acting("owner") as owner, pytest.raises(InvalidInput) as refused:
        decide_numbering("company", NumberingWrite(on=True, pattern="C-{0000}", start=10_500), actor=owner)
    assert refused.value.codes == {"start": "given"}
    with acting("owner") as owner:
        assert numbering_of("company", owner).next == "C-10501"


@pytest.mark.newest
def test_who_may_not(acting: Acting) -> None:
    data = NumberingWrite(on=True, pattern="{0}")
    for who in ("manager", "rep", "viewer"):
        with acting(who) as member, pytest.raises(Forbidden):
            decide_numbering("company", data, actor=member)
    with acting("owner") as owner, pytest.raises(NotFound):
        decide_numbering("contact", data, actor=owner)
    with acting("owner") as owner, pytest.raises(InvalidInput):
        number_existing("company", actor=owner)


@pytest.mark.newest
def test_what_was_there_is_numbered_in_the_order_it_was_made(
    acting: Acting, make: Maker, jobs: Callable[[], list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("saas_crm.core.numbering.giving.BATCH", 3)
    old = [make.company("rep", name=f"Old {number}") for number in range(7)]
    thrown, past = old[3], datetime(YEAR - 1, 6, 1, 12, tzinfo=UTC)
    with acting("owner") as owner:
        for number, company in enumerate(old):
            made = {"created_at": past + timedelta(days=number) if number < 4 else Company.created_at}
            db.session.execute(update(Company).where(Company.id == company.id).values(**made))
        actions.recycle(get_company(thrown.id, member=owner), actor=owner)
    decide(acting, pattern="{YYYY}-{000}")
    assert number_of(acting, make.company("rep", name="New")) == f"{YEAR}-001"
    with acting("owner") as owner:
        number_existing("company", actor=owner)
    assert "numbering.existing" in jobs()
    expected = [f"{YEAR - 1}-00{n}" for n in (1, 2, 3, 4)] + [f"{YEAR}-00{n}" for n in (2, 3, 4)]
    assert [number_of(acting, company) for company in old] == expected
    with acting("owner") as owner:
        assert numbering_of("company", owner).without == 0
        texts = db.session.scalar(select(SearchEntry.folded).where(SearchEntry.record_id == old[0].id))
        told = db.session.scalars(
            select(AuditEntry.changes).where(AuditEntry.record_id == old[0].id, AuditEntry.action == "update")
        ).all()
        assert db.session.scalar(select(SearchEntry.title).where(SearchEntry.record_id == thrown.id)) is None
    assert f"{YEAR - 1}-001" in (texts or "")
    assert {"number": [None, f"{YEAR - 1}-001"]} in told
    with acting("owner") as owner:
        number_existing("company", actor=owner)
    jobs()
    assert [number_of(acting, company) for company in old] == expected, "the second time there is nothing to do"


@pytest.mark.newest
def test_deals_that_were_there_are_numbered_too(acting: Acting, make: Maker, jobs: Callable[[], list[str]]) -> None:
    deal = make.deal("rep", name="There", company_id=str(make.company("rep", name="Käufer").id))
    decide(acting, "opportunity", pattern="D{000}")
    with acting("owner") as owner:
        number_existing("opportunity", actor=owner)
    jobs()
    assert number_of(acting, deal) == "D001"
    with acting("owner"):
        assert db.session.scalar(select(Opportunity.number).where(Opportunity.id == deal.id)) == "D001"


@pytest.mark.newest
def test_the_log_of_a_new_record_tells_its_number(acting: Acting, make: Maker) -> None:
    decide(acting)
    company = make.company("rep")
    with acting("owner"):
        made = db.session.scalars(
            select(AuditEntry.changes).where(AuditEntry.record_id == company.id, AuditEntry.action == "create")
        ).one()
    assert made["number"] == [None, "C-0001"]
