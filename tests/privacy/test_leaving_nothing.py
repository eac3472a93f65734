"""What is left of a person in places that nobody thinks of: former versions, the bin, notes of others, kept answers."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import AbstractContextManager

from sqlalchemy import select, text

from saas_crm.access.permissions import CurrentMember
from saas_crm.core.audit import AuditEntry
from tenants.db import db
from tests.privacy.test_coming_back import purge
from tests.privacy.test_erasing import everything
from tests.support.api import problem
from tests.support.cast import Cast
from tests.support.clients import Browser, Phone, statements
from tests.support.installation import Installation
from tests.support.making import Maker

Acting = Callable[[str], AbstractContextManager[CurrentMember]]
ApiFor = Callable[..., Phone]
ClientFor = Callable[..., Browser]
MERGE = {"Content-Type": "application/merge-patch+json"}


def erase(api_for: ApiFor, contact_id: object, name: str = "Eva Tulpe") -> None:
    answer = api_for("owner").post(f"/contacts/{contact_id}/erasure", json={"name": name})
    assert answer.status_code == 201, answer.text


def left(installation: Installation, cast: Cast, word: str = "tulpe") -> list[str]:
    found = everything(installation, cast.tenants["acme"].schema_name)
    return [table for table, content in found.items() if word in content]


def test_no_former_version_and_no_note_of_others_keeps_anything(
    api_for: ApiFor, client_for: ClientFor, make: Maker, installation: Installation, cast: Cast
) -> None:
    company = make.company("rep", name="Gartenbau", description="Boss is Eva Tulpe, private 0301 234567")
    at = {"company_id": str(company.id)}
    eva = make.contact("rep", name="Eva Tulpe", email="eva@tulpe.example", **at)
    bob = make.contact("rep", name="Bob", description="Works for\nEva Tulpe.", **at)
    note = make.activity("rep", kind="note", subject="Eva Tulpe shouted", **at)
    deal = make.deal("rep", name="Kitchen for Eva Tulpe", amount="5", **at)
    rep, owner = api_for("rep"), client_for("owner")
    for path, body in ((f"/activities/{note.id}", {"subject": "Somebody shouted"}),
                       (f"/opportunities/{deal.id}", {"name": "Kitchen"})):  # fmt: skip
        assert rep.patch(path, data=json.dumps(body), headers=MERGE).status_code == 200
    key = {"Idempotency-Key": "note-about-eva"}
    rep.post("/activities", json={"kind": "note", "body": "so\nEva Tulpe said", **at}, headers=key)
    assert owner.get("/acme/contacts/export?q=Tulpe&format=csv").status_code == 200
    for reason in ("Lawsuit of Eva Tulpe", "Tax of Eva Tulpe"):
        assert owner.post(f"/acme/contacts/{eva.id}/hold", data={"reason": reason, "until": ""}).status_code == 303
    assert owner.post(f"/acme/contacts/{eva.id}/hold/lift").status_code == 303
    told = api_for("owner").get(f"/contacts/{eva.id}/personal-data").json
    assert {one["kind"] for one in told["mentions"]} == {"company", "contact", "note"}
    page = owner.get(f"/acme/contacts/{eva.id}/erasure")
    assert "Notes of 1 company" in page.text
    assert "Boss is Eva Tulpe" in page.text
    assert statements(page) <= 8
    erase(api_for, eva.id)
    assert left(installation, cast) == []
    assert rep.get(f"/companies/{company.id}").json["description"] == "Boss is (erased), private 0301 234567"
    assert rep.get(f"/contacts/{bob.id}").json["description"] == "Works for\n(erased)."


def test_talks_about_their_deals_lose_their_name(api_for: ApiFor, make: Maker) -> None:
    eva = make.contact("rep", name="Eva Tulpe", mobile="+493012345678",
                       company_id=str(make.company("rep", name="Other").id))  # fmt: skip
    own = make.deal("rep", name="Kitchen", amount="5", contact_id=str(eva.id))
    further = make.deal("rep", name="Bath", amount="5", company_id=str(make.company("rep").id),
                        contact_ids=str(eva.id))  # fmt: skip
    notes = [
        make.activity("rep", kind="note", subject="Eva Tulpe, 030 12345678, is ill", opportunity_id=str(deal.id))
        for deal in (own, further)
    ]
    with_company = api_for("owner").get(f"/contacts/{eva.id}/personal-data").json
    assert len(with_company["mentions"]) + len(with_company["activities"]) == 2
    erase(api_for, eva.id)
    subjects = {api_for("rep").get(f"/activities/{note.id}").json["subject"] for note in notes}
    assert subjects <= {"(erased), (erased), is ill", "(erased)"}


def test_copies_in_the_bin_are_named_and_can_be_erased_there(
    api_for: ApiFor, client_for: ClientFor, make: Maker
) -> None:
    married = make.contact("rep", name="Eva Tulpe-Meier", email="eva@tulpe.example")
    bare = make.contact("rep", name="Eva Tulpe", street="Blumenweg 7")
    eva = make.contact("rep", name="Eva Tulpe", email="eva@tulpe.example")
    for one in (married, bare):
        assert api_for("rep").delete(f"/contacts/{one.id}").status_code == 204
    owner = client_for("owner")
    page = owner.get(f"/acme/contacts/{eva.id}/erasure")
    for one in (married, bare):
        assert f"/acme/contacts/{one.id}/erasure" in page.text
    there = owner.get(f"/acme/contacts/{married.id}/erasure")
    assert there.status_code == 200
    assert f"/acme/contacts/{married.id}/privacy" not in there.text
    assert owner.get(f"/acme/contacts/{married.id}/personal-data").status_code == 200
    erase(api_for, married.id, "Eva Tulpe-Meier")
    erase(api_for, bare.id)
    assert client_for("rep").post(f"/acme/recycle-bin/contact/{bare.id}/restore").status_code == 404
    assert client_for("viewer").get(f"/acme/contacts/{eva.id}/erasure").status_code == 403


def test_who_is_known_from_the_log_only_can_be_erased(
    api_for: ApiFor, client_for: ClientFor, make: Maker, acting: Acting, installation: Installation, cast: Cast
) -> None:
    eva = make.contact("rep", name="Eva Tulpe", email="eva@tulpe.example", description="ill")
    assert api_for("rep").delete(f"/contacts/{eva.id}").status_code == 204
    purge(acting)
    assert "audit_log" in left(installation, cast)
    owner = client_for("owner")
    assert "Eva Tulpe" in owner.get(f"/acme/contacts/{eva.id}/erasure").text
    assert "eva@tulpe.example" in owner.get(f"/acme/contacts/{eva.id}/personal-data").text
    erase(api_for, eva.id)
    assert left(installation, cast) == []
    problem(api_for("owner").post(f"/contacts/{eva.id}/erasure", json={"name": "Eva Tulpe"}), 409)
    assert api_for("owner").get(f"/contacts/{eva.id}/erasure").status_code == 404


def test_the_log_of_other_customers_stays(api_for: ApiFor, make: Maker, acting: Acting) -> None:
    """A consumer has no company; what others without one said once is not theirs."""
    eva, other = make.contact("rep", name="Eva Tulpe"), make.contact("rep", name="Bob")
    deal = make.deal("rep", name="Garden beside Eva Tulpe", amount="5", contact_id=str(other.id))
    note = make.activity("rep", kind="note", subject="Knows Eva Tulpe", contact_id=str(other.id))
    erase(api_for, eva.id)
    with acting("owner"):
        told = select(AuditEntry.changes).where(AuditEntry.record_id.in_([deal.id, note.id]))
        assert not any("***" in json.dumps(changes) for changes in db.session.scalars(told))
    assert api_for("rep").get(f"/opportunities/{deal.id}").json["name"] == "Garden beside Eva Tulpe"


def test_what_was_dropped_or_emptied_leaves_a_line(api_for: ApiFor, make: Maker, acting: Acting) -> None:
    eva = make.contact("rep", name="Eva Tulpe")
    hers = {"contact_id": str(eva.id)}
    plan = make.activity("rep", kind="task", subject="Plan", due_at="2030-01-05T09:00", **hers)
    talk = make.activity("rep", kind="note", subject="Talk", **hers)
    deal = make.deal("rep", name="Kitchen", amount="5", **hers)
    erase(api_for, eva.id)
    with acting("owner") as owner:
        rows = db.session.execute(
            select(AuditEntry.record_id, AuditEntry.resource, AuditEntry.member_id, AuditEntry.changes)
            .where(AuditEntry.action == "erase", AuditEntry.record_id != eva.id)
        ).all()  # fmt: skip
        expected = {(plan.id, "activity"), (talk.id, "activity"), (deal.id, "opportunity")}
        assert {(row.record_id, row.resource) for row in rows} == expected
        assert [(row.member_id, row.changes) for row in rows] == [(owner.id, {})] * 3
        assert db.session.scalars(text("SELECT id FROM activities")).all() == [talk.id]
