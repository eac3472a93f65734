"""Roles through the API: reading, writing, what a change would do, and one's own permissions."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import select

from mobile_api.previews import AccessPreview
from saas_crm.access.models import Member, Role
from saas_crm.access.permissions import BUILT_IN, CurrentMember
from saas_crm.access.role_schemas import RoleRead
from tenants.db import db
from tests.support.api import places, problem
from tests.support.cast import Cast
from tests.support.clients import Phone, statements
from tests.support.making import Maker

Api = Callable[..., Phone]
Acting = Callable[[str], AbstractContextManager[CurrentMember]]
SEES_OWN = {"company:read": "own", "company:update": "own"}


@pytest.fixture
def ids(api_for: Api) -> dict[str, str]:
    """The id of each built-in role."""
    return {role["key"]: role["id"] for role in api_for("viewer").get("/roles").json["items"]}


def test_everybody_reads_roles(api_for: Api, ids: dict[str, str]) -> None:
    answer = api_for("viewer").get("/roles")
    assert set(ids) == set(BUILT_IN)
    assert statements(answer) <= 5
    for role in answer.json["items"]:
        assert RoleRead.model_validate(role).model_dump(mode="json") == role
        assert list(role) == list(RoleRead.model_fields)
    one = api_for("rep").get(f"/roles/{ids['rep']}")
    assert one.json["permissions"] == dict(sorted(BUILT_IN["rep"].items()))
    assert api_for("rep").get(f"/roles/{ids['rep']}", headers={"If-None-Match": one.headers["ETag"]}).status_code == 304
    fields = api_for("rep").get("/roles?fields=permissions&sort=-name&limit=1").json
    assert list(fields["items"][0]) == ["id", "permissions"]
    assert fields["next"]


def test_a_life(api_for: Api) -> None:
    admin, mine = api_for("admin"), str(uuid4())
    new = {"id": mine, "name": "Partners", "permissions": {**SEES_OWN, "company:delete": None}}
    made = admin.post("/roles", json=new, headers={"Idempotency-Key": "make-partners-role"})
    assert made.status_code == 201, made.text
    assert made.headers["Location"] == f"/acme/api/v1/roles/{mine}"
    assert made.json["permissions"] == SEES_OWN
    again = admin.post("/roles", json=new, headers={"Idempotency-Key": "make-partners-role"})
    assert (again.json, again.headers["Idempotent-Replayed"]) == (made.json, "true")
    problem(admin.post("/roles", json=new), 409, "already-exists")
    change = {"permissions": {"company:read": "team", "company:update": None}}
    changed = admin.patch(f"/roles/{mine}", json=change, headers={"If-Match": made.headers["ETag"]})
    assert changed.json["permissions"] == {"company:read": "team"}
    assert changed.json["name"] == "Partners"
    late = admin.patch(f"/roles/{mine}", json={"name": "Late"}, headers={"If-Match": made.headers["ETag"]})
    assert problem(late, 412)["current"] == changed.json
    assert admin.delete(f"/roles/{mine}", headers={"If-Match": '"v1"'}).status_code == 412
    assert admin.delete(f"/roles/{mine}").status_code == 204
    problem(admin.get(f"/roles/{mine}"), 404)
    problem(admin.delete(f"/roles/{mine}"), 404)


def test_what_does_not_fit(api_for: Api, ids: dict[str, str]) -> None:
    admin = api_for("admin")
    wrong = admin.patch(f"/roles/{ids['rep']}", json={"permissions": {"company:update": "all"}})
    assert places(wrong) == {"#/permissions/company:update"}
    assert wrong.json["errors"][0]["code"] == "needs"
    assert places(admin.post("/roles", json={"name": "x", "permissions": {"company:fly": "all"}})) >= set()
    assert places(admin.post("/roles", json={"name": "", "permissions": {"company:read": "far"}})) == {
        "#/name", "#/permissions/company:read",
    }  # fmt: skip
    assert places(admin.post("/roles", json={"name": "viewer"})) == {"#/name"}
    problem(admin.delete(f"/roles/{ids['rep']}"), 422)
    for who in ("admin", "owner"):
        refused = api_for(who).patch(f"/roles/{ids['owner']}", json={"name": "Boss"})
        assert problem(refused, 422)["errors"][0]["code"] == "owner_role"


def test_nobody_gives_more_than_they_have(api_for: Api, ids: dict[str, str], acting: Acting) -> None:
    with acting("owner"):
        role = db.session.scalars(select(Role).where(Role.key == "manager")).one()
        role.permissions = {**role.permissions, "role:update": "all", "role:create": "all"}
    manager = api_for("manager")
    wrong = manager.patch(f"/roles/{ids['rep']}", json={"permissions": {"contact:read": "all"}})
    assert (places(wrong), wrong.json["errors"][0]["code"]) == ({"#/permissions/contact:read"}, "beyond")
    problem(
        manager.post("/roles", json={"name": "x", "permissions": {"member:read": "all", "member:update": "all"}}), 422
    )
    assert manager.patch(f"/roles/{ids['rep']}", json={"permissions": {"contact:read": "subtree"}}).status_code == 200
    assert manager.patch(f"/roles/{ids['viewer']}", json={"permissions": {"contact:read": "team"}}).status_code == 200


def test_a_role_in_use_is_replaced(api_for: Api, ids: dict[str, str], acting: Acting, make: Maker) -> None:
    admin = api_for("admin")
    made = admin.post("/roles", json={"name": "Partners"}).json["id"]
    with acting("owner"):
        db.session.get_one(Member, make.member_id("rep")).role_id = made
    refused = admin.delete(f"/roles/{made}")
    assert (places(refused), refused.json["errors"][0]["code"]) == ({"#/replacement_id"}, "in_use")
    assert admin.delete(f"/roles/{made}?replacement_id={ids['viewer']}").status_code == 204
    assert api_for("rep").get("/me").json["role_key"] == "viewer"


def test_what_a_change_would_do(api_for: Api, ids: dict[str, str], make: Maker) -> None:
    for _ in range(3):
        make.company("teammate")
    admin = api_for("admin")
    answer = admin.post(f"/roles/{ids['rep']}/preview", json={"permissions": {"company:read": "own"}})
    assert answer.status_code == 200, answer.text
    assert statements(answer) <= 5
    assert AccessPreview.model_validate(answer.json).model_dump(mode="json") == answer.json
    assert answer.json["losing"] == 1
    effect = answer.json["members"][0]
    assert (effect["name"], effect["changes"]) == (
        "Rita Rep", [{"resource": "company", "action": "read", "gained": 0, "lost": 3}],
    )  # fmt: skip
    assert len(api_for("rep").get("/companies").json["items"]) == 3
    hiding = {"permissions": {}, "fields": {"contact.phone": "hidden"}}
    closing = admin.post(f"/roles/{ids['rep']}/preview", json=hiding)
    assert closing.status_code == 200
    assert closing.json["losing"] == len(closing.json["members"]) > 0
    told = {"field": "contact.phone", "former": None, "rule": "hidden"}
    assert [effect["fields"] for effect in closing.json["members"]] == [[told]] * closing.json["losing"]
    files = admin.post(f"/roles/{ids['rep']}/preview", json={"permissions": {"company:export": "own"}}).json
    (effect,) = [one for one in files["members"] if one["changes"]]
    assert (effect["name"], effect["changes"], effect["rights"]) == (
        "Tom Teammate", [{"resource": "company", "action": "export", "gained": 3, "lost": 0}], [],
    )  # fmt: skip
    less = admin.post(f"/roles/{ids['rep']}/preview", json={"permissions": {"company:create": None}}).json
    assert [one["rights"] for one in less["members"]] == [
        [{"permission": "company:create", "former": "own", "scope": None}]
    ] * less["losing"]
    nothing = admin.post(f"/roles/{ids['rep']}/preview", json={"permissions": {}})
    assert nothing.json == {"gaining": 0, "losing": 0, "members": []}


def test_what_another_seat_would_do(api_for: Api, ids: dict[str, str], make: Maker, cast: Cast) -> None:
    make.company("colleague", name="Far")
    admin, rep = api_for("admin"), make.member_id("rep")
    answer = admin.post(f"/members/{rep}/preview", json={"team_id": str(cast.teams["south"])})
    assert answer.status_code == 200, answer.text
    assert AccessPreview.model_validate(answer.json).model_dump(mode="json") == answer.json
    changes = {one["name"]: one["changes"] for one in answer.json["members"]}
    assert {"resource": "company", "action": "read", "gained": 1, "lost": 0} in changes["Rita Rep"]
    viewing = admin.post(f"/members/{rep}/preview", json={"role_id": ids["viewer"]}).json["members"]
    lost = {one["permission"] for one in viewing[0]["rights"] if one["scope"] is None}
    assert "company:create" in lost
    assert api_for("rep").get("/me").json["role_key"] == "rep", "nothing is saved"
    assert api_for("rep").get("/companies").json["items"] == []
    assert places(admin.post(f"/members/{rep}/preview", json={"team_id": str(make.member_id("rep"))})) == {"#/team_id"}
    owner = make.member_id("owner")
    assert admin.post(f"/members/{owner}/preview", json={"role_id": ids["rep"]}).status_code in (403, 422)
    problem(api_for("rep").post(f"/members/{rep}/preview", json={}), 403)
    problem(api_for("outsider").post(f"/members/{rep}/preview", json={}), 404)


def test_what_a_change_of_a_team_would_do(api_for: Api, make: Maker, cast: Cast) -> None:
    make.company("colleague", name="Far")
    admin, south = api_for("admin"), f"/teams/{cast.teams['south']}"
    etag = admin.get(south).headers["ETag"]

    def asked(**wanted: Any) -> dict[str, Any]:
        answer = admin.post(f"{south}/preview", json=wanted)
        assert answer.status_code == 200, answer.text
        assert AccessPreview.model_validate(answer.json).model_dump(mode="json") == answer.json
        return {one["name"]: one["changes"] for one in answer.json["members"]}

    read = {"resource": "company", "action": "read", "gained": 1, "lost": 0}
    assert read in asked(manager_id=str(make.member_id("rep")))["Rita Rep"]
    assert read in asked(parent_id=str(cast.teams["north"]))["Mona Manager"]
    assert asked(closed=True) == {}, "whoever sees it is above it"
    assert asked() == {}
    asked(deleted=True)
    assert admin.get(south).headers["ETag"] == etag, "nothing is saved"
    below = admin.post(f"/teams/{cast.teams['root']}/preview", json={"parent_id": str(cast.teams["south"])})
    assert places(below) == {"#/parent_id"}
    assert admin.post(f"/teams/{cast.teams['root']}/preview", json={"deleted": True}).status_code == 422
    problem(api_for("rep").post(f"{south}/preview", json={}), 403)
    problem(api_for("outsider").post(f"{south}/preview", json={}), 404)


@pytest.mark.parametrize("who", ["manager", "rep", "viewer"])
def test_others_change_nothing(api_for: Api, ids: dict[str, str], who: str) -> None:
    phone, wanted = api_for(who), {"permissions": {}}
    problem(phone.post("/roles", json={"name": "x"}), 403)
    problem(phone.patch(f"/roles/{ids['rep']}", json={"name": "x"}), 403)
    problem(phone.delete(f"/roles/{ids['rep']}"), 403)
    problem(phone.post(f"/roles/{ids['rep']}/preview", json=wanted), 403)
    assert "x" not in {role["name"] for role in api_for("owner").get("/roles").json["items"]}


def test_another_tenants_roles_do_not_exist(api_for: Api, ids: dict[str, str]) -> None:
    outsider: Any = api_for("outsider")
    for method, body in (("get", {}), ("patch", {"json": {"name": "x"}}), ("delete", {})):
        problem(getattr(outsider, method)(f"/roles/{ids['rep']}", **body), 404)
    problem(outsider.post(f"/roles/{ids['rep']}/preview", json={"permissions": {}}), 404)
    assert api_for("owner").get(f"/roles/{ids['rep']}").json["name"] != "x"


def test_my_permissions_in_words(api_for: Api, acting: Acting) -> None:
    with acting("owner"):
        role = db.session.scalars(select(Role).where(Role.key == "rep")).one()
        role.permissions = {**role.permissions, "contact.phone": "hidden"}
    answer = api_for("rep").get("/me/permissions")
    items = answer.json["items"]
    assert {f"{item['resource']}:{item['action']}": item["scope"] for item in items} == BUILT_IN["rep"]
    assert {item["meaning"] for item in items} >= {"Companies: See – Own team", "Members: See", "API tokens: End – Own"}
    again = api_for("rep").get("/me/permissions", headers={"If-None-Match": answer.headers["ETag"]})
    assert again.status_code == 304
    assert api_for("rep").get("/me").json["permissions"] == dict(sorted(BUILT_IN["rep"].items()))
