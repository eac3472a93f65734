"""Rows for choosing a record while somebody types."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from tests.support.clients import Browser, statements
from tests.support.making import Maker

ClientFor = Callable[..., Browser]
MEMBERS = ("owner", "admin", "viewer", "manager", "rep", "teammate", "colleague")


@pytest.fixture
def rep(client_for: ClientFor) -> Browser:
    return client_for("rep")


def values(text: str) -> list[str]:
    return re.findall(r'role="option" aria-selected="false" data-value="([^"]*)"', text)


def test_companies_and_contacts_are_found_by_any_part(rep: Browser, make: Maker) -> None:
    company = make.company("rep", name="华东精密仪器", city="上海")
    contact = make.contact("rep", name="Eva Österreicher", mobile="(646) 555-0199", company_id=company.id)
    assert values(rep.get("/acme/pickers/companies?q=精密").text)[0] == str(company.id)
    assert values(rep.get("/acme/pickers/contacts?q=osterr").text)[0] == str(contact.id)
    assert values(rep.get("/acme/pickers/contacts?q=555-0199").text)[0] == str(contact.id)
    both = values(rep.get("/acme/pickers/customers?q=华东").text)
    assert set(both) >= {f"company:{company.id}", f"contact:{contact.id}"}


def test_before_anything_is_typed_the_latest_are_at_hand(rep: Browser, make: Maker) -> None:
    companies = [make.company("rep") for _ in range(10)]
    offered = values(rep.get("/acme/pickers/companies").text)
    assert offered == [str(company.id) for company in reversed(companies)][:8]
    inside = make.contact("rep", company_id=companies[0].id)
    make.contact("rep")
    assert values(rep.get(f"/acme/pickers/contacts?company_id={companies[0].id}").text) == [str(inside.id)]


def test_adding_is_offered_where_it_is_allowed_and_new(rep: Browser, client_for: ClientFor, make: Maker) -> None:
    make.company("rep", name="Ada Ltd")
    assert "data-create" in rep.get("/acme/pickers/companies?q=Brand+New").text
    assert "data-create" not in rep.get("/acme/pickers/companies?q=ada+ltd").text
    assert "data-create" not in rep.get("/acme/pickers/companies?q=Brand+New&add=no").text
    assert "data-create" not in client_for("viewer").get("/acme/pickers/companies?q=Brand+New").text
    assert "Nothing found" in client_for("viewer").get("/acme/pickers/companies?q=Brand+New").text


def test_a_customer_to_be_added_is_a_person_or_a_company(rep: Browser, make: Maker) -> None:
    make.company("rep", name="Ada Ltd")
    rows = rep.get("/acme/pickers/customers?q=Brand+New").text
    assert re.findall(r'data-create="(\w+)"', rows) == ["contact", "company"]
    assert "Add the person “Brand New”" in rows
    assert "Add the company “Brand New”" in rows
    assert "data-create" not in rep.get("/acme/pickers/customers?q=ada+ltd").text
    assert re.findall(r'data-create="(\w+)"', rep.get("/acme/pickers/companies?q=Brand+New").text) == ["1"]


def test_members_are_known_to_everybody(client_for: ClientFor, make: Maker) -> None:
    answer = client_for("viewer").get("/acme/pickers/members?q=rita")
    assert values(answer.text) == [str(make.member_id("rep"))]
    assert len(values(client_for("rep").get("/acme/pickers/members").text)) == 7


def test_owners_are_offered_to_whom_one_may_give_and_who_could_work_on_it(client_for: ClientFor, make: Maker) -> None:
    def offered(who: str, kind: str) -> set[str]:
        return set(values(client_for(who).get(f"/acme/pickers/members?own={kind}").text))

    for kind in ("company", "contact", "opportunity", "activity"):
        assert offered("owner", kind) == {str(make.member_id(key)) for key in MEMBERS if key != "viewer"}
        assert offered("manager", kind) == {str(make.member_id(key)) for key in ("manager", "rep", "teammate")}
        assert offered("viewer", kind) == {str(make.member_id("viewer"))}, "one may always keep it oneself"
    answer = client_for("owner").get("/acme/pickers/members?own=company&q=rita")
    assert values(answer.text) == [str(make.member_id("rep"))]
    assert statements(answer) <= 4
    assert "pickers/members?own=company" in client_for("owner").get("/acme/companies/new").text


def test_what_one_does_not_see_is_not_offered(client_for: ClientFor, make: Maker) -> None:
    company = make.company("rep", name="Hidden Works")
    make.contact("rep", name="Hidden Person", company_id=company.id)
    for who in ("colleague", "outsider"):
        slug = "other" if who == "outsider" else "acme"
        for path in ("companies", "contacts", "customers"):
            for query in ("", "?q=hidden", f"?company_id={company.id}"):
                answer = client_for(who).get(f"/{slug}/pickers/{path}{query}")
                assert "Hidden" not in answer.text.replace("Add “hidden”", "")
    assert client_for("outsider").get("/acme/pickers/companies").status_code == 404
    assert client_for("viewer").get("/acme/pickers/customers").status_code == 403


@pytest.mark.parametrize(
    "query", ["q=%00", "q=" + "x" * 5000, "q=%27%3B--", "q=%F0%9F%98%80", "company_id=nonsense", "q=<b>"]
)
def test_hard_queries_are_only_text(rep: Browser, query: str) -> None:
    for path in ("companies", "contacts", "customers", "members"):
        answer = rep.get(f"/acme/pickers/{path}?{query}")
        assert answer.status_code == 200
        assert "<b>" not in answer.text
        assert statements(answer) <= 5
