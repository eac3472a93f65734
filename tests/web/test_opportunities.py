"""One deal: open it, look at it, change it, recycle it; by everybody, with good input and with bad."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from saas_crm.access.permissions import CurrentMember
from saas_crm.opportunities.models import Opportunity, OpportunityContact, StageChange
from tenants.db import db
from tests.support.cast import Cast
from tests.support.clients import Browser, statements
from tests.support.making import Maker
from tests.web.pages import errors, flashed, heading, summary, value

ClientFor = Callable[..., Browser]
Acting = Callable[[str], AbstractContextManager[CurrentMember]]


def text_of(page: TestResponse) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page.text).split())


def stored(acting: Acting, deal_id: UUID, who: str = "owner") -> Opportunity:
    with acting(who):
        found = db.session.get(Opportunity, deal_id)
        assert found is not None
        return found


def further(acting: Acting, deal_id: UUID) -> set[UUID]:
    with acting("owner"):
        query = select(OpportunityContact.contact_id).where(OpportunityContact.opportunity_id == deal_id)
        return set(db.session.scalars(query))


def id_in(location: str) -> UUID:
    return UUID(location.rpartition("/")[2])


# --- opening ---------------------------------------------------------------------------------------------------


def test_a_deal_is_opened_in_the_first_stage_by_and_for_the_reader(
    client_for: ClientFor, make: Maker, acting: Acting, cast: Cast
) -> None:
    company = make.company("rep")
    contact = make.contact("rep", company_id=str(company.id))
    answer = client_for("rep").post("/acme/deals", data={
        "name": " Ovens ", "amount": "1,200.50", "expected_close": "2026-05-06", "company_id": str(company.id),
        "contact_id": str(contact.id), "description": "Two of them.",
    })  # fmt: skip
    assert answer.status_code == 303
    deal = stored(acting, id_in(answer.location))
    assert (deal.name, str(deal.amount), deal.currency) == ("Ovens", "1200.500", "USD")
    assert (deal.company_id, deal.contact_id, deal.owner_id) == (company.id, contact.id, cast["rep"].member_id)
    assert deal.stage_id == make.stages()[0].id
    assert flashed(client_for("rep").get("/acme/deals")) == ""


def test_the_form_knows_where_it_was_opened_from(client_for: ClientFor, make: Maker) -> None:
    company = make.company("rep", name="Ada Ltd")
    hidden = make.contact("colleague", name="Hidden")
    stage = make.stages()[2]
    page = client_for("rep").get(f"/acme/deals/new?company_id={company.id}&contact_id={hidden.id}&stage={stage.id}")
    assert value(page, "company_id") == str(company.id)
    assert value(page, "company_id_text") == "Ada Ltd"
    assert value(page, "contact_id") == ""
    assert "Hidden" not in page.text
    assert f'<option value="{stage.id}" selected' in page.text


def test_amounts_are_read_as_the_reader_writes_them(client_for: ClientFor, acting: Acting) -> None:
    answer = client_for("outsider").post("/other/deals", data={"name": "设备", "amount": "１２,０００元"})
    assert answer.status_code == 303
    assert str(stored(acting, id_in(answer.location), "outsider").amount) == "12000.000"


@pytest.mark.parametrize(
    ("field", "sent", "message"),
    [
        ("name", "", "This is needed."),
        ("name", "x" * 10_000, "At most 200 characters."),
        ("amount", "a lot", "Write an amount such as 1200 or 1200.50."),
        ("amount", "-5", "Write an amount of 0 or more."),
        ("amount", "1.234", None),
        ("expected_close", "tomorrow", "Write a date."),
        ("company_id", "nonsense", "Choose one of the values offered."),
        ("company_id", "01890000-0000-7000-8000-000000000000", "Choose one of the values offered."),
        ("contact_id", "01890000-0000-7000-8000-000000000000", "Choose one of the values offered."),
        ("stage_id", "01890000-0000-7000-8000-000000000000", "Choose a stage."),
        ("owner_id", "01890000-0000-7000-8000-000000000000", "Choose a member you may give records to."),
        ("description", "x" * 20_001, "At most 20000 characters."),
    ],
)
def test_bad_input_is_said_beside_the_field_and_what_was_typed_is_kept(
    client_for: ClientFor, field: str, sent: str, message: str | None
) -> None:
    data = {"name": "Ovens <&>", "description": "Keep me", "amount": "12"} | {field: sent}
    page = client_for("owner").post("/acme/deals", data=data)
    assert page.status_code == 422
    assert field in errors(page)
    if message:
        assert errors(page)[field] == message
    assert summary(page).startswith("Not saved yet.")
    if field != "name":
        assert value(page, "name") == "Ovens <&>"
    if field != "description":
        assert "Keep me</textarea>" in page.text


def test_further_contacts_survive_a_refusal(client_for: ClientFor, make: Maker) -> None:
    people = [make.contact("rep", name=name) for name in ("Ann", "Ben")]
    data = {"name": "", "contact_ids": ["", *(str(person.id) for person in people)]}
    page = client_for("rep").post("/acme/deals", data=data)
    assert page.status_code == 422
    for person in people:
        assert f'name="contact_ids" value="{person.id}" checked' in page.text
    assert "Ann" in page.text


def test_names_that_are_only_written_are_found_or_made(client_for: ClientFor, make: Maker, acting: Acting) -> None:
    ada = make.contact("rep", name="Ada Lovelace")
    answer = client_for("rep").post("/acme/deals", data={
        "name": "Ovens", "company_id": "", "company_id_text": "New Ltd", "company_id_create": "1",
        "contact_id": "", "contact_id_text": "Ben New", "contact_id_create": "1", "contact_ids": "",
        "contact_add": "", "contact_add_text": "ada lovelace",
    })  # fmt: skip
    assert answer.status_code == 303
    deal_id = id_in(answer.location)
    page = client_for("rep").get(f"/acme/deals/{deal_id}")
    assert "New Ltd" in page.text
    assert "Ben New" in page.text
    assert further(acting, deal_id) == {ada.id}
    with acting("rep"):
        deal = db.session.get(Opportunity, deal_id)
        assert deal is not None
        contact = db.session.get(type(ada), deal.contact_id)
        assert contact is not None
        assert contact.company_id == deal.company_id


def test_a_written_name_that_nobody_has_is_an_error(client_for: ClientFor) -> None:
    page = client_for("rep").post("/acme/deals", data={"name": "Ovens", "company_id": "", "company_id_text": "Nobody"})
    assert page.status_code == 422
    assert "company_id" in errors(page)
    assert value(page, "company_id_text") == "Nobody"


def test_the_same_form_sent_twice_opens_one_deal(client_for: ClientFor, acting: Acting) -> None:
    rep = client_for("rep")
    data = {"name": "Ovens", "record_id": value(rep.get("/acme/deals/new"), "record_id")}
    first, second = rep.post("/acme/deals", data=data), rep.post("/acme/deals", data=data)
    assert (first.status_code, second.status_code) == (303, 303)
    assert first.location == second.location
    with acting("rep"):
        assert db.session.scalar(select(func.count()).select_from(Opportunity)) == 1
        assert db.session.scalar(select(func.count()).select_from(StageChange)) == 1


def test_who_may_not_give_records_away_is_not_asked_for_an_owner(client_for: ClientFor, cast: Cast) -> None:
    assert 'name="owner_id"' not in client_for("rep").get("/acme/deals/new").text
    assert 'name="owner_id"' in client_for("manager").get("/acme/deals/new").text
    refused = client_for("rep").post("/acme/deals", data={"name": "x", "owner_id": str(cast["owner"].member_id)})
    assert refused.status_code == 422


def test_a_viewer_opens_nothing(client_for: ClientFor) -> None:
    viewer = client_for("viewer")
    assert viewer.get("/acme/deals/new").status_code == 403
    assert viewer.post("/acme/deals", data={"name": "x"}).status_code == 403


@pytest.mark.parametrize(
    "name", ["🚀" * 60, "أهلا بالعالم", "'; DROP TABLE opportunities; --", "<script>alert(1)</script>"]
)
def test_any_name_is_kept_and_shown_as_it_is(client_for: ClientFor, name: str) -> None:
    rep = client_for("rep")
    answer = rep.post("/acme/deals", data={"name": name, "description": name})
    page = rep.get(answer.location)
    assert heading(page) == name
    assert "<script>alert" not in page.text
    assert rep.get("/acme/deals").status_code == rep.get("/acme/deals?view=list").status_code == 200


def test_control_characters_are_taken_out(client_for: ClientFor) -> None:
    rep = client_for("rep")
    assert heading(rep.get(rep.post("/acme/deals", data={"name": "Ov\x00ens\x1b"}).location)) == "Ov ens"


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
    mine = {"name": "My ovens", "amount": "100", "description": "Old words", "expected_close": "", "version": "1"}
    page = rep.post(here, data=mine)
    assert page.status_code == 409
    text = text_of(page)
    for words in ("Two people changed this at once", "Olivia Owner", "My ovens", "Ovens", "2,500"):
        assert words in text, words
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
