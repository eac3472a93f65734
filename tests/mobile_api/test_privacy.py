"""Consent, everything about a person, erasure and the register, for programs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest

from saas_crm.privacy.defaults import CUSTOMERS
from tests.support.api import places, problem
from tests.support.clients import Phone, statements
from tests.support.making import Maker

ApiFor = Callable[..., Phone]
YES: dict[str, Any] = {"channel": "email", "purpose": "marketing", "state": "given", "source": "event"}
ENTRIES = "/processing-activities"
MERGE = {"Content-Type": "application/merge-patch+json"}


@pytest.fixture
def contact(make: Maker) -> str:
    return f"/contacts/{make.contact('rep', name='Eva Tulpe', email='eva@tulpe.example').id}"


def test_consents(api_for: ApiFor, contact: str) -> None:
    rep = api_for("rep")
    made = rep.post(f"{contact}/consents", json={**YES, "at": "2025-03-04T08:00:00Z", "note": "fair"})
    assert made.status_code == 201
    assert made.json["at"] == "2025-03-04T08:00:00Z"
    assert made.json["member_name"] == "Rita Rep"
    rep.post(f"{contact}/consents", json={**YES, "state": "withdrawn"})
    answer = rep.get(f"{contact}/consents?limit=1")
    assert [one["state"] for one in answer.json["items"]] == ["withdrawn"]
    assert statements(answer) <= 5
    following = rep.get(f"{contact}/consents?limit=1&after={answer.json['next']}").json
    assert [one["state"] for one in following["items"]] == ["given"]
    assert rep.get(f"{contact}/consents?fields=state").json["items"][0].keys() == {"id", "state"}


@pytest.mark.parametrize(
    ("changes", "place"),
    [({"channel": "pigeon"}, "/channel"), ({"state": "maybe"}, "/state"), ({"at": "2099-01-01T00:00:00Z"}, "/at"),
     ({"note": "x" * 201}, "/note"), ({"colour": "red"}, "/colour")],
)  # fmt: skip
def test_a_wrong_consent(api_for: ApiFor, contact: str, changes: dict[str, Any], place: str) -> None:
    rep = api_for("rep")
    assert places(rep.post(f"{contact}/consents", json={**YES, **changes})) == {f"#{place}"}
    assert rep.get(f"{contact}/consents").json["items"] == []


def test_once_only(api_for: ApiFor, contact: str) -> None:
    rep, key = api_for("rep"), {"Idempotency-Key": "consent-of-eva"}
    answers = [rep.post(f"{contact}/consents", json=YES, headers=key) for _ in range(2)]
    assert answers[0].json == answers[1].json
    assert len(rep.get(f"{contact}/consents").json["items"]) == 1


@pytest.mark.parametrize(
    ("who", "reading", "writing", "erasing"),
    [("teammate", 200, 403, 403), ("manager", 200, 201, 403), ("viewer", 200, 403, 403), ("colleague", 404, 404, 403),
     ("admin", 200, 201, 200)],
)  # fmt: skip
def test_who_may(api_for: ApiFor, contact: str, who: str, reading: int, writing: int, erasing: int) -> None:
    phone = api_for(who)
    assert phone.get(f"{contact}/consents").status_code == reading
    assert phone.post(f"{contact}/consents", json=YES).status_code == writing
    for path in ("personal-data", "erasure"):
        assert phone.get(f"{contact}/{path}").status_code == erasing
    if erasing == 403:
        assert phone.post(f"{contact}/erasure", json={"name": "Eva Tulpe"}).status_code == 403


def test_other_tenants_see_nothing(api_for: ApiFor, contact: str) -> None:
    outsider = api_for("outsider")
    for path in ("consents", "personal-data", "erasure"):
        assert outsider.get(f"{contact}/{path}").status_code == 404
    assert outsider.post(f"{contact}/consents", json=YES).status_code == 404
    assert outsider.post(f"{contact}/erasure", json={"name": "Eva Tulpe"}).status_code == 404


def test_everything_about_a_person(api_for: ApiFor, contact: str, make: Maker) -> None:
    owner = api_for("owner")
    make.deal("owner", name="Their deal", amount="1,200.50", contact_id=contact.rpartition("/")[2])
    owner.post(f"{contact}/consents", json=YES)
    data = owner.get(f"{contact}/personal-data").json
    assert data["contact"][0]["email"] == "eva@tulpe.example"
    assert data["consents"][0]["source"] == "event"
    assert [(deal["name"], deal["amount"]) for deal in data["deals"]] == [("Their deal", "1200.500")]
    assert owner.get("/audit?action=export").json["items"][0]["record_id"] == contact.rpartition("/")[2]


def test_erasing(api_for: ApiFor, contact: str, make: Maker) -> None:
    owner = api_for("owner")
    assert owner.get("/me").status_code == 200, "the first use of a token is noted"
    preview = owner.get(f"{contact}/erasure")
    assert statements(preview) <= 5
    assert preview.json["duties"] == []
    assert places(owner.post(f"{contact}/erasure", json={"name": "Eva"})) == {"#/name"}
    answer = owner.post(f"{contact}/erasure", json={"name": preview.json["name"], "reason": "retention"})
    assert answer.status_code == 201
    assert answer.json["parts"] == preview.json["parts"]
    assert owner.get(contact).status_code == 404
    problem(owner.post(f"{contact}/erasure", json={"name": "Eva Tulpe"}), 409)
    assert owner.get(answer.headers["Location"]).json == answer.json
    assert "tulpe" not in owner.get("/erasures").text.lower()


def test_a_duty_to_keep(api_for: ApiFor, contact: str, make: Maker) -> None:
    make.deal("rep", amount="5", contact_id=contact.rpartition("/")[2], outcome="won")
    owner = api_for("owner")
    [duty] = owner.get(f"{contact}/erasure").json["duties"]
    assert (duty["code"], duty["num"]) == ("won_deal", 1)
    refused = problem(owner.post(f"{contact}/erasure", json={"name": "Eva Tulpe"}), 422)
    assert refused["errors"][0]["code"] == "duty"


def test_the_register(api_for: ApiFor) -> None:
    admin, rep = api_for("admin"), api_for("rep")
    listed = rep.get(ENTRIES)
    assert statements(listed) <= 5
    first = listed.json["items"][0]
    assert (first["id"], first["version"]) == (str(CUSTOMERS), 0)
    path = f"{ENTRIES}/{CUSTOMERS}"
    tag = admin.get(path).headers["ETag"]
    changed = admin.patch(path, json={"name": "Ours"}, headers={**MERGE, "If-Match": tag})
    assert (changed.status_code, changed.json["name"]) == (200, "Ours")
    assert changed.json["purpose"] == first["purpose"]
    problem(admin.patch(path, json={"name": "Lost"}, headers={**MERGE, "If-Match": tag}), 412)
    assert admin.delete(path).status_code == 204
    assert admin.get(path).status_code == 404
    assert admin.delete(path).status_code == 404
    own = {"id": str(uuid4()), "name": "Cameras", "purpose": "Safety"}
    assert admin.post(ENTRIES, json=own).status_code == 201
    problem(admin.post(ENTRIES, json=own), 409)
    assert places(admin.post(ENTRIES, json={"purpose": "x"})) == {"#/name"}
    assert api_for("outsider").get(f"{ENTRIES}/{own['id']}").status_code == 404
    assert rep.post(ENTRIES, json={"name": "x"}).status_code == 403
    assert rep.delete(f"{ENTRIES}/{own['id']}").status_code == 403
    assert api_for("viewer").get(ENTRIES).status_code == 403
