"""Who the token speaks for; members; pipelines."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest

from saas_crm.access.permissions import BUILT_IN
from tests.support.api import places, problem
from tests.support.clients import Phone, statements
from tests.support.making import Maker

Api = Callable[..., Phone]


@pytest.mark.parametrize("who", ["owner", "admin", "manager", "rep", "viewer"])
def test_who_asks(who: str, api_for: Api, cast: Any) -> None:
    answer = api_for(who).get("/me")
    me, person = answer.json, cast[who]
    assert (me["id"], me["email"], me["role_key"]) == (str(person.member_id), person.email, person.role)
    assert me["permissions"] == dict(BUILT_IN[who])
    assert me["workspace"] == {
        "id": str(cast.tenants["acme"].id), "slug": "acme", "name": "Acme Instruments", "locale": "en",
        "country": "US", "currency": "USD", "timezone": "UTC", "fiscal_month": 1,
        "languages": ["en", "zh_Hans", "zh_Hant"],
    }  # fmt: skip
    again = api_for(who).get("/me", headers={"If-None-Match": answer.headers["ETag"]})
    assert again.status_code == 304
    assert statements(again) <= 3
    assert statements(answer) <= 4, "the first use of a token is noted"


def test_changing_oneself(api_for: Api, cast: Any, jobs: Callable[[], list[str]]) -> None:
    rep = api_for("rep")
    before = rep.get("/me")
    changed = rep.patch(
        "/me", json={"locale": "zh_Hant", "timezone": "Asia/Taipei"}, headers={"If-Match": before.headers["ETag"]}
    )
    assert changed.status_code == 200
    assert changed.json == {**before.json, "locale": "zh_Hant", "timezone": "Asia/Taipei"}
    again = rep.get("/me")
    assert (again.json, again.headers["ETag"]) == (changed.json, changed.headers["ETag"])
    lost = rep.patch("/me", json={"name": "x"}, headers={"If-Match": before.headers["ETag"]})
    assert problem(lost, 412)["current"] == changed.json
    assert "access.spread_profile" in jobs()
    assert rep.get("/me").json == changed.json
    assert rep.get(f"/members/{cast['rep'].member_id}").json["name"] == "Rita Rep"
    assert rep.patch("/me", json={}).json == changed.json


def test_what_nobody_is_called(api_for: Api) -> None:
    rep = api_for("rep")
    wrong = {"name": "", "locale": "fr", "timezone": "Mars/Olympus", "email": "new@acme.example", "role_key": "owner"}
    assert places(rep.patch("/me", json=wrong)) >= {"#/name", "#/locale", "#/email", "#/role_key"}
    assert places(rep.patch("/me", json={"timezone": "Mars/Olympus"})) == {"#/timezone"}
    assert places(rep.patch("/me", json={"name": None})) == {"#/name"}
    assert places(rep.get("/me?fields=id")) == {"fields"}


def test_members(api_for: Api, cast: Any) -> None:
    rep = api_for("rep")
    found = rep.get("/members").json["items"]
    assert [one["name"] for one in found] == sorted(person.name for person in cast.members)
    one = next(one for one in found if one["id"] == str(cast["manager"].member_id))
    assert (one["role_key"], one["team_id"], one["status"]) == ("manager", str(cast.teams["north"]), "active")
    assert rep.get(f"/members/{one['id']}").json == one
    assert len(rep.get(f"/members?team_id={cast.teams['north']}").json["items"]) == 3
    assert rep.get("/members?status=frozen").json["items"] == []
    assert places(rep.get("/members?status=unknown")) == {"status"}
    problem(rep.get(f"/members/{cast['outsider'].member_id}"), 404)
    problem(rep.get(f"/members/{uuid4()}"), 404)


def test_pipelines(api_for: Api, make: Maker) -> None:
    rep = api_for("rep")
    listing = rep.get("/pipelines")
    (pipeline,) = listing.json["items"]
    assert [stage["name"] for stage in pipeline["stages"]] == [
        "Lead",
        "Qualified",
        "Proposal",
        "Negotiation",
        "Won",
        "Lost",
    ]
    assert [stage["id"] for stage in pipeline["stages"]] == [str(stage.id) for stage in make.stages()]
    assert [stage["probability"] for stage in pipeline["stages"]] == [10, 25, 50, 75, 100, 0]
    assert [stage["kind"] for stage in pipeline["stages"]] == ["open"] * 4 + ["won", "lost"]
    assert pipeline["stages"][1] == {
        "id": str(make.stages()[1].id), "name": "Qualified", "kind": "open", "position": 1, "probability": 25,
        "archived": False,
    }  # fmt: skip
    one = rep.get(f"/pipelines/{pipeline['id']}")
    assert one.json == pipeline
    assert rep.get(f"/pipelines/{pipeline['id']}", headers={"If-None-Match": one.headers["ETag"]}).status_code == 304
    assert statements(listing) <= 4
    assert statements(one) <= 4
    problem(rep.get(f"/pipelines/{uuid4()}"), 404)
    problem(api_for("outsider").get(f"/pipelines/{pipeline['id']}"), 404)
    rep.patch("/me", json={"locale": "zh_Hans"})
    assert rep.get("/pipelines?fields=stages").json["items"][0]["stages"][0]["name"] == "线索"
