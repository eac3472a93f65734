"""Who is told what of a person: all of it or nothing, to those only who see them, and nothing that was erased."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest
from sqlalchemy import select, text

from saas_crm.access.models import Member, Role
from saas_crm.access.permissions import CurrentMember
from saas_crm.core.audit import AuditEntry
from tenants.db import db
from tests.support.clients import Browser, Phone
from tests.support.making import Maker

Acting = Callable[[str], AbstractContextManager[CurrentMember]]
ApiFor = Callable[..., Phone]
ClientFor = Callable[..., Browser]
MERGE = {"Content-Type": "application/merge-patch+json"}


def test_who_does_not_know_amounts_gives_no_wrong_ones_out(
    api_for: ApiFor, client_for: ClientFor, acting: Acting, make: Maker
) -> None:
    eva = make.contact("rep", name="Eva Tulpe")
    make.deal("rep", name="Kitchen", amount="5000", contact_id=str(eva.id))
    with acting("owner"):
        role = db.session.scalars(select(Role).where(Role.key == "admin")).one()
        role.permissions = {**role.permissions, "opportunity.amount": "hidden"}
    assert api_for("admin").get(f"/contacts/{eva.id}/personal-data").status_code == 403
    assert client_for("admin").get(f"/acme/contacts/{eva.id}/personal-data.json").status_code == 403
    assert api_for("owner").get(f"/contacts/{eva.id}/personal-data").json["deals"][0]["amount"] == "5000.000"


def test_everything_is_not_cut(client_for: ClientFor, make: Maker) -> None:
    eva = make.contact("rep", name="Eva Tulpe", description="A" * 4990 + " THE-END")
    owner = client_for("owner")
    page = owner.get(f"/acme/contacts/{eva.id}/personal-data").text
    assert page.count("THE-END") == 2, "in what is known and in what was changed"


def test_what_was_erased_is_not_put_back(api_for: ApiFor, client_for: ClientFor, acting: Acting, make: Maker) -> None:
    eva, company = make.contact("rep", name="Eva Tulpe"), make.company("rep")
    deal = make.deal("rep", name="First", amount="5", company_id=str(company.id), contact_id=str(eva.id))
    api_for("rep").patch(f"/opportunities/{deal.id}", data=json.dumps({"name": "Second"}), headers=MERGE)
    rep = client_for("rep")
    path = f"/acme/deals/{deal.id}/history"
    with acting("owner"):
        entries = select(AuditEntry.id).where(AuditEntry.record_id == deal.id, AuditEntry.action == "update")
        entry_id = str(db.session.scalars(entries).one())
    assert f'value="{entry_id}"' in rep.get(path).text
    assert api_for("owner").post(f"/contacts/{eva.id}/erasure", json={"name": "Eva Tulpe"}).status_code == 201
    assert f'value="{entry_id}"' not in rep.get(path).text
    version = api_for("rep").get(f"/opportunities/{deal.id}").json["version"]
    form = {"entry_id": entry_id, "field": "name", "version": str(version)}
    assert rep.post(f"{path}/put-back", data=form).status_code == 422
    assert api_for("rep").get(f"/opportunities/{deal.id}").json["name"] == "Second"


def test_why_somebody_is_kept_is_told_to_who_sees_them(
    api_for: ApiFor, client_for: ClientFor, acting: Acting, make: Maker
) -> None:
    karl = make.contact("colleague", name="Karl Unseen")
    admin = client_for("admin")
    assert admin.post(f"/acme/contacts/{karl.id}/hold", data={"reason": "Tax case of Karl"}).status_code == 303
    assert "Tax case of Karl" in admin.get(f"/acme/contacts/{karl.id}/history").text
    with acting("owner"):
        role = Role(key=None, name="Auditor", permissions={"contact:read": "own", "audit:read": "all"})
        db.session.add(role)
        db.session.flush()
        db.session.get_one(Member, make.member_id("rep")).role_id = role.id
    told = api_for("rep").get("/audit")
    assert "privacy_hold" in told.text
    assert "Tax case" not in told.text
    assert "Tax case" not in client_for("rep").get("/acme/settings/audit").text
    assert admin.post(f"/acme/contacts/{karl.id}/hold/lift").status_code == 303
    assert api_for("owner").post(f"/contacts/{karl.id}/erasure", json={"name": "Karl Unseen"}).status_code == 201
    with acting("owner"):
        assert db.session.scalars(text("SELECT 1 FROM audit_log WHERE changes::text LIKE '%Karl%'")).all() == []


@pytest.mark.parametrize("kept", [0, 1])
def test_the_register_takes_entries_when_others_were_removed(api_for: ApiFor, acting: Acting, kept: int) -> None:
    owner = api_for("owner")
    with acting("owner"):
        db.session.execute(text(
            "INSERT INTO processing_activities (id, name, deleted_at) SELECT gen_random_uuid(), 'n' || n,"
            " CASE WHEN n > :kept THEN now() END FROM generate_series(1, 100) n"
        ), {"kept": 100 * kept})  # fmt: skip
    answer = owner.post("/processing-activities", json={"name": "one more"})
    assert answer.status_code == (422 if kept else 201)
