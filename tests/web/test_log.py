"""+ Log: one screen, in under ten seconds."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.support.clients import Browser, statements
from tests.support.making import Maker
from tests.web.pages import errors, flashed, heading, value

ClientFor = Callable[..., Browser]


@pytest.fixture
def rep(client_for: ClientFor) -> Browser:
    return client_for("rep")


def test_a_call_and_its_next_step_in_one_go(rep: Browser, make: Maker) -> None:
    company = make.company("rep", name="Ada Ltd")
    contact = make.contact("rep", name="Eva", company_id=company.id)
    form = rep.get(f"/acme/log?contact_id={contact.id}&kind=call&outcome=no_answer", headers={
        "Referer": f"http://localhost/acme/companies/{company.id}",
    })  # fmt: skip
    assert f'value="contact:{contact.id}" checked' in form.text
    assert 'value="call" checked' in form.text
    assert 'value="no_answer" checked' in form.text
    answer = rep.post("/acme/log", data={
        "recent": f"contact:{contact.id}", "contact_id": str(contact.id), "kind": "call", "outcome": "no_answer",
        "body": "", "next_step": "in_3_days", "next_subject": "", "next": value(form, "next"),
    })  # fmt: skip
    assert answer.location == f"/acme/companies/{company.id}"
    page = rep.get(answer.location)
    assert flashed(page) == "Logged, and the next step is planned."
    for text in ("Call", "No answer", "Follow up", "Eva"):
        assert text in page.text
    assert "Follow up" in rep.get("/acme/").text


@pytest.mark.parametrize("kind", ["call", "visit", "email", "meeting", "note"])
def test_every_kind_is_saved_and_leads_to_the_customer(rep: Browser, make: Maker, kind: str) -> None:
    company = make.company("rep")
    data = {"recent": f"company:{company.id}", "kind": kind, "body": "Words", "next_step": "none"}
    answer = rep.post("/acme/log", data=data)
    assert answer.location == f"/acme/companies/{company.id}"
    assert "Words" in rep.get(answer.location).text


def test_recent_customers_come_first(rep: Browser, make: Maker) -> None:
    for name in ("Older Ltd", "Newer Ltd"):
        make.activity("rep", company_id=make.company("rep", name=name).id)
    page = rep.get("/acme/log")
    assert page.text.index("Newer Ltd") < page.text.index("Older Ltd") < page.text.index("Another one")


def test_a_deal_is_logged_on_itself_and_on_its_customer(rep: Browser, make: Maker) -> None:
    company = make.company("rep", name="Ada Ltd")
    deal = make.deal("rep", name="Two ovens", company_id=company.id)
    form = rep.get(f"/acme/log?opportunity_id={deal.id}")
    assert "Two ovens · Ada Ltd" in form.text
    rep.post("/acme/log", data={
        "recent": f"company:{company.id}", "opportunity_id": str(deal.id), "kind": "call", "body": "On the deal",
        "next_step": "none",
    })  # fmt: skip
    assert "On the deal" in rep.get(f"/acme/companies/{company.id}").text
    assert "On the deal" in rep.get(f"/acme/deals/{deal.id}").text


def test_another_customer_takes_the_log_away_from_the_deal(rep: Browser, make: Maker) -> None:
    company, other = make.company("rep"), make.company("rep")
    deal = make.deal("rep", company_id=company.id)
    rep.post("/acme/log", data={
        "recent": "other", "customer": f"company:{other.id}", "customer_text": "x", "opportunity_id": str(deal.id),
        "kind": "call", "body": "Elsewhere", "next_step": "none",
    })  # fmt: skip
    assert "Elsewhere" in rep.get(f"/acme/companies/{other.id}").text
    assert "Elsewhere" not in rep.get(f"/acme/deals/{deal.id}").text


def test_a_new_person_is_added_by_just_a_name(rep: Browser) -> None:
    data = {"recent": "other", "customer": "", "customer_text": "Neue Person", "kind": "visit", "next_step": "none"}
    refused = rep.post("/acme/log", data=data)
    assert refused.status_code == 422
    assert "customer" in errors(refused)
    assert value(refused, "customer_text") == "Neue Person"
    answer = rep.post("/acme/log", data=data | {"customer_create": "1"})
    assert heading(rep.get(answer.location)) == "Neue Person"


def test_a_new_company_is_added_by_just_a_name(rep: Browser) -> None:
    data = {"recent": "other", "customer": "", "customer_text": "Zebra Works", "kind": "visit", "next_step": "none"}
    refused = rep.post("/acme/log", data=data | {"customer_create": "company", "kind": "note"})
    assert list(errors(refused)) == ["body"]
    assert value(refused, "customer_create") == "company"
    answer = rep.post("/acme/log", data=data | {"customer_create": "company"})
    assert "/acme/companies/" in str(answer.location)
    assert heading(rep.get(answer.location)) == "Zebra Works"


def test_a_name_alone_finds_its_customer(rep: Browser, make: Maker) -> None:
    contact = make.contact("rep", name="Eva Österreicher")
    answer = rep.post("/acme/log", data={"customer_text": "eva osterreicher", "kind": "call", "next_step": "none"})
    assert answer.location == f"/acme/contacts/{contact.id}"


@pytest.mark.parametrize(("data", "field"), [
    ({"recent": "other"}, "customer"), ({"recent": "company:nonsense"}, "customer"),
    ({"kind": "note", "body": " "}, "body"), ({"next_step": "pick", "next_due_at": ""}, "next_due_at"),
    ({"next_step": "pick", "next_due_at": "someday"}, "next_due_at"), ({"kind": "task"}, "kind"),
    ({"next_step": "never"}, "next_step"), ({"next_subject": "x" * 10_000, "next_step": "tomorrow"}, "next_subject"),
])  # fmt: skip
def test_bad_input_keeps_the_words(rep: Browser, make: Maker, data: dict[str, str], field: str) -> None:
    company = make.company("rep")
    sent = {"recent": f"company:{company.id}", "kind": "call", "body": "Kept words", "next_step": "none"} | data
    answer = rep.post("/acme/log", data=sent)
    assert answer.status_code == 422
    assert field in errors(answer)
    if "body" not in data:
        assert "Kept words" in answer.text


@pytest.mark.parametrize(("data", "said"), [
    ({"recent": "other"}, "Choose a customer."), ({"kind": "note", "body": " "}, "Write the note."),
    ({"next_step": "pick", "next_due_at": ""}, "Choose a day for the next step."),
])  # fmt: skip
def test_what_is_wrong_is_said_above_and_beside_the_field_and_no_third_time(
    rep: Browser, make: Maker, data: dict[str, str], said: str
) -> None:
    sent = {"recent": f"company:{make.company('rep').id}", "kind": "call", "next_step": "none"} | data
    answer = rep.post("/acme/log", data=sent)
    assert answer.status_code == 422
    assert len(errors(answer)) == 1
    assert answer.text.count(said) == 2


def test_a_day_is_picked_in_the_readers_own_calendar(rep: Browser, make: Maker) -> None:
    company = make.company("rep")
    rep.post("/acme/log", data={
        "recent": f"company:{company.id}", "kind": "call", "next_step": "pick", "next_due_at": "2031-12-24",
        "next_subject": "Bring presents",
    })  # fmt: skip
    page = rep.get(f"/acme/companies/{company.id}").text.replace("\u202f", " ")
    assert "Bring presents" in page
    assert "Dec 24, 2031, 9:00" in page


def test_hidden_customers_cannot_be_named(client_for: ClientFor, make: Maker) -> None:
    company = make.company("rep", name="Hidden Works")
    colleague = client_for("colleague")
    assert "Hidden" not in colleague.get(f"/acme/log?company_id={company.id}").text
    answer = colleague.post("/acme/log", data={"recent": f"company:{company.id}", "kind": "call", "next_step": "none"})
    assert answer.status_code == 422
    assert "Hidden" not in answer.text


def test_a_viewer_logs_nothing(client_for: ClientFor) -> None:
    viewer = client_for("viewer")
    assert viewer.get("/acme/log").status_code == 403
    assert viewer.post("/acme/log", data={}).status_code == 403
    assert "/acme/log" not in viewer.get("/acme/").text


def test_the_form_is_cheap(rep: Browser, make: Maker) -> None:
    deal = make.deal("rep", company_id=make.company("rep").id, contact_id=make.contact("rep").id)
    assert statements(rep.get(f"/acme/log?opportunity_id={deal.id}")) <= 8


def test_log_in_the_bars_names_the_record_that_is_open(rep: Browser, make: Maker) -> None:
    company, other = make.company("rep", name="Ada Ltd"), make.company("rep", name="Bob Ltd")
    contact, deal = make.contact("rep", name="Eva"), make.deal("rep", name="Ovens")
    for page, about in (
        (f"companies/{company.id}", f"?company_id={company.id}"), (f"companies/{other.id}", f"?company_id={other.id}"),
        (f"contacts/{contact.id}", f"?contact_id={contact.id}"), (f"deals/{deal.id}", f"?opportunity_id={deal.id}"),
        ("companies", ""), ("deals", ""), ("", ""),
    ):  # fmt: skip
        text = rep.get(f"/acme/{page}").text
        for bar in ("bar-link bar-log", "button button-primary sidebar-log"):
            assert f'<a class="{bar}" href="/acme/log{about}"' in text, page
