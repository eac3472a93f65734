"""Seats of a plan for programs: who has one, who chooses, and what is refused without."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask

from tests.support.api import problem
from tests.support.billing import give_plan
from tests.support.cast import Cast
from tests.support.clients import Phone
from tests.support.installation import Installation

pytestmark = pytest.mark.newest
Api = Callable[..., Phone]


@pytest.fixture
def few(app: Flask, installation: Installation) -> None:
    """Acme with three seats for seven."""
    give_plan(app, installation.place, "acme", {"members": 3}, key="free", state="free")


def test_without_a_limit_all_have_one(api_for: Api) -> None:
    told = api_for("rep").get("/seats").json
    assert (told["most"], told["without"], len(told["members"])) == (None, 0, 7)
    assert api_for("rep").get("/me").json["seat"] is True


def test_who_has_none_reads_and_changes_nothing_but_themselves(few: None, api_for: Api) -> None:
    phone = api_for("colleague")
    assert phone.get("/me").json["seat"] is False
    assert phone.get("/companies").status_code == 200
    refused = problem(phone.post("/companies", json={"name": "No"}), 403, "no-seat")
    assert "Owners choose" in refused["detail"]
    assert phone.patch("/me", json={"name": "Carl Changed"}).status_code == 200
    assert api_for("owner").post("/companies", json={"name": "Yes"}).status_code == 201


def test_an_owner_chooses(few: None, api_for: Api, cast: Cast) -> None:
    owner = api_for("owner")
    told = owner.get("/seats").json
    assert (told["most"], told["without"]) == (3, 4)
    assert told["members"][0]["owner"] is True
    chosen = str(cast["colleague"].member_id)
    answer = owner.post("/seats", json={"member_ids": [chosen]})
    assert answer.status_code == 200
    assert {one["member_id"]: one["seat"] for one in answer.json["members"]}[chosen] is True
    assert api_for("colleague").post("/companies", json={"name": "Now"}).status_code == 201


def test_too_many_or_unknown_ones_are_refused(few: None, api_for: Api, cast: Cast) -> None:
    owner = api_for("owner")
    ids = [str(cast[key].member_id) for key in ("rep", "viewer", "manager")]
    found = problem(owner.post("/seats", json={"member_ids": ids}), 422, "invalid")
    assert found["errors"][0]["code"] == "too_many"
    stranger = [str(cast["outsider"].user_id)]
    assert problem(owner.post("/seats", json={"member_ids": stranger}), 422, "invalid")["errors"]


@pytest.mark.parametrize("who", ["admin", "rep"])
def test_nobody_else_chooses(few: None, api_for: Api, who: str) -> None:
    assert api_for(who).post("/seats", json={"member_ids": []}).status_code == 403
