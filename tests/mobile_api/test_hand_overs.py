"""Handing over through the API."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest

from saas_crm.customers.models import Company
from tests.support.api import places, problem
from tests.support.clients import Phone, statements
from tests.support.making import Maker

Api = Callable[..., Phone]


@pytest.fixture
def company(make: Maker) -> Company:
    found = make.company("rep", name="Ada Ltd")
    make.deal("rep", name="Engine", company_id=str(found.id))
    return found


def said(make: Maker, *to: str, who: str = "rep", **more: Any) -> dict[str, Any]:
    return {"from_id": str(make.member_id(who)), "to_ids": [str(make.member_id(one)) for one in to], **more}


def test_made_shown_listed_and_taken_back(api_for: Api, make: Maker, company: Company) -> None:
    owner = api_for("owner")
    made = owner.post("/hand-overs", json=said(make, "teammate", note="Be kind"))
    assert made.status_code == 201
    assert made.json["from_id"] == str(make.member_id("rep"))
    assert owner.get(f"/companies/{company.id}").json["owner_id"] == str(make.member_id("teammate"))
    shown = owner.get(f"/hand-overs/{made.json['id']}")
    assert shown.json["parts"][0]["records"] == {"company": 1, "contact": 0, "opportunity": 1, "activity": 0}
    assert statements(shown) <= 5
    listed = owner.get("/hand-overs?fields=note")
    assert listed.json["items"] == [{"id": made.json["id"], "note": "Be kind"}]
    assert statements(listed) <= 5
    undone = owner.post(f"/hand-overs/{made.json['id']}/undo")
    assert (undone.status_code, undone.json) == (200, {"returned": 2, "stayed": 0})
    assert owner.get(f"/companies/{company.id}").json["owner_id"] == str(make.member_id("rep"))
    again = owner.post(f"/hand-overs/{made.json['id']}/undo")
    assert again.status_code == 422


def test_the_same_key_hands_over_once(api_for: Api, make: Maker, company: Company) -> None:
    owner, headers = api_for("owner"), {"Idempotency-Key": uuid4().hex}
    first, second = (owner.post("/hand-overs", json=said(make, "teammate"), headers=headers) for _ in range(2))
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json == second.json
    assert len(owner.get("/hand-overs").json["items"]) == 1
    assert company.name


@pytest.mark.usefixtures("company")
@pytest.mark.parametrize(
    ("more", "place"),
    [
        ({"by": "all"}, "/by"), ({"to_ids": ["x"]}, "/to_ids/0"), ({"to_ids": []}, "/to_ids"),
        ({"to_ids": [str(uuid4())]}, "/to_ids"), ({"picks": [{"customer_id": str(uuid4())}]}, "/picks/0/to_id"),
        ({"unknown": 1}, "/unknown"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_said(api_for: Api, make: Maker, more: dict[str, Any], place: str) -> None:
    answer = api_for("owner").post("/hand-overs", json={**said(make, "teammate"), **more})
    assert answer.status_code == 422
    assert places(answer) == {f"#{place}"}
    assert problem(answer, 422)["title"]


def test_who_could_not_edit_is_refused_by_name(api_for: Api, make: Maker, company: Company) -> None:
    viewer = str(make.member_id("viewer"))
    picks = {"picks": [{"customer_id": str(company.id), "to_id": viewer}]}
    for more, place in (({"to_ids": [viewer]}, "#/to_ids"), (picks, "#/picks")):
        answer = api_for("owner").post("/hand-overs", json={**said(make, "teammate"), **more})
        assert answer.status_code == 422
        assert places(answer) == {place}
        assert "Vera Viewer: their role cannot edit what they would get." in answer.text


def test_who_may(api_for: Api, make: Maker, company: Company) -> None:
    assert api_for("rep").post("/hand-overs", json=said(make, "teammate")).status_code == 403
    assert api_for("viewer").get("/hand-overs").status_code == 403
    assert api_for("manager").post("/hand-overs", json=said(make, "rep", who="colleague")).status_code == 403
    unknown = {"from_id": str(uuid4()), "to_ids": [str(make.member_id("rep"))]}
    assert api_for("owner").post("/hand-overs", json=unknown).status_code == 422
    made = api_for("manager").post("/hand-overs", json=said(make, "teammate"))
    assert made.status_code == 201
    assert api_for("outsider").get(f"/hand-overs/{made.json['id']}").status_code == 404
    assert api_for("outsider").post(f"/hand-overs/{made.json['id']}/undo").status_code == 404
    assert company.name
