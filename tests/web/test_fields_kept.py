"""Fields that a role closes: nobody changes them, and saving beside them loses nothing."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from html import unescape

import pytest
from sqlalchemy import select

from saas_crm.access.permissions import CurrentMember
from saas_crm.customers.models import Company, Contact
from saas_crm.opportunities.models import Opportunity, StageChange
from tenants.db import db
from tests.support.clients import Browser
from tests.support.field_rules import close_fields
from tests.support.making import Maker

ClientFor = Callable[..., Browser]
Acting = Callable[[str], AbstractContextManager[CurrentMember]]


def test_the_form_tells_what_is_closed_and_saves_the_rest(
    client_for: ClientFor, acting: Acting, estate: dict[str, object]
) -> None:
    rep, page = client_for("rep"), "/acme/contacts/{contact}".format(**estate)
    form = rep.get(f"{page}/edit").text
    assert 'name="job_title"' not in form
    assert "Buyer" in form
    assert all(f'name="{name}"' not in form for name in ("phone", "mobile", "email", "birthday", "city"))
    answer = rep.post(page, data={"name": "Ada Lovelace", "version": "1", "lifecycle": "active"})
    assert answer.status_code in (204, 303)
    with acting("owner"):
        contact = db.session.get(Contact, estate["contact"])
        assert contact is not None
        assert (contact.name, contact.phone, contact.email) == (
            "Ada Lovelace", "+12125550100", "ada.secret@veil.example"
        )  # fmt: skip
        assert (contact.mobile, contact.city, contact.job_title) == ("+12125550199", "Hiddenville", "Buyer")
    # Who may know it finds it as before: the entry was renewed by somebody who may not.
    assert "Ada Lovelace" in client_for("manager").get("/acme/contacts?q=5550199").text
    assert "Ada Lovelace" in client_for("manager").get("/acme/contacts?q=ada.secret").text


@pytest.mark.parametrize("field", ["phone", "mobile", "email", "city", "job_title"])
def test_a_closed_field_that_is_sent_is_refused(
    client_for: ClientFor, acting: Acting, estate: dict[str, object], field: str
) -> None:
    page = "/acme/contacts/{contact}".format(**estate)
    value = {"phone": "+12125550123", "mobile": "+12125550123", "email": "x@y.example"}.get(field, "Elsewhere")
    answer = client_for("rep").post(page, data={"name": "Kept name", "version": "1", field: value})
    assert answer.status_code == 422
    assert "Your role does not let you change this field." in unescape(answer.text)
    assert "Kept name" in answer.text
    with acting("owner"):
        assert db.session.scalars(select(Contact.name).where(Contact.id == estate["contact"])).one() == "Ada Veil"


def test_a_closed_amount_survives_changes_moves_and_its_history(
    client_for: ClientFor, acting: Acting, make: Maker, estate: dict[str, object]
) -> None:
    rep, page = client_for("rep"), "/acme/deals/{deal}".format(**estate)
    assert rep.post(page, data={"name": "Renamed", "version": "1"}).status_code in (204, 303)
    with acting("owner"):
        stage = [str(stage.id) for stage in make.stages() if stage.kind == "open"][1]
    moved = rep.post(f"{page}/stage", data={"stage_id": stage, "version": "2"})
    assert moved.status_code in (200, 204, 303), moved.text
    with acting("owner"):
        deal = db.session.get(Opportunity, estate["deal"])
        assert deal is not None
        assert deal.amount == 98_765
        steps = db.session.scalars(select(StageChange.amount).where(StageChange.opportunity_id == deal.id)).all()
        assert [int(step) for step in steps] == [98_765] * 2
    refused = rep.post(page, data={"name": "Renamed", "amount": "5", "version": "3"})
    assert refused.status_code == 422


def test_a_new_contact_may_say_what_is_masked_but_not_what_is_hidden(client_for: ClientFor, acting: Acting) -> None:
    close_fields(acting)
    rep = client_for("rep")
    form = rep.get("/acme/contacts/new").text
    assert 'name="phone"' in form
    assert 'name="mobile"' not in form
    assert rep.post("/acme/contacts", data={"name": "New One", "phone": "+12125550111"}).status_code in (204, 303)
    refused = rep.post("/acme/contacts", data={"name": "New Two", "mobile": "+12125550112"})
    assert refused.status_code == 422
    with acting("owner"):
        names = db.session.scalars(select(Contact.name).where(Contact.name.in_(["New One", "New Two"]))).all()
        assert names == ["New One"]


def test_a_former_value_is_not_put_back_by_who_may_not_write_it(
    client_for: ClientFor, acting: Acting, make: Maker
) -> None:
    contact = make.contact("rep", name="Put Back", job_title="First")
    page = f"/acme/contacts/{contact.id}"
    assert (
        client_for("rep").post(page, data={"name": "Put Back", "job_title": "Second", "version": "1"}).status_code < 400
    )
    assert "put-back" in client_for("rep").get(f"{page}/history").text
    close_fields(acting, {"contact.job_title": "read-only"})
    text = client_for("rep").get(f"{page}/history").text
    assert "Second" in text
    assert "put-back" not in text


def test_a_name_that_is_read_only_stays(client_for: ClientFor, acting: Acting, make: Maker) -> None:
    company = make.company("rep", name="Fixed name", industry="Steel")
    close_fields(acting, {"company.name": "read-only"})
    page = f"/acme/companies/{company.id}"
    assert 'type="hidden" name="name" value="Fixed name"' in client_for("rep").get(f"{page}/edit").text
    sent = {"name": "Fixed name", "industry": "Wood", "version": "1", "lifecycle": "active"}
    answer = client_for("rep").post(page, data=sent)
    assert answer.status_code in (204, 303), answer.text
    with acting("owner"):
        found = db.session.get(Company, company.id)
        assert found is not None
        assert (found.name, found.industry) == ("Fixed name", "Wood")


def test_a_contact_brings_no_company_past_a_rule(client_for: ClientFor, acting: Acting, make: Maker) -> None:
    company = make.company("rep", name="Brought")
    contact, deal = make.contact("rep", company_id=str(company.id)), make.deal("rep", name="Alone")
    close_fields(acting, {"opportunity.company_id": "read-only"})
    sent = {"name": "Alone", "contact_id": str(contact.id), "contact_id_text": contact.name, "version": "1"}
    assert client_for("rep").post(f"/acme/deals/{deal.id}", data=sent).status_code in (204, 303)
    with acting("owner"):
        found = db.session.get(Opportunity, deal.id)
        assert found is not None
        assert (found.contact_id, found.company_id) == (contact.id, None)
