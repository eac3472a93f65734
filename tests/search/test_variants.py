"""Traditional finds Simplified and the other way round: search, lists, pickers, duplicates, exact names."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from saas_crm.customers.choosing import ids_named
from saas_crm.customers.duplicates import company_twins, contact_twins
from saas_crm.customers.models import Company, Contact
from saas_crm.customers.queries import CustomerFilter, company_rows, contact_rows
from saas_crm.search.queries import find
from tests.support.clients import Browser, Phone
from tests.support.making import Maker

Acting = Callable[[str], Any]
PAIRS = [("台湾蓝天贸易有限公司", "臺灣藍天貿易有限公司"), ("华夏科技", "華夏科技"), ("里仁书局", "裡仁書局")]
EACH_WAY = [pair for one, other in PAIRS for pair in ((one, other), (other, one))]


@pytest.mark.parametrize(("stored", "asked"), EACH_WAY)
def test_a_company_is_found_in_the_other_script(acting: Acting, make: Maker, stored: str, asked: str) -> None:
    company = make.company("rep", name=stored)
    make.company("rep", name="北京长城")
    with acting("rep") as rep:
        assert [row.title for row in find(asked, rep)] == [stored]
        assert [row.name for row in company_rows(rep, CustomerFilter(q=asked)).rows] == [stored]
        assert list(ids_named(Company, asked, rep)) == [company.id]
        assert [(twin.id, twin.reason) for twin in company_twins(rep, name=asked)] == [(company.id, "name")]


@pytest.mark.parametrize(("stored", "asked"), [("陈国华", "陳國華"), ("陳國華", "陈国华")])
def test_so_is_a_contact(acting: Acting, make: Maker, stored: str, asked: str) -> None:
    contact = make.contact("rep", name=stored)
    with acting("rep") as rep:
        assert [row.name for row in contact_rows(rep, CustomerFilter(q=asked[1:])).rows] == [stored]
        assert list(ids_named(Contact, asked, rep)) == [contact.id]
        assert [twin.id for twin in contact_twins(rep, name=asked)] == [contact.id]


def test_pages_and_api_find_both(
    client_for: Callable[..., Browser], api_for: Callable[..., Phone], make: Maker
) -> None:
    for name in ("台湾蓝天", "臺灣藍天"):
        make.company("rep", name=name)
        make.deal("rep", name=f"{name} 2027")
    for asked in ("蓝天", "藍天"):
        text = client_for("rep").get(f"/acme/search?q={asked}").text
        assert all(text.count(name) >= 2 for name in ("台湾蓝天", "臺灣藍天"))
        listed = client_for("rep").get(f"/acme/companies?q={asked}").text
        assert all(name in listed for name in ("台湾蓝天", "臺灣藍天"))
        assert "蓝天 2027" in client_for("rep").get(f"/acme/deals?view=list&q={asked}").text
        items = api_for("rep").get(f"/companies?q={asked}").json["items"]
        assert {item["name"] for item in items} == {"台湾蓝天", "臺灣藍天"}
        assert len(api_for("rep").get(f"/search?q={asked}").json["items"]) == 4
