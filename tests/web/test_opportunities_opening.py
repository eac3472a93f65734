"""Opening a deal: the form, its amounts and names, what is refused and kept."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest
from sqlalchemy import func, select

from saas_crm.access.permissions import CurrentMember
from saas_crm.opportunities.models import Opportunity, StageChange
from tenants.db import db
from tests.support.cast import Cast
from tests.support.clients import Browser
from tests.support.making import Maker
from tests.web.deals import further, id_in, stored
from tests.web.pages import errors, flashed, heading, summary, value

ClientFor = Callable[..., Browser]
Acting = Callable[[str], AbstractContextManager[CurrentMember]]


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


@pytest.mark.parametrize(("language", "typed", "amount"), [
    ("zh_Hans", "12万", "120000.000"), ("zh_Hant", "1.5萬", "15000.000"), ("en", "12k", "12000.000"),
    ("en", "2亿", "200000000.000"),
])  # fmt: skip
def test_a_unit_may_stand_behind_an_amount(
    client_for: ClientFor, acting: Acting, language: str, typed: str, amount: str
) -> None:
    outsider = client_for("outsider")
    outsider.post("/profile", data={"name": "O", "locale": language, "timezone": "UTC"})
    answer = outsider.post("/other/deals", data={"name": "设备", "amount": typed})
    assert answer.status_code == 303
    assert str(stored(acting, id_in(answer.location), "outsider").amount) == amount
    refused = outsider.post("/other/deals", data={"name": "设备", "amount": "1万2千"})
    assert refused.status_code == 422
    assert "amount" in errors(refused)


@pytest.mark.parametrize(
    ("field", "sent", "message"),
    [
        ("name", "", "This is needed."),
        ("name", "x" * 10_000, "At most 200 characters."),
        ("amount", "a lot", "Write an amount such as 1200, 1200.50 or 12k."),
        ("amount", "-5", "Write an amount of 0 or more."),
        ("amount", "1.2345", None),
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
