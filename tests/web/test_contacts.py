"""Pages of contacts: at a company found, made or left out while the contact is written."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest

from saas_crm.core.clock import now
from tests.support.clients import Browser, statements
from tests.support.making import Maker
from tests.web.pages import errors, flashed, heading, value

ClientFor = Callable[..., Browser]
BUTTON = r'href="tel:([^"]+)" class="button[^"]*"\s*data-call="([^"]+)"'


@pytest.fixture
def rep(client_for: ClientFor) -> Browser:
    return client_for("rep")


def test_a_new_contact_is_shown_as_it_was_written(rep: Browser, make: Maker) -> None:
    company = make.company("rep", name="Ada Ltd")
    answer = rep.post("/acme/contacts", data={
        "name": "王小明", "company_id": str(company.id), "company_id_text": "Ada Ltd", "job_title": "采购",
        "mobile": "(646) 555-0199", "phone": "+86 138 1234 5678", "email": "wang@ada.example", "birthday": "1980-05-04",
        "tags": "大客户、VIP",
    })  # fmt: skip
    page = rep.get(answer.location)
    assert heading(page) == "王小明"
    assert flashed(page) == "Contact added."
    for text in (
        "(646) 555-0199",
        "tel:+8613812345678",
        "May 4, 1980",
        "大客户",
        f"/acme/companies/{company.id}",
        "Ada Ltd",
    ):
        assert text in page.text, text
    assert "王小明" in rep.get(f"/acme/companies/{company.id}").text


def test_a_company_is_found_by_what_was_written(rep: Browser, make: Maker) -> None:
    company = make.company("rep", name="Österreicher & Söhne")
    answer = rep.post(
        "/acme/contacts", data={"name": "Eva", "company_id": "", "company_id_text": "österreicher & söhne"}
    )
    assert f"/acme/companies/{company.id}" in rep.get(answer.location).text


def test_a_company_is_made_of_what_was_written_only_when_asked(rep: Browser) -> None:
    data = {"name": "Eva", "company_id": "", "company_id_text": "Brand New AG"}
    refused = rep.post("/acme/contacts", data=data)
    assert refused.status_code == 422
    assert "No such name" in errors(refused)["company_id"]
    assert value(refused, "company_id_text") == "Brand New AG"
    made = rep.post("/acme/contacts", data=data | {"company_id_create": "1"})
    assert "Brand New AG" in rep.get(made.location).text
    assert "1 company" in rep.get("/acme/companies").text


def test_a_company_made_with_a_wrong_contact_is_not_kept(rep: Browser) -> None:
    data = {"name": "", "company_id": "", "company_id_text": "Brand New AG", "company_id_create": "1"}
    answer = rep.post("/acme/contacts", data=data)
    assert answer.status_code == 422
    assert value(answer, "company_id_create") == "1"
    assert "No companies yet" in rep.get("/acme/companies").text


def test_two_companies_with_one_name_must_be_told_apart(rep: Browser, make: Maker) -> None:
    make.company("rep", name="Twin"), make.company("rep", name="Twin")
    assert "company_id" in errors(rep.post("/acme/contacts", data={"name": "Eva", "company_id_text": "Twin"}))


@pytest.mark.parametrize("owner", ["colleague", "outsider"])
def test_a_company_one_does_not_see_cannot_be_named(rep: Browser, make: Maker, owner: str) -> None:
    company = make.company(owner, name="Hidden")
    answer = rep.post("/acme/contacts", data={"name": "Eva", "company_id": str(company.id)})
    assert answer.status_code == 422
    assert "Hidden" not in answer.text
    assert "Hidden" not in rep.get(f"/acme/contacts/new?company_id={company.id}").text


def test_the_name_of_a_company_one_does_not_see_is_not_told(client_for: ClientFor, make: Maker) -> None:
    company = make.company("colleague", name="Hidden Works", phone="(646) 555-0111")
    contact = make.contact("colleague", name="Eva", company_id=company.id)
    with_company = client_for("owner").post(f"/acme/contacts/{contact.id}", data={
        "name": "Eva", "company_id": str(company.id), "owner_id": str(make.member_id("rep")),
    })  # fmt: skip
    assert with_company.status_code == 303
    rep = client_for("rep")
    for path in ("/acme/contacts", f"/acme/contacts/{contact.id}", f"/acme/contacts/{contact.id}/edit"):
        page = rep.get(path)
        assert "Eva" in page.text
        assert "Hidden Works" not in page.text
        assert "6465550111" not in page.text


def test_a_recycled_company_is_not_shown_at_its_people(rep: Browser, make: Maker) -> None:
    company = make.company("rep", name="Gone Ltd")
    contact = make.contact("rep", company_id=company.id)
    rep.post(f"/acme/companies/{company.id}/recycle")
    assert "Gone Ltd" not in rep.get(f"/acme/contacts/{contact.id}").text.partition('id="toasts"')[0]


def test_who_has_no_number_is_called_at_their_company(rep: Browser, make: Maker) -> None:
    company = make.company("rep", name="Ada Ltd", phone="(646) 555-0100")
    bare = make.contact("rep", name="Eva", company_id=company.id)
    page = rep.get(f"/acme/contacts/{bare.id}").text
    assert re.findall(BUTTON, page) == [("+16465550100", "Ada Ltd")]
    assert re.findall(r'class="phone" href="tel:([^"]+)"', page) == ["+16465550100"]
    assert f'data-log="/acme/log?contact_id={bare.id}"' in page
    own = make.contact("rep", name="Max", company_id=company.id, mobile="(646) 555-0199")
    page = rep.get(f"/acme/contacts/{own.id}").text
    assert re.findall(BUTTON, page) == [("+16465550199", "Max")]
    assert re.findall(r'class="phone" href="tel:([^"]+)"', page) == ["+16465550100", "+16465550199"]


def test_the_list_narrows_to_a_company(rep: Browser, make: Maker) -> None:
    company = make.company("rep", name="Ada Ltd")
    make.contact("rep", name="Inside", company_id=company.id), make.contact("rep", name="Outside")
    page = rep.get(f"/acme/contacts?company={company.id}")
    assert "Inside" in page.text
    assert "Outside" not in page.text
    assert value(page, "company_text") == "Ada Ltd"


def test_bad_input_stays_in_the_form(rep: Browser, make: Maker) -> None:
    contact = make.contact("rep", name="Eva")
    data = {"name": "", "birthday": "31.12.1999", "mobile": "abc", "company_id": "nonsense", "version": "1"}
    for path in ("/acme/contacts", f"/acme/contacts/{contact.id}"):
        answer = rep.post(path, data=data)
        assert answer.status_code == 422
        assert set(errors(answer)) >= {"name", "birthday", "mobile", "company_id"}
        assert value(answer, "birthday") == "31.12.1999"


def test_nobody_is_born_tomorrow(rep: Browser, make: Maker) -> None:
    """Tomorrow wherever the reader is."""
    coming = (now() + timedelta(days=2)).date().isoformat()
    contact = make.contact("rep", name="Eva")
    for path in ("/acme/contacts", f"/acme/contacts/{contact.id}"):
        answer = rep.post(path, data={"name": "Eva", "birthday": coming, "version": "1"})
        assert answer.status_code == 422
        assert errors(answer) == {"birthday": "A birthday cannot lie in the future."}
        assert value(answer, "birthday") == coming
    today = rep.post("/acme/contacts", data={"name": "Ada", "birthday": (now() - timedelta(days=1)).date().isoformat()})
    assert today.status_code == 303


def test_a_lost_race_names_companies_and_not_their_ids(rep: Browser, make: Maker) -> None:
    old, first, second = (make.company("rep", name=f"{name} Ltd") for name in ("Old", "First", "Second"))
    contact = make.contact("rep", name="Eva", company_id=old.id)
    here = f"/acme/contacts/{contact.id}"
    rep.post(here, data={"name": "Eva", "company_id": str(second.id), "version": "1"})
    answer = rep.post(here, data={"name": "Eva", "company_id": str(first.id), "birthday": "1999-12-31", "version": "1"})
    assert answer.status_code == 409
    assert "First Ltd" in answer.text
    assert "Second Ltd" in answer.text
    assert 'value="1999-12-31"' in answer.text


def test_twins_by_number_mail_and_name(rep: Browser, make: Maker) -> None:
    make.contact("rep", name="Eva Österreicher", mobile="(646) 555-0199", email="eva@ada.example")
    for asked in ("mobile=646+555+0199", "phone=646+555+0199", "email=eva@ada.example", "name=Eva+Oesterreicher"):
        assert "Eva Österreicher" in rep.get(f"/acme/contacts/twins?{asked}").text
    assert "Eva" not in rep.get("/acme/contacts/twins?name=Adam").text


def test_who_may_do_what(client_for: ClientFor, make: Maker) -> None:
    contact = make.contact("rep", name="Eva")
    here = f"/acme/contacts/{contact.id}"
    answers = {"viewer": (200, 403), "teammate": (200, 403), "colleague": (404, 404), "outsider": (404, 404)}
    for who, (seen, changed) in {**answers, "manager": (200, 303)}.items():
        browser = client_for(who)
        assert browser.get(here).status_code == seen, who
        assert browser.post(here, data={"name": "x"}).status_code == changed, who
        assert browser.post(f"{here}/recycle").status_code == changed, who


def test_lists_and_details_are_cheap(client_for: ClientFor, make: Maker) -> None:
    company = make.company("rep")
    contact = make.contact("rep", name="Eva", company_id=company.id)
    for _ in range(10):
        make.contact("rep", company_id=company.id)
        make.activity("rep", contact_id=contact.id)
        make.deal("rep", contact_id=contact.id)
    for who in ("owner", "manager", "rep", "viewer"):
        browser = client_for(who)
        for path in ("", f"?company={company.id}&q=person", f"/{contact.id}", "/new"):
            answer = browser.get(f"/acme/contacts{path}")
            assert answer.status_code == 403 or statements(answer) <= 8, path
