"""Reads of activities: timeline and plan of a record, what is due, recent customers."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from saas_crm.activities import actions, queries
from saas_crm.activities.schemas import ActivityWrite, QuickLog
from saas_crm.core.errors import InvalidInput, NotFound
from saas_crm.customers.models import Company, Contact
from tenants.db import db
from tests.support.making import Maker

Acting = Callable[[str], Any]


def soon(days: int = 1) -> str:
    return (datetime.now(UTC) + timedelta(days=days)).isoformat()


def test_a_records_story_is_split_into_plan_and_past(acting: Acting, make: Maker) -> None:
    company = make.company("rep")
    entries: list[tuple[str, dict[str, str]]] = [
        ("call", {}), ("note", {"body": "x"}), ("task", {"due_at": soon(2)}), ("visit", {"due_at": soon(1)}),
        ("task", {"due_at": soon(-3), "done_at": soon(-2)}), ("task", {"subject": "undated"}),
    ]  # fmt: skip
    for kind, more in entries:
        make.activity("rep", kind=kind, company_id=company.id, **more)
    with acting("rep") as rep:
        planned = queries.planned("company", company.id, member=rep)
        assert [row.kind for row in planned] == ["visit", "task"]
        step = queries.next_step_of("company", company.id, member=rep)
        assert step is not None
        assert step.id == planned[0].id
        assert len(queries.timeline("company", company.id, member=rep).rows) == 4


def test_each_row_says_what_the_reader_may_do(acting: Acting, make: Maker) -> None:
    company = make.company("rep")
    make.activity("rep", company_id=company.id)
    for who, may in (("rep", True), ("manager", True), ("owner", True), ("teammate", False), ("viewer", False)):
        with acting(who) as member:
            row = queries.timeline("company", company.id, member=member).rows[0]
            assert row.may_update == may, who


def test_a_contacts_activity_is_its_companys_too(acting: Acting, make: Maker) -> None:
    company = make.company("rep")
    contact = make.contact("rep", company_id=company.id)
    deal = make.deal("rep", company_id=company.id, contact_id=contact.id)
    on_contact = make.activity("rep", contact_id=contact.id)
    on_deal = make.activity("rep", opportunity_id=deal.id)
    assert on_contact.company_id == company.id
    assert (on_deal.company_id, on_deal.contact_id) == (company.id, contact.id)


def test_what_happened_is_noted_on_the_customer_without_an_edit(acting: Acting, make: Maker) -> None:
    company, contact = make.company("rep"), make.contact("rep")
    make.activity("rep", company_id=company.id, contact_id=contact.id, done_at="2025-01-05T10:00:00Z")
    make.activity("rep", company_id=company.id, done_at="2025-01-02T10:00:00Z")
    with acting("rep"):
        for model, record in ((Company, company), (Contact, contact)):
            found = db.session.get(model, record.id)
            assert found is not None
            assert found.last_activity_at == datetime(2025, 1, 5, 10, tzinfo=UTC)
            assert found.version == 1


@pytest.mark.parametrize("parent", ["company", "contact", "opportunity"])
def test_nothing_is_hung_on_records_one_does_not_see(acting: Acting, make: Maker, parent: str) -> None:
    record = {"company": make.company, "contact": make.contact, "opportunity": make.deal}[parent]("rep")
    with acting("colleague") as colleague, pytest.raises(InvalidInput):
        actions.create_activity(ActivityWrite(kind="call", **{f"{parent}_id": record.id}), actor=colleague)


def test_recent_customers_are_the_members_own_latest_and_visible(acting: Acting, make: Maker) -> None:
    companies = [make.company("rep", name=f"Company {at}") for at in range(4)]
    for company in [*companies, companies[0]]:
        make.activity("rep", company_id=company.id)
    make.activity("teammate", company_id=make.company("teammate").id)
    with acting("owner") as owner:
        gone = db.session.get(Company, companies[2].id)
        assert gone is not None
        gone.owner_id = make.member_id("colleague")
        assert queries.recent_customers(owner) == []
    with acting("rep") as rep:
        assert [row.company_name for row in queries.recent_customers(rep)] == ["Company 0", "Company 3", "Company 1"]


def test_quick_log_makes_both_or_nothing(acting: Acting, make: Maker) -> None:
    company = make.company("rep")
    with acting("rep") as rep:
        data = QuickLog(kind="call", company_id=company.id, outcome="reached", next_step="in_1_week")
        happened, step = actions.quick_log(data, actor=rep)
        assert happened.done_at is not None
        assert step is not None
        assert step.due_at is not None
        assert (step.kind, step.done_at, step.company_id) == ("task", None, company.id)


def test_ticking_off_twice_changes_nothing_more(acting: Acting, make: Maker) -> None:
    activity = make.activity("rep", kind="task", due_at=soon())
    with acting("rep") as rep:
        found = queries.get_activity(activity.id, member=rep)
        actions.set_done(found, True, actor=rep)
        first, version = found.done_at, found.version
        actions.set_done(found, True, actor=rep)
        assert (found.done_at, found.version) == (first, version)


def test_somebody_elses_activity_does_not_exist(acting: Acting, make: Maker) -> None:
    activity = make.activity("rep", company_id=make.company("rep").id)
    with acting("colleague") as colleague:
        for read in (queries.get_activity, queries.entry):
            with pytest.raises(NotFound):
                read(activity.id, member=colleague)
