"""One index over all records: what is found, in which order, by whom, and that it follows every change."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from saas_crm.customers import actions
from saas_crm.customers.models import Company
from saas_crm.customers.queries import CustomerFilter, company_rows, contact_rows, get_company, get_contact
from saas_crm.customers.schemas import CompanyWrite, ContactWrite
from saas_crm.search.queries import find
from tenants.db import db
from tests.support.making import Maker

Acting = Callable[[str], Any]


def titles(acting: Acting, query: str, who: str = "rep", **more: Any) -> list[str]:
    with acting(who) as member:
        return [row.title for row in find(query, member, **more)]


def test_the_best_match_comes_first(acting: Acting, make: Maker) -> None:
    for name in ("Xanordwind", "Great Nordwind", "Nordwind Logistik", "Nordwind"):
        make.company("rep", name=name)
    assert titles(acting, "nordwind") == ["Nordwind", "Nordwind Logistik", "Great Nordwind", "Xanordwind"]


@pytest.mark.parametrize(("query", "found"), [
    ("华东", True), ("精密", True), ("东精", True), ("北京", False), ("010 6552", True), ("+86 10 6552", True),
    ("65529988", True),
    ("office@", True), ("shanghai", False), ("vip", True), ("hd-precision", True),
])  # fmt: skip
def test_a_company_is_found_by_all_that_is_known_of_it(acting: Acting, make: Maker, query: str, found: bool) -> None:
    make.company("rep", name="华东精密仪器有限公司", phone="+86 10 6552 9988", email="office@hd.example", tags="VIP",
                 website="www.hd-precision.example", city="上海")  # fmt: skip
    assert bool(titles(acting, query)) is found


def test_a_contact_is_found_by_its_company_and_number(acting: Acting, make: Maker) -> None:
    company = make.company("rep", name="Ada Ltd")
    make.contact("rep", name="Eva Österreicher", mobile="(646) 555-0199", company_id=company.id)
    for query in ("ada", "osterreicher", "oesterr", "555-0199", "eva ada"):
        assert titles(acting, query, kinds=("contact",)) == ["Eva Österreicher"], query


def test_the_index_follows_every_change(acting: Acting, make: Maker) -> None:
    company = make.company("rep", name="Before")
    contact = make.contact("rep", name="Eva", company_id=company.id)
    with acting("rep") as rep:
        actions.update_company(get_company(company.id, member=rep), CompanyWrite(name="After"), actor=rep)
        changed = ContactWrite(name="Eve", company_id=company.id)
        actions.update_contact(get_contact(contact.id, member=rep), changed, actor=rep)
    assert titles(acting, "before") == []
    assert titles(acting, "after", kinds=("company",)) == ["After"]
    assert titles(acting, "eve") == ["Eve"]
    with acting("rep") as rep:
        actions.recycle(get_company(company.id, member=rep), actor=rep)
    assert titles(acting, "after", kinds=("company",)) == []
    with acting("rep") as rep:
        gone = db.session.get(Company, company.id)
        assert gone is not None
        actions.restore(gone, actor=rep)
    assert titles(acting, "after", kinds=("company",)) == ["After"]


def test_a_new_owner_of_a_company_finds_its_people(acting: Acting, make: Maker) -> None:
    company = make.company("rep", name="Ada Ltd")
    make.contact("rep", name="Eva", company_id=company.id)
    assert titles(acting, "eva", "colleague") == []
    with acting("owner") as owner:
        given = CompanyWrite(name="Ada Ltd", owner_id=make.member_id("colleague"))
        actions.update_company(get_company(company.id, member=owner), given, actor=owner)
    assert titles(acting, "eva", "colleague") == ["Eva"]
    assert titles(acting, "ada", "rep", kinds=("company",)) == []
    assert titles(acting, "eva", "rep") == ["Eva"], "her own contact stays hers"


def test_search_and_list_see_the_same(acting: Acting, make: Maker) -> None:
    for who in ("owner", "manager", "rep", "teammate", "colleague"):
        company = make.company(who, name=f"Same {who}")
        make.contact("owner", owner="rep", name=f"Same person of {who}", company_id=company.id)
    for who in ("owner", "manager", "rep", "teammate", "colleague", "viewer"):
        with acting(who) as member:
            asked = CustomerFilter(q="same")
            listed = {row.id for row in company_rows(member, asked).rows} | {
                row.id for row in contact_rows(member, asked).rows
            }
            assert {row.record_id for row in find("same", member, limit=50)} == listed, who


@pytest.mark.parametrize(
    "query", ["", " ", "\x00", "%", "_", "\\", "'", '"', "(", "😀", "\u202e", "x" * 10_000, "- - -"]
)
def test_any_text_is_a_query(acting: Acting, make: Maker, query: str) -> None:
    make.company("rep", name="Ada Ltd")
    assert "Ada Ltd" not in titles(acting, query)


def test_contacts_are_found_by_the_new_name_of_their_company(
    acting: Acting, make: Maker, jobs: Callable[[], list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("saas_crm.customers.indexing.BATCH", 2)
    company = make.company("rep", name="Before")
    people = [make.contact("rep", name=f"Eva {number}", company_id=company.id).name for number in range(5)]
    with acting("rep") as rep:
        actions.update_company(get_company(company.id, member=rep), CompanyWrite(name="After"), actor=rep)
    assert jobs() == ["customers.reindex_contacts"]
    assert sorted(titles(acting, "after", kinds=("contact",))) == people
    assert titles(acting, "before") == []
    with acting("rep") as rep:
        assert {row.subtitle for row in find("eva", rep)} == {"After"}
        actions.update_company(get_company(company.id, member=rep), CompanyWrite(name="After", city="Linz"), actor=rep)
    assert jobs() == [], "nothing that contacts are found by"


def test_a_recycled_company_finds_nobody_until_it_is_back(
    acting: Acting, make: Maker, jobs: Callable[[], list[str]]
) -> None:
    company = make.company("rep", name="Nordwind")
    make.contact("rep", name="Eva", company_id=company.id)
    with acting("rep") as rep:
        actions.recycle(get_company(company.id, member=rep), actor=rep)
    jobs()
    assert titles(acting, "nordwind") == []
    assert titles(acting, "eva") == ["Eva"]
    with acting("rep") as rep:
        gone = db.session.get(Company, company.id)
        assert gone is not None
        actions.restore(gone, actor=rep)
    jobs()
    assert titles(acting, "nordwind") == ["Nordwind", "Eva"]


def test_a_contact_is_not_found_by_the_name_of_a_company_one_does_not_see(acting: Acting, make: Maker) -> None:
    company = make.company("colleague", name="Nordwind Hidden")
    make.contact("owner", owner="rep", name="Eva", city="Linz", company_id=company.id)
    for query in ("nordwind", "hidden", "eva nordwind"):
        assert titles(acting, query) == [], query
        assert titles(acting, query, "owner", kinds=("contact",)) == ["Eva"], query
        assert titles(acting, query, "colleague", kinds=("contact",)) == ["Eva"], query
    assert titles(acting, "eva linz") == ["Eva"]
    with acting("rep") as rep:
        assert contact_rows(rep, CustomerFilter(q="nordwind")).rows == []
        assert [row.subtitle for row in find("eva", rep)] == [""]
