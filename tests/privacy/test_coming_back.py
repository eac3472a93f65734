"""Who was erased or purged does not come back: not by a program that tries again, nor with the samples."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import select, text

from saas_crm.access.models import Share
from saas_crm.access.permissions import CurrentMember
from saas_crm.core.recycling import purge_batch
from saas_crm.customers.models import Contact
from saas_crm.opportunities.models import Opportunity
from tenants.db import db
from tests.support.api import problem
from tests.support.cast import Cast
from tests.support.clients import Browser, Phone, statements
from tests.support.installation import Installation
from tests.support.making import Maker

Acting = Callable[[str], AbstractContextManager[CurrentMember]]
ApiFor = Callable[..., Phone]


def purge(acting: Acting) -> None:
    with acting("owner"):
        for table in ("activities", "opportunities", "contacts", "companies"):
            db.session.execute(text(f"UPDATE {table} SET deleted_at = now() - interval '40 days'"
                                    " WHERE deleted_at IS NOT NULL"))  # fmt: skip
        assert purge_batch() == 1


def test_a_program_that_tries_again_brings_nobody_back(
    api_for: ApiFor, client_for: Callable[..., Browser], installation: Installation, cast: Cast
) -> None:
    rep, owner = api_for("rep"), api_for("owner")
    body = {"id": str(uuid4()), "name": "Eva Tulpe", "email": "eva@tulpe.example"}
    key = {"Idempotency-Key": "created-on-the-road"}
    assert rep.post("/contacts", json=body, headers=key).status_code == 201
    assert owner.post(f"/contacts/{body['id']}/erasure", json={"name": "Eva Tulpe"}).status_code == 201
    with installation.place.owner() as connection:
        connection.execute(f"DELETE FROM {cast.tenants['acme'].schema_name}.audit_log")
    for headers in (key, {"Idempotency-Key": "another-key"}, {}):
        again = rep.post("/contacts", json=body, headers=headers)
        assert problem(again, 409)["type"].endswith("exists")
        assert statements(again) <= 6
    assert rep.get(f"/contacts/{body['id']}").status_code == 404
    problem(owner.post(f"/contacts/{body['id']}/erasure", json={"name": "Eva Tulpe"}), 409)
    form = {"name": "Eva Tulpe", "reason": "request"}
    assert client_for("owner").post(f"/acme/contacts/{body['id']}/erasure", data=form).status_code == 303
    sent = client_for("rep").post("/acme/contacts", data={"name": "Eva Tulpe", "record_id": body["id"]})
    assert sent.status_code == 303
    assert client_for("rep").get(sent.location).status_code == 404


@pytest.mark.parametrize(
    ("path", "kind", "more"),
    [("companies", "company", {"name": "Old"}), ("contacts", "contact", {"name": "Old"}),
     ("opportunities", "deal", {"name": "Old"}), ("activities", "activity", {"kind": "note", "subject": "Old"})],
)  # fmt: skip
def test_nobody_takes_the_key_and_the_history_of_what_was_purged(
    api_for: ApiFor, make: Maker, acting: Acting, path: str, kind: str, more: dict[str, Any]
) -> None:
    company = {"company_id": str(make.company("colleague").id)} if kind in ("deal", "activity") else {}
    made = getattr(make, kind)("colleague", **more, **company)
    assert api_for("colleague").delete(f"/{path}/{made.id}").status_code == 204
    purge(acting)
    mine = {"company_id": str(make.company("rep").id)} if company else {}
    assert api_for("rep").post(f"/{path}", json={"id": str(made.id), **more, **mine}).status_code == 409


def test_an_erased_sample_stays_away(client_for: Callable[..., Browser], acting: Acting) -> None:
    owner = client_for("owner")
    assert owner.post("/acme/setup/sample-data").status_code == 303
    with acting("owner"):
        won = select(Opportunity.contact_id).where(Opportunity.status == "won", Opportunity.contact_id.is_not(None))
        person = db.session.execute(
            select(Contact.id, Contact.name).where(Contact.id.not_in(won)).order_by(Contact.id)
        ).first()  # fmt: skip
        before = len(db.session.scalars(select(Contact.id)).all())
    assert person is not None
    path = f"/acme/contacts/{person.id}/erasure"
    erased = owner.post(path, data={"name": person.name, "reason": "request"})
    assert erased.status_code == 303
    assert owner.post("/acme/setup/sample-data/removal").status_code == 303
    assert owner.post("/acme/setup/sample-data").status_code == 303
    assert owner.get(f"/acme/contacts/{person.id}").status_code == 404
    assert owner.post(path, data={"name": person.name, "reason": "request"}).location == erased.location
    with acting("owner"):
        assert len(db.session.scalars(select(Contact.id)).all()) == before - 1


def test_the_key_of_a_record_is_no_key_of_another_kind(api_for: ApiFor, make: Maker, cast: Cast) -> None:
    """What goes by keys alone (search, hand-overs, shares) would take both for one."""
    company = make.company("rep", name="A customer")
    task = {"id": str(company.id), "kind": "task", "subject": "In the way", "due_at": "2030-01-01T00:00:00Z"}
    problem(api_for("rep").post("/activities", json={**task, "company_id": str(company.id)}), 409)
    problem(api_for("rep").post("/contacts", json={"id": str(company.id), "name": "Same key"}), 409)
    places = {"from_id": str(cast["rep"].member_id), "to_ids": [str(cast["teammate"].member_id)]}
    assert api_for("owner").post("/hand-overs", json=places).status_code == 201


def test_what_was_shared_is_shared_no_more(api_for: ApiFor, acting: Acting, make: Maker, cast: Cast) -> None:
    contact = make.contact("colleague", name="Old")
    shared = {"member_id": str(cast["teammate"].member_id), "level": "edit"}
    assert api_for("colleague").post(f"/contacts/{contact.id}/account-team", json=shared).status_code < 300
    assert api_for("colleague").delete(f"/contacts/{contact.id}").status_code == 204
    purge(acting)
    with acting("owner"):
        assert db.session.scalars(select(Share.id).where(Share.record_id == contact.id)).all() == []
