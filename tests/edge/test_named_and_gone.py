"""A write names a record that is deleted for good in that very moment: told by its field, nothing typed is lost."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import delete as delete_from
from sqlalchemy.exc import IntegrityError

import web
from saas_crm.access.permissions import CurrentMember
from saas_crm.customers.models import Company
from saas_crm.privacy import erasing
from saas_crm.privacy.schemas import ErasureWrite
from tenants.db import db
from tests.support.cast import Cast
from tests.support.clients import Browser, Phone
from tests.support.installation import Installation
from tests.support.making import Maker
from tests.support.moments import just_before

Acting = Callable[[str], AbstractContextManager[CurrentMember]]
GONE = "This has just been deleted"
TABLES = {"company_id": "companies", "contact_id": "contacts", "opportunity_id": "opportunities"}


@pytest.fixture
def delete(installation: Installation, cast: Cast) -> Callable[[str, UUID], Callable[[int], None]]:
    """Make what deletes a record for good, on a connection of its own."""

    def of(table: str, record_id: UUID) -> Callable[[int], None]:
        def act(_process: int) -> None:
            schema = cast.tenants["acme"].schema_name
            with installation.place.owner() as connection:
                connection.execute(f"SET search_path = {schema}")
                connection.execute(f"DELETE FROM {table} WHERE id = %s", [record_id])

        return act

    return of


@pytest.fixture
def named(make: Maker) -> dict[str, Any]:
    """One record of each kind an activity can be about, none of which hangs on another."""
    return {
        "company_id": make.company("rep", name="Ada Ltd"), "contact_id": make.contact("rep", name="Bob Alone"),
        "opportunity_id": make.deal("rep", name="Engine", amount="5"),
    }  # fmt: skip


@pytest.mark.parametrize("field", TABLES)
def test_a_program_is_told_by_the_field(
    app: Flask, api_for: Callable[..., Phone], named: dict[str, Any], delete: Any, field: str
) -> None:
    body = {"kind": "call", "subject": "Rang them", field: str(named[field].id)}
    with just_before(app, "INSERT INTO activities", delete(TABLES[field], named[field].id)) as done:
        answer = api_for("rep").post("/activities", json=body)
    assert done
    assert answer.status_code == 422
    assert answer.json["type"].endswith(":invalid")
    assert [(error["pointer"], error["code"]) for error in answer.json["errors"]] == [(f"#/{field}", "unknown")]
    assert answer.json["errors"][0]["detail"].startswith(GONE)


@pytest.mark.newest
def test_an_erasure_is_as_quick(
    app: Flask, client_for: Callable[..., Browser], named: dict[str, Any], acting: Acting
) -> None:
    """The whole erasure, begun and committed between the look at the person and the entry about them."""
    contact_id = named["contact_id"].id

    def erase(_process: int) -> None:
        with acting("owner") as owner:
            erasing.erase(contact_id, ErasureWrite(name="Bob Alone"), actor=owner)

    form = {"recent": f"contact:{contact_id}", "contact_id": str(contact_id), "kind": "call", "outcome": "reached",
            "body": "Three long sentences", "next_step": "pick", "next_due_at": "2031-02-03",
            "next_subject": "Send the offer"}  # fmt: skip
    with just_before(app, "INSERT INTO activities", erase) as done:
        page = client_for("rep").post("/acme/log", data=form)
    assert done
    assert page.status_code == 422
    assert GONE in page.text
    assert 'href="#field-customer"' in page.text
    for kept in ("Three long sentences", "2031-02-03", "Send the offer"):
        assert kept in page.text


@pytest.mark.parametrize(
    ("path", "table", "field"),
    [
        ("/acme/activities", "activities", "contact_id"), ("/acme/contacts", "contacts", "company_id"),
        ("/acme/deals", "opportunities", "contact_id"), ("/acme/deals", "opportunities", "company_id"),
    ],
)  # fmt: skip
def test_every_form_comes_back_with_what_was_typed(
    app: Flask, client_for: Callable[..., Browser], named: dict[str, Any], delete: Any, path: str, table: str,
    field: str,
) -> None:  # fmt: skip
    record = named[field]
    form = {"name": "Words typed", "subject": "Words typed", "kind": "task", "state": "planned",
            "due_at": "2031-02-03T09:00", "customer": f"contact:{record.id}", field: str(record.id)}  # fmt: skip
    with just_before(app, f"INSERT INTO {table}", delete(TABLES[field], record.id)) as done:
        page = client_for("rep").post(path, data=form)
    assert done
    assert page.status_code == 422
    assert GONE in page.text
    assert "Words typed" in page.text


def test_a_change_that_names_it_is_told_as_well(
    app: Flask, api_for: Callable[..., Phone], named: dict[str, Any], delete: Any
) -> None:
    company, contact = named["company_id"], named["contact_id"]
    headers = {"Content-Type": "application/merge-patch+json"}
    with just_before(app, "UPDATE contacts", delete("companies", company.id)) as done:
        answer = api_for("rep").patch(f"/contacts/{contact.id}", json={"company_id": str(company.id)}, headers=headers)
    assert done
    assert answer.status_code == 422
    assert answer.json["errors"][0]["pointer"] == "#/company_id"


def test_a_further_contact_of_a_deal_is_told_in_their_list(
    app: Flask, api_for: Callable[..., Phone], named: dict[str, Any], delete: Any
) -> None:
    contact = named["contact_id"]
    body = {"name": "Engine", "company_id": str(named["company_id"].id), "contact_ids": [str(contact.id)]}
    with just_before(app, "INSERT INTO opportunity_contacts", delete("contacts", contact.id)) as done:
        answer = api_for("rep").post("/opportunities", json=body)
    assert done
    assert answer.status_code == 422
    assert answer.json["errors"][0]["pointer"] == "#/contact_ids"


def test_what_the_address_names_is_not_found(
    app: Flask, api_for: Callable[..., Phone], client_for: Callable[..., Browser], make: Maker, delete: Any
) -> None:
    """A consent is written of the contact whose address it is."""
    said = {"channel": "email", "purpose": "marketing", "state": "given"}
    form = {"channel": "email", "purpose": "marketing", "answer": "yes"}
    for send in (
        lambda at: api_for("rep").post(f"{at}/consents", json=said),
        lambda at: client_for("rep").post(f"/acme{at}/privacy", data=form),
    ):
        contact = make.contact("rep", name="Bob Alone")
        with just_before(app, "INSERT INTO consents", delete("contacts", contact.id)) as done:
            answer = send(f"/contacts/{contact.id}")
        assert done
        assert answer.status_code == 404


def test_a_record_that_others_name_is_a_contradiction_and_no_fault(
    app: Flask, acting: Acting, named: dict[str, Any], make: Maker
) -> None:
    """The same error of the database's from the other side: where no form knows a better way out, a page says so."""
    company = named["company_id"]
    make.contact("rep", name="Ann", company_id=str(company.id))
    with pytest.raises(IntegrityError) as refused, acting("rep"):
        db.session.execute(delete_from(Company).where(Company.id == company.id))
    with app.test_request_context("/"):
        page = web.answer(refused.value)
    assert page.status_code == 409
    assert "Somebody was quicker" in page.get_data(as_text=True)
