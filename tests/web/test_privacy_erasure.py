"""The pages by which everything about a person is given out, and a person is erased."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from uuid import UUID, uuid4

import pytest

from saas_crm.access.models import Member
from saas_crm.access.permissions import CurrentMember
from tenants.db import db
from tests.support.clients import Browser, statements
from tests.support.making import Maker
from tests.web.pages import errors, flashed, heading

ClientFor = Callable[..., Browser]


@pytest.fixture
def contact_id(make: Maker) -> str:
    company = make.company("rep", name="Gartenbau")
    at = {"company_id": str(company.id)}
    contact = make.contact("rep", name="Eva Tulpe", email="eva@tulpe.example", mobile="+493012345678",
                           birthday="1980-05-03", country="DE", **at)  # fmt: skip
    hers = {**at, "contact_id": str(contact.id)}
    make.deal("rep", name="Garden", amount="1200", **hers)
    make.activity("colleague", subject="Call", body="asked for tulips\nand roses", outcome="interested")
    make.activity("owner", subject="Visit", body="saw the garden", outcome="interested", **hers)
    return str(contact.id)


def consent(browser: Browser, contact_id: str) -> None:
    form = {"record_id": str(uuid4()), "channel": "email", "purpose": "marketing", "source": "event", "answer": "yes"}
    assert browser.post(f"/acme/contacts/{contact_id}/privacy", data=form).status_code == 303


def test_everything_is_told_to_read_and_for_programs(client_for: ClientFor, contact_id: str) -> None:
    admin = client_for("admin")
    consent(client_for("rep"), contact_id)
    page = admin.get(f"/acme/contacts/{contact_id}/personal-data")
    assert heading(page) == "Everything about Eva Tulpe"
    for word in ("eva@tulpe.example", "May 3, 1980", "Germany", "Gartenbau", "Rita Rep", "Garden", "$1,200",
                 "saw the garden", "Interested", "At an event", "News and advertising", "Visit"):  # fmt: skip
        assert word in page.text, word
    assert "tulips" not in page.text
    assert statements(page) <= 8
    answer = admin.get(f"/acme/contacts/{contact_id}/personal-data.json")
    assert answer.headers["Content-Disposition"].startswith("attachment")
    data = json.loads(answer.text)
    assert data["about"]["workspace"] == "Acme Instruments"
    assert data["contact"][0]["email"] == "eva@tulpe.example"
    assert [one["body"] for one in data["activities"]] == ["saw the garden"]
    assert data["consents"][0]["state"] == "given"
    assert {one["action"] for one in data["history"]} == {"create", "consent", "export"}
    assert list(data) == ["about", "contact", "consents", "holds", "deals", "activities", "mentions", "history"]
    paper = admin.get(f"/acme/contacts/{contact_id}/personal-data.pdf")
    assert paper.content_type == "application/pdf"
    assert paper.data.startswith(b"%PDF")
    log = admin.get(f"/acme/contacts/{contact_id}/history").text
    assert log.count("Exported") == 3


def test_what_was_changed_is_named_also_where_the_value_is_somebody_else(
    client_for: ClientFor, contact_id: str, make: Maker
) -> None:
    owner = client_for("owner")
    form = {"name": "Eva Tulpe", "owner_id": str(make.member_id("teammate")), "email": "", "version": "1"}
    assert owner.post(f"/acme/contacts/{contact_id}", data=form).status_code == 303
    page = owner.get(f"/acme/contacts/{contact_id}/personal-data").text
    history = " ".join(re.sub(r"<[^>]+>", " ", page.partition("What was changed about them")[2]).split())
    assert "Owner changed" in history
    assert "eva@tulpe.example → empty" in history
    assert not re.search(r"What Changed(?! \w)", history), "never without what"


@pytest.mark.parametrize("path", ["personal-data", "personal-data.json", "personal-data.pdf", "erasure"])
@pytest.mark.parametrize(
    ("who", "status"),
    [("manager", 403), ("rep", 403), ("viewer", 403), ("outsider", 404), ("owner", 200), ("admin", 200)],
)
def test_who_may_see_everything(client_for: ClientFor, contact_id: str, path: str, who: str, status: int) -> None:
    assert client_for(who).get(f"/acme/contacts/{contact_id}/{path}").status_code == status


def test_a_role_that_may_export_but_sees_no_contacts_gets_nothing(
    client_for: ClientFor, contact_id: str, make: Maker, acting: Callable[[str], AbstractContextManager[CurrentMember]]
) -> None:
    role = make.own_role("owner", "Officer", privacy__read="all", privacy__export="all", privacy__delete="all",
                         contact__read="own", contact__update="own", member__read="all")  # fmt: skip
    colleague = client_for("colleague")
    with acting("owner"):
        member = db.session.get_one(Member, make.member_id("colleague"))
        member.role_id = UUID(role)
    for path in ("personal-data", "personal-data.json", "erasure"):
        assert colleague.get(f"/acme/contacts/{contact_id}/{path}").status_code == 404
    assert colleague.post(f"/acme/contacts/{contact_id}/erasure", data={"name": "Eva Tulpe"}).status_code == 404
    mine = make.contact("owner", name="Mine", owner="colleague")
    assert colleague.get(f"/acme/contacts/{mine.id}/personal-data").status_code == 200


def test_a_person_is_erased_and_a_certificate_remains(client_for: ClientFor, contact_id: str) -> None:
    admin, rep = client_for("admin"), client_for("rep")
    consent(rep, contact_id)
    path = f"/acme/contacts/{contact_id}/erasure"
    page = admin.get(path)
    assert statements(page) <= 8
    for word in ("Will be removed", "1 contact record", "1 statement about consent", "Notes of 1 activity",
                 "Stays, without the person", "1 deal"):  # fmt: skip
        assert word in page.text, word
    form = {"name": "Eva Tulipe", "reason": "request"}
    refused = admin.post(path, data=form)
    assert refused.status_code == 422
    assert errors(refused)["name"] == "Write the name as it stands above."
    assert "Eva Tulipe" in refused.text
    assert rep.get(f"/acme/contacts/{contact_id}").status_code == 200
    done = admin.post(path, data={**form, "name": "Eva Tulpe"})
    assert done.status_code == 303
    certificate = admin.get(done.location)
    assert flashed(certificate) == "Erased. This certificate remains."
    assert "Tulpe" not in certificate.text
    for word in ("Adam Admin", "The person asked for it", "1 contact record", contact_id):
        assert word in certificate.text, word
    again = admin.post(path, data={**form, "name": "Eva Tulpe"})
    assert (again.status_code, again.location) == (303, done.location), "sent twice"
    for gone in (f"/acme/contacts/{contact_id}", f"/acme/contacts/{contact_id}/privacy", path):
        assert admin.get(gone).status_code == 404
    for left in ("/acme/search?q=tulpe", "/acme/contacts", "/acme/recycle-bin", "/acme/settings/audit"):
        assert "Tulpe" not in admin.get(left).text.replace("q=tulpe", ""), left
    assert "Garden" in rep.get("/acme/deals?view=list").text
    assert "Person erased" in admin.get("/acme/settings/audit").text
    assert admin.get(f"{done.location}.pdf").data.startswith(b"%PDF")
    assert "-0001" in rep.get("/acme/settings/privacy/erasures").text
    checked = rep.post(f"{done.location}/check", data={"identifier": "eva@tulpe.example"})
    assert "Yes: this certificate is theirs." in checked.text
    assert "No: this certificate" in rep.post(f"{done.location}/check", data={"identifier": "x"}).text
    assert rep.post(f"{done.location}/check", data={"identifier": ""}).status_code == 303
    assert client_for("viewer").get(done.location).status_code == 403
    assert client_for("outsider").get(done.location.replace("/acme/", "/other/")).status_code == 404


def test_a_duty_to_keep_is_told_with_its_day(client_for: ClientFor, contact_id: str, make: Maker) -> None:
    admin = client_for("admin")
    make.deal("rep", name="Roses", amount="10", contact_id=contact_id, outcome="won")
    path = f"/acme/contacts/{contact_id}/erasure"
    page = admin.get(path)
    assert statements(page) <= 8
    assert "1 won deal must be kept until" in page.text
    assert "on it is possible" in page.text
    assert "Erase for good" not in page.text
    answer = admin.post(path, data={"name": "Eva Tulpe", "reason": "request"})
    assert answer.status_code == 422
    assert "there is a duty to keep" in answer.text
    assert admin.post("/acme/settings/privacy", data={"keep_years": "0"}).status_code == 303
    assert admin.post(f"/acme/contacts/{contact_id}/hold", data={"reason": "Lawsuit"}).status_code == 303
    assert "Must be kept until somebody lifts it: Lawsuit" in admin.get(path).text
    assert admin.post(f"/acme/contacts/{contact_id}/hold/lift").status_code == 303
    assert admin.post(path, data={"name": "Eva Tulpe"}).status_code == 303


def test_perhaps_the_same_person_is_named(client_for: ClientFor, contact_id: str, make: Maker) -> None:
    make.contact("rep", name="E. Tulpe", email="eva@tulpe.example")
    assert "E. Tulpe" in client_for("owner").get(f"/acme/contacts/{contact_id}/erasure").text
