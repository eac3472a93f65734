"""Numbers for programs: read with the record, narrowed by, never written; and the rules."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest

from tests.support.api import places, problem
from tests.support.clients import Phone, statements

Api = Callable[..., Phone]


@pytest.mark.newest
def test_the_rules(api_for: Api) -> None:
    owner = api_for("owner")
    items = {one["resource"]: one for one in owner.get("/numbering").json["items"]}
    assert {kind: (one["on"], one["start"]) for kind, one in items.items()} == {
        "company": (False, 1), "opportunity": (False, 1),
    }  # fmt: skip
    changed = owner.patch("/numbering/company", json={"on": True, "pattern": "C-{000}", "start": 7})
    assert changed.status_code == 200
    assert (changed.json["next"], changed.json["start"], changed.json["without"]) == ("C-007", 7, 0)
    stale = owner.patch("/numbering/company", json={"on": False}, headers={"If-Match": '"old"'})
    assert problem(stale, 412)["current"] == changed.json
    assert owner.patch("/numbering/company", json={}).json == changed.json
    for who in ("manager", "rep", "viewer"):
        problem(api_for(who).get("/numbering"), 403)
        problem(api_for(who).patch("/numbering/company", json={"on": False}), 403)
    problem(owner.patch("/numbering/contact", json={"on": True}), 404)
    problem(api_for("outsider", slug="acme").get("/numbering"), 401)


@pytest.mark.parametrize(
    ("wrong", "where"),
    [({"pattern": "C"}, "#/pattern"), ({"start": 0}, "#/start"), ({"on": "yes"}, "#/on"), ({"next": "x"}, "#/next")],
)
def test_what_cannot_be(api_for: Api, wrong: dict[str, Any], where: str) -> None:
    assert places(api_for("owner").patch("/numbering/company", json=wrong)) == {where}


@pytest.mark.newest
def test_a_record_has_its_number_from_the_start(api_for: Api) -> None:
    rep = api_for("rep")
    plain = rep.post("/companies", json={"name": "Plain"})
    assert plain.json["number"] is None
    api_for("owner").patch("/numbering/company", json={"on": True, "pattern": "C-{000}"})
    api_for("owner").patch("/numbering/opportunity", json={"on": True, "pattern": "D-{000}"})
    made = rep.post("/companies", json={"name": "Numbered"})
    assert (made.status_code, made.json["number"]) == (201, "C-001")
    assert statements(made) <= statements(plain) + 1
    deal = rep.post("/opportunities", json={"name": "Sale"})
    assert deal.json["number"] == "D-001"
    for path, record in (("companies", made.json), ("opportunities", deal.json)):
        assert rep.get(f"/{path}/{record['id']}").json == record
        (found,) = rep.get(f"/{path}?number={record['number']}").json["items"]
        assert found["id"] == record["id"]
        assert rep.get(f"/{path}?number=X").json["items"] == []
        assert places(rep.patch(f"/{path}/{record['id']}", json={"number": "Z"})) == {"#/number"}
        changed = rep.patch(f"/{path}/{record['id']}", json={"description": "x"})
        assert changed.json["number"] == record["number"]
    assert rep.get("/companies?fields=number").json["items"][0].keys() == {"id", "number"}


@pytest.mark.newest
def test_the_same_key_again_takes_no_number(api_for: Api) -> None:
    api_for("owner").patch("/numbering/company", json={"on": True, "pattern": "C-{000}"})
    rep, mine = api_for("rep"), str(uuid4())
    assert rep.post("/companies", json={"id": mine, "name": "Once"}).json["number"] == "C-001"
    problem(rep.post("/companies", json={"id": mine, "name": "Once"}), 409)
    assert rep.post("/companies", json={"name": "Next"}).json["number"] == "C-002"


@pytest.mark.newest
def test_what_was_there(api_for: Api, jobs: Callable[[], list[str]]) -> None:
    old = api_for("rep").post("/companies", json={"name": "Old"})
    owner = api_for("owner")
    problem(owner.post("/numbering/company/existing"), 422)
    owner.patch("/numbering/company", json={"on": True, "pattern": "C-{000}"})
    asked = owner.post("/numbering/company/existing")
    assert (asked.status_code, asked.json["without"]) == (202, 1)
    assert "numbering.existing" in jobs()
    again = api_for("rep").get(f"/companies/{old.json['id']}", headers={"If-None-Match": old.headers["ETag"]})
    assert (again.status_code, again.json["number"]) == (200, "C-001"), "its copy is not the newest any more"
    problem(api_for("viewer").post("/numbering/company/existing"), 403)
