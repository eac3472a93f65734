"""Deals are found by their customers: by whom, under which name, and so after every change of either."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import update

from saas_crm.core.clock import now
from saas_crm.core.recycling import purge_batch
from saas_crm.customers import actions as customers
from saas_crm.customers.models import Company, Contact
from saas_crm.customers.queries import get_company, get_contact
from saas_crm.customers.schemas import CompanyWrite, ContactWrite
from saas_crm.opportunities import actions
from saas_crm.opportunities.queries import DealFilter, deals_of, get_opportunity, opportunity_rows
from saas_crm.opportunities.schemas import OpportunityWrite
from saas_crm.search.models import ASKED, SearchEntry
from saas_crm.search.queries import find
from tenants.db import db
from tests.support.making import Maker

Acting = Callable[[str], Any]
Jobs = Callable[[], list[str]]


def found(acting: Acting, query: str, who: str = "rep") -> list[tuple[str, str]]:
    """Return title and second line of the deals somebody finds."""
    with acting(who) as member:
        hits = [(row.title, row.subtitle) for row in find(query, member, kinds=("opportunity",))]
        listed = {row.name for row in opportunity_rows(member, DealFilter(q=query)).rows}
        assert listed == {title for title, _sub in hits}, "the list narrows to the same"
        return sorted(hits)


def test_who_sees_the_customer_finds_a_colleagues_deal_by_it(acting: Acting, make: Maker) -> None:
    company, person = make.company("rep", name="Nordwind"), make.contact("rep", name="Eva Zander")
    make.deal("owner", owner="colleague", name="Lathe", company_id=company.id)
    make.deal("owner", owner="colleague", name="Mill", contact_id=person.id)
    assert found(acting, "nordwind") == found(acting, "lathe") == [("Lathe", "Nordwind")]
    assert found(acting, "zander") == found(acting, "mill") == [("Mill", "Eva Zander")]
    with acting("rep") as rep:
        assert [row.name for row in deals_of("company", company.id, member=rep)] == ["Lathe"]
        assert [row.name for row in deals_of("contact", person.id, member=rep)] == ["Mill"]
        assert get_opportunity(deals_of("contact", person.id, member=rep)[0].id, member=rep).name == "Mill"


def test_nobody_finds_their_deal_by_a_customer_they_do_not_see(acting: Acting, make: Maker) -> None:
    company, person = make.company("colleague", name="Nordwind"), make.contact("colleague", name="Eva Zander")
    make.deal("owner", owner="rep", name="Lathe", company_id=company.id)
    make.deal("owner", owner="rep", name="Mill", contact_id=person.id)
    for query in ("nordwind", "zander", "lathe nordwind"):
        assert found(acting, query) == [], query
        assert len(found(acting, query, "owner")) == len(found(acting, query, "colleague")) == 1, query
    assert found(acting, "lathe") == [("Lathe", "")]
    assert found(acting, "mill") == [("Mill", "")]


def test_a_companys_deal_is_not_told_to_who_sees_only_its_contact(acting: Acting, make: Maker) -> None:
    company = make.company("colleague", name="Nordwind")
    person = make.contact("owner", owner="rep", name="Eva Zander", company_id=company.id)
    deal = make.deal("owner", owner="colleague", name="Lathe", company_id=company.id, contact_id=person.id)
    assert found(acting, "lathe") == []
    with acting("colleague") as colleague:
        lathe = get_opportunity(deal.id, member=colleague)
        actions.update_opportunity(lathe, OpportunityWrite(name="Lathe", company_id=None), actor=colleague)
    assert found(acting, "lathe") == found(acting, "zander") == [("Lathe", "Eva Zander")], "now it is the contact's"


def test_a_consumer_seen_by_their_company_brings_their_deal(acting: Acting, make: Maker) -> None:
    person = make.contact("colleague", name="Eva Zander")
    make.deal("colleague", name="Lathe", contact_id=person.id)
    assert found(acting, "lathe") == []
    company = make.company("rep", name="Nordwind")
    with acting("owner") as owner:
        there = ContactWrite(name="Eva Zander", company_id=company.id)
        customers.update_contact(get_contact(person.id, member=owner), there, actor=owner)
    assert found(acting, "lathe") == found(acting, "zander") == [("Lathe", "Eva Zander")]
    assert found(acting, "nordwind") == []


@pytest.mark.parametrize("kind", ["company", "contact"])
def test_deals_are_found_by_the_new_name_of_their_customer(
    kind: str, acting: Acting, make: Maker, jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("saas_crm.opportunities.indexing.BATCH", 2)
    customer = getattr(make, kind)("rep", name="Before")
    names = [make.deal("rep", name=f"Lathe {number}", **{f"{kind}_id": customer.id}).name for number in range(5)]
    with acting("rep") as rep:
        if kind == "company":
            customers.update_company(get_company(customer.id, member=rep), CompanyWrite(name="After"), actor=rep)
        else:
            customers.update_contact(get_contact(customer.id, member=rep), ContactWrite(name="After"), actor=rep)
    assert len(jobs()) == 1
    assert found(acting, "after") == found(acting, "lathe") == [(name, "After") for name in names]
    assert found(acting, "before") == []


@pytest.mark.parametrize("kind", ["company", "contact"])
def test_a_recycled_customer_is_not_named_and_comes_back(kind: str, acting: Acting, make: Maker, jobs: Jobs) -> None:
    customer = getattr(make, kind)("rep", name="Nordwind")
    make.deal("owner", owner="colleague", name="Lathe", **{f"{kind}_id": customer.id})
    model: Any = Company if kind == "company" else Contact
    with acting("rep") as rep:
        customers.recycle(db.session.get_one(model, customer.id), actor=rep)
    jobs()
    assert found(acting, "nordwind", "owner") == []
    assert found(acting, "lathe") == [("Lathe", "")], "it is seen as before"
    with acting("rep") as rep:
        customers.restore(db.session.get_one(model, customer.id), actor=rep)
    jobs()
    assert found(acting, "nordwind") == [("Lathe", "Nordwind")]


def test_a_deal_goes_with_the_customer_it_is_given(acting: Acting, make: Maker) -> None:
    mine, theirs = make.company("rep", name="Nordwind"), make.company("colleague", name="Südwind")
    deal = make.deal("owner", owner="colleague", name="Lathe", company_id=mine.id)
    for company, seen in ((theirs, []), (mine, [("Lathe", "Nordwind")])):
        with acting("owner") as owner:
            lathe = get_opportunity(deal.id, member=owner)
            actions.update_opportunity(lathe, OpportunityWrite(name="Lathe", company_id=company.id), actor=owner)
        assert found(acting, "lathe") == seen


def test_a_customer_that_changes_hands_takes_its_deals_along(acting: Acting, make: Maker) -> None:
    company, person = make.company("rep", name="Nordwind"), make.contact("rep", name="Eva Zander")
    make.deal("owner", owner="owner", name="Lathe", company_id=company.id)
    make.deal("owner", owner="owner", name="Lathe", contact_id=person.id)
    with acting("owner") as owner:
        to = make.member_id("colleague")
        given = CompanyWrite(name="Nordwind", owner_id=to)
        customers.update_company(get_company(company.id, member=owner), given, actor=owner)
        changed = ContactWrite(name="Eva Zander", owner_id=to)
        customers.update_contact(get_contact(person.id, member=owner), changed, actor=owner)
    assert found(acting, "lathe") == []
    assert found(acting, "lathe", "colleague") == [("Lathe", "Eva Zander"), ("Lathe", "Nordwind")]


def test_without_its_company_for_good_a_deal_is_its_contacts(acting: Acting, make: Maker, jobs: Jobs) -> None:
    company, person = make.company("rep", name="Nordwind"), make.contact("rep", name="Eva Zander")
    both = make.deal("rep", name="Lathe", company_id=company.id, contact_id=person.id)
    alone = make.deal("rep", name="Mill", company_id=company.id)
    assert entry_of(acting, both.id) == (company.id, make.member_id("rep"))
    with acting("rep") as rep:
        customers.recycle(get_company(company.id, member=rep), actor=rep)
    jobs()
    with acting("owner"):
        db.session.execute(update(Company).where(Company.id == company.id).values(deleted_at=now() - timedelta(31)))
        assert purge_batch() == 1
    assert entry_of(acting, both.id) == (person.id, ASKED)
    assert entry_of(acting, alone.id) == (None, None)
    assert found(acting, "zander") == [("Lathe", "Eva Zander")]


def entry_of(acting: Acting, deal_id: UUID) -> tuple[UUID | None, UUID | None]:
    with acting("owner"):
        entry = db.session.get_one(SearchEntry, deal_id)
        return entry.parent_id, entry.parent_owner_id


def test_saving_what_a_deal_is_not_found_by_keeps_its_entry(acting: Acting, make: Maker) -> None:
    company = make.company("rep", name="Nordwind")
    deal = make.deal("rep", name="Lathe", company_id=company.id)
    younger = make.deal("rep", name="Lathe", company_id=company.id)
    with acting("rep") as rep:
        lathe = get_opportunity(deal.id, member=rep)
        actions.update_opportunity(lathe, OpportunityWrite(name="Lathe", description="Large"), actor=rep)
    with acting("rep") as rep:
        assert [row.record_id for row in find("lathe", rep)] == [deal.id, younger.id], "who was saved last comes first"
    assert found(acting, "nordwind") == [("Lathe", "Nordwind")] * 2
