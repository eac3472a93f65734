"""One deal: look at it, change it, recycle it; by everybody, with good input and with bad."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from saas_crm.access.permissions import CurrentMember
from tests.support.cast import Cast
from tests.support.clients import Browser, statements
from tests.support.making import Maker
from tests.web.deals import further, stored
from tests.web.pages import errors, flashed, value

ClientFor = Callable[..., Browser]
Acting = Callable[[str], AbstractContextManager[CurrentMember]]


def text_of(page: TestResponse) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page.text).split())


# --- looking ---------------------------------------------------------------------------------------------------


def test_the_page_shows_where_it_stands_with_whom_and_what_happened(client_for: ClientFor, make: Maker) -> None:
    company = make.company("rep", name="Ada Ltd", phone="+1 212 555 0100")
    contact = make.contact("rep", name="Ann", mobile="+1 212 555 0101", company_id=str(company.id))
    extra = make.contact("rep", name="Ben", phone="+1 212 555 0102")
    deal = make.deal("rep", name="Ovens", amount="1000", company_id=str(company.id), contact_id=str(contact.id),
                     contact_ids=str(extra.id), expected_close="2020-01-02")  # fmt: skip
    make.activity("rep", subject="Called about ovens", opportunity_id=str(deal.id))
    page = client_for("rep").get(f"/acme/deals/{deal.id}")
    text = text_of(page)
    for words in ("Ovens", "$1,000", "Weighted (10%) $100", "Ada Ltd", "Ann", "Ben", "Overdue", "Opened in Lead",
                  "Called about ovens"):  # fmt: skip
        assert words in text, words
    for number in ("+12125550100", "+12125550101", "+12125550102"):
        assert f'href="tel:{number}"' in page.text
    assert f'href="/acme/log?opportunity_id={deal.id}"' in page.text
    assert 'aria-current="step"' in page.text


def test_what_a_reader_may_not_see_of_a_customer_stays_unseen(client_for: ClientFor, make: Maker) -> None:
    company = make.company("colleague", name="Secret Ltd", phone="+1 212 555 0100")
    deal = make.deal("owner", company_id=str(company.id), owner="rep")
    page = client_for("rep").get(f"/acme/deals/{deal.id}")
    assert "Secret Ltd" not in page.text
    assert "tel:" not in page.text
    assert f"/acme/companies/{company.id}" not in page.text


def test_who_may_change_it_gets_the_buttons_and_others_do_not(client_for: ClientFor, make: Maker) -> None:
    deal = make.deal("rep")
    here = f"/acme/deals/{deal.id}"
    ways = (f"{here}/edit", f"{here}/stage", f"{here}/closure", f"{here}/recycle")
    for who in ("owner", "manager", "rep"):
        page = client_for(who).get(here)
        assert all(way in page.text for way in ways), who
    for who in ("teammate", "viewer"):
        page = client_for(who).get(here)
        assert page.status_code == 200
        assert not any(way in page.text for way in ways), who
    assert "/acme/log?" not in client_for("viewer").get(here).text


def test_a_page_costs_few_statements(app: Flask, client_for: ClientFor, make: Maker) -> None:
    company = make.company("rep")
    people = [make.contact("rep", company_id=str(company.id)) for _ in range(4)]
    deal = make.deal("rep", company_id=str(company.id), contact_id=str(people[0].id),
                     contact_ids=",".join(str(person.id) for person in people))  # fmt: skip
    for _ in range(5):
        make.activity("rep", opportunity_id=str(deal.id))
    for who in ("owner", "manager", "rep", "teammate", "viewer"):
        browser = client_for(who)
        browser.get("/acme/deals")
        app.extensions["directory"].forget()
        assert statements(browser.get(f"/acme/deals/{deal.id}")) <= 8, who
    rep = client_for("rep")
    for part in ("edit", "closure"):
        assert statements(rep.get(f"/acme/deals/{deal.id}/{part}")) <= 8, part
    assert statements(rep.get("/acme/deals/new")) <= 8


@pytest.mark.parametrize("path", ["", "/edit", "/closure"])
def test_deals_one_may_not_see_do_not_exist(client_for: ClientFor, make: Maker, path: str) -> None:
    deal, foreign = make.deal("rep"), make.deal("outsider")
    assert client_for("colleague").get(f"/acme/deals/{deal.id}{path}").status_code == 404
    assert client_for("rep").get(f"/acme/deals/{foreign.id}{path}").status_code == 404
    assert client_for("outsider").get(f"/acme/deals/{deal.id}{path}").status_code == 404
    assert client_for("outsider").get(f"/other/deals/{deal.id}{path}").status_code == 404
    assert client_for("rep").get(f"/acme/deals/01890000-0000-7000-8000-000000000000{path}").status_code == 404


# --- changing --------------------------------------------------------------------------------------------------


def test_the_form_shows_what_is_stored(client_for: ClientFor, make: Maker) -> None:
    company = make.company("rep", name="Ada Ltd")
    extra = make.contact("rep", name="Ben")
    deal = make.deal("rep", name="Ovens", amount="1234567.5", company_id=str(company.id), contact_ids=str(extra.id),
                     expected_close="2026-05-06", description="Two.")  # fmt: skip
    page = client_for("rep").get(f"/acme/deals/{deal.id}/edit")
    shown = {name: value(page, name) for name in ("name", "amount", "company_id", "company_id_text", "expected_close")}
    assert shown == {
        "name": "Ovens", "amount": "1,234,567.50", "company_id": str(company.id), "company_id_text": "Ada Ltd",
        "expected_close": "2026-05-06",
    }  # fmt: skip
    assert f'name="contact_ids" value="{extra.id}" checked' in page.text


def test_a_change_is_saved_with_its_stage_and_contacts(client_for: ClientFor, make: Maker, acting: Acting) -> None:
    old, new = make.contact("rep"), make.contact("rep")
    deal = make.deal("rep", contact_ids=str(old.id))
    stage = make.stages()[3]
    answer = client_for("rep").post(f"/acme/deals/{deal.id}", data={
        "name": "Renamed", "amount": "7", "stage_id": str(stage.id), "contact_ids": ["", str(new.id)], "version": "1",
    })  # fmt: skip
    assert answer.status_code == 303
    found = stored(acting, deal.id)
    assert (found.name, str(found.amount), found.stage_id) == ("Renamed", "7.000", stage.id)
    assert further(acting, deal.id) == {new.id}
    assert "Lead → Negotiation" in client_for("rep").get(f"/acme/deals/{deal.id}").text


def test_taking_all_ticks_away_takes_all_contacts_out(client_for: ClientFor, make: Maker, acting: Acting) -> None:
    deal = make.deal("rep", contact_ids=str(make.contact("rep").id))
    client_for("rep").post(f"/acme/deals/{deal.id}", data={"name": "x", "contact_ids": "", "version": "1"})
    assert further(acting, deal.id) == set()


def test_a_contact_the_editor_cannot_see_stays_in_the_deal(client_for: ClientFor, make: Maker, acting: Acting) -> None:
    unseen = make.contact("colleague", name="Una Unseen")
    deal = make.deal("owner", contact_ids=str(unseen.id), owner="rep")
    page = client_for("rep").get(f"/acme/deals/{deal.id}/edit")
    assert "Una Unseen" not in page.text
    assert "A contact you cannot see" in page.text
    data = {"name": "x", "contact_ids": ["", str(unseen.id)], "version": "1"}
    assert client_for("rep").post(f"/acme/deals/{deal.id}", data=data).status_code == 303
    assert further(acting, deal.id) == {unseen.id}
    stranger = make.contact("colleague")
    data = {"name": "x", "contact_ids": ["", str(stranger.id)], "version": "2"}
    assert client_for("rep").post(f"/acme/deals/{deal.id}", data=data).status_code == 422


def test_an_owner_is_changed_by_who_may_and_never_lost(
    client_for: ClientFor, make: Maker, acting: Acting, cast: Cast
) -> None:
    deal = make.deal("rep")
    manager = client_for("manager")
    empty = manager.post(
        f"/acme/deals/{deal.id}", data={"name": "x", "owner_id": "", "owner_id_text": "", "version": "1"}
    )
    assert errors(empty)["owner_id"] == "This is needed."
    named = {"name": "x", "owner_id": "", "owner_id_text": "tom teammate", "version": "1"}
    assert manager.post(f"/acme/deals/{deal.id}", data=named).status_code == 303
    assert stored(acting, deal.id).owner_id == cast["teammate"].member_id


def test_bad_input_leaves_the_deal_as_it_was(client_for: ClientFor, make: Maker, acting: Acting) -> None:
    deal = make.deal("rep", name="Ovens")
    page = client_for("rep").post(f"/acme/deals/{deal.id}", data={"name": "Other", "amount": "x", "version": "1"})
    assert page.status_code == 422
    assert value(page, "name") == "Other"
    assert value(page, "amount") == "x"
    assert value(page, "version") == "1"
    assert stored(acting, deal.id).name == "Ovens"


def test_a_lost_race_shows_both_values_and_saves_the_chosen(client_for: ClientFor, make: Maker, acting: Acting) -> None:
    deal = make.deal("rep", name="Ovens", amount="100", description="Old words")
    owner, rep = client_for("owner"), client_for("rep")
    here = f"/acme/deals/{deal.id}"
    assert owner.post(here, data={"name": "Ovens", "amount": "2,500", "version": "1"}).status_code == 303
    mine = {"name": "My ovens", "amount": "150", "description": "Old words", "expected_close": "", "version": "1"}
    page = rep.post(here, data=mine)
    assert page.status_code == 409
    text = text_of(page)
    for words in ("Two people changed this at once", "Olivia Owner", "150", "2,500"):
        assert words in text, words
    assert 'name="name" value="My ovens"' in page.text
    assert 'name="description" value="Old words"' in page.text
    assert value(page, "version") == "2"
    again = rep.post(here, data=mine | {"amount": "2,500", "version": "2"})
    assert again.status_code == 303
    found = stored(acting, deal.id)
    assert (found.name, str(found.amount), found.description) == ("My ovens", "2500.000", "Old words")


@pytest.mark.parametrize("path", ["", "/stage", "/closure", "/recycle"])
def test_writing_is_refused_as_reading_is(client_for: ClientFor, make: Maker, path: str) -> None:
    deal, foreign = make.deal("rep"), make.deal("outsider")
    data = {"name": "x", "stage_id": str(make.stages()[1].id), "outcome": "won"}
    for who, status in (("viewer", 403), ("teammate", 403), ("colleague", 404), ("outsider", 404), ("stranger", 404)):
        assert client_for(who).post(f"/acme/deals/{deal.id}{path}", data=data).status_code == status, who
    assert client_for("owner").post(f"/acme/deals/{foreign.id}{path}", data=data).status_code == 404
    assert client_for("rep").post(f"/acme/deals/{deal.id}{path}", data=data, csrf=False).status_code == 400


# --- the bin ---------------------------------------------------------------------------------------------------


def test_a_deal_goes_to_the_bin_and_comes_back_by_undo(client_for: ClientFor, make: Maker) -> None:
    deal = make.deal("rep", name="Ovens")
    rep = client_for("rep")
    answer = rep.post(f"/acme/deals/{deal.id}/recycle")
    assert (answer.status_code, answer.location) == (303, "/acme/deals")
    page = rep.get(answer.location)
    assert "Moved to the recycle bin." in flashed(page)
    assert rep.get(f"/acme/deals/{deal.id}").status_code == 404
    undo = re.search(r'action="([^"]+/restore)"', page.text)
    assert undo is not None
    assert rep.post(undo[1]).status_code == 303
    assert rep.get(f"/acme/deals/{deal.id}").status_code == 200
    assert "Ovens" in rep.get("/acme/deals").text
    assert rep.post(f"/acme/deals/{deal.id}/recycle").status_code == 303
    assert rep.post(f"/acme/deals/{deal.id}/recycle").status_code == 404
