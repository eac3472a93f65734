"""API tokens that may do less than who made them: a role within their own, or only reading; and their lists."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update

from saas_crm.access.models import ApiToken, Member, Role
from saas_crm.access.narrowing import TokenFacts, narrowed
from saas_crm.access.permissions import CurrentMember
from saas_crm.core.clock import now
from tenants.db import db, new_id, tenant_scope
from tests.support.api import places
from tests.support.cast import PASSWORD, Cast
from tests.support.clients import Browser, Phone, statements
from tests.support.making import Maker
from tests.support.release import Release
from tests.web.pages import errors, value, words

ClientFor = Callable[..., Browser]
ApiFor = Callable[..., Phone]
PAGE = "/acme/settings/tokens"


@pytest.fixture
def program(client_for: ClientFor, api_for: ApiFor) -> Callable[..., Phone]:
    """A program with a token that somebody made on the page."""

    def make(who: str, **asked: str) -> Phone:
        made = client_for(who).post(PAGE, data={"name": "Robot", "days": "30", **asked})
        assert made.status_code == 201, errors(made)
        phone = api_for(None, "acme")
        phone.token = value(made, "made")
        return phone

    return make


@pytest.mark.newest
def test_one_that_only_reads(program: Callable[..., Phone], make: Maker) -> None:
    company = make.company("rep", name="Ada Works")
    robot = program("rep", may="read")
    assert robot.get(f"/companies/{company.id}").json["name"] == "Ada Works"
    for answer in (robot.post("/companies", json={"name": "x"}), robot.delete(f"/companies/{company.id}"),
                   robot.patch(f"/companies/{company.id}", json={"name": "y"})):  # fmt: skip
        assert answer.status_code == 403
    assert all(key.endswith(":read") for key in robot.get("/me").json["permissions"])


@pytest.mark.newest
def test_what_only_reads_changes_nothing_of_its_person_either(program: Callable[..., Phone], cast: Cast) -> None:
    """Two endpoints ask no permission of a member for what is their own."""
    robot, me = program("rep", may="read"), f"/members/{cast['rep'].member_id}"
    assert robot.patch("/me", json={"name": "Renamed"}).status_code == 403
    assert robot.patch(me, json={"working_hours": {"mon": ["09:00", "12:00"]}}).status_code == 403
    assert robot.post("/tokens/none-of-ours", json={}).status_code in (403, 404, 405)
    assert robot.get("/me").json["name"] == "Rita Rep"
    assert not robot.get(me).json["working_hours"]


@pytest.mark.newest
def test_what_may_do_less_than_its_person_does_not_change_them(
    program: Callable[..., Phone], cast: Cast, role_ids: dict[str, str]
) -> None:
    robot, me = program("manager", may=role_ids["rep"]), f"/members/{cast['manager'].member_id}"
    assert robot.patch("/me", json={"name": "Renamed"}).status_code == 403
    assert robot.patch(me, json={"substitute_id": None, "working_hours": {}}).status_code == 403
    assert program("manager").patch("/me", json={"name": "Mona Renamed"}).status_code == 200


@pytest.mark.newest
def test_one_that_is_to_do_less_never_does_more_during_an_upgrade(
    client_for: ClientFor, api_for: ApiFor, monkeypatch: pytest.MonkeyPatch, app: Flask, cast: Cast
) -> None:
    Release(monkeypatch).brings()
    page = client_for("rep").get(PAGE)
    assert "Only read" not in page.text
    asked = {"email": "rep@acme.example", "password": PASSWORD, "name": "Robot", "read_only": True}
    for made in (
        client_for("rep").post(PAGE, data={"name": "Robot", "days": "30", "may": "read"}),
        api_for(None, "acme").post("/tokens", json=asked),
    ):
        assert made.status_code in (201, 503)
    assert client_for("rep").post(PAGE, data={"name": "Wide", "days": "30"}).status_code == 201
    with app.app_context(), tenant_scope(cast.tenants["acme"]):
        found = db.session.execute(select(ApiToken.name, ApiToken.read_only)).all()
    assert {one.read_only for one in found if one.name == "Robot"} <= {True}


@pytest.mark.newest
@pytest.mark.parametrize("kind", ["personal", "integration"])
def test_a_password_gives_no_token_without_an_end(api_for: ApiFor, kind: str) -> None:
    """Else any app gets round the hours that a workspace gives a sign-in."""
    asked = {"email": "rep@acme.example", "password": PASSWORD, "name": "x", "kind": kind}
    refused = api_for(None, "acme").post("/tokens", json=asked)
    assert (refused.status_code, places(refused)) == (422, {"#/days"})
    assert api_for(None, "acme").post("/tokens", json={**asked, "days": 30}).status_code == 201


@pytest.mark.newest
def test_an_owners_token_as_a_viewer_is_no_owner(
    program: Callable[..., Phone], make: Maker, role_ids: dict[str, str]
) -> None:
    company = make.company("rep", name="Ada Works")
    robot = program("owner", may=role_ids["viewer"], kind="integration")
    assert robot.get(f"/companies/{company.id}").status_code == 200
    assert robot.patch(f"/companies/{company.id}", json={"name": "y"}).status_code == 403
    assert robot.get("/security").status_code == 403
    assert robot.get("/audit").status_code == 403
    me = robot.get("/me").json
    assert (me["role_key"], me["permissions"]["company:read"]) == (None, "all")


@pytest.mark.newest
def test_a_reps_token_never_reaches_further_than_the_rep(
    program: Callable[..., Phone], make: Maker, role_ids: dict[str, str], app: Flask, cast: Cast
) -> None:
    hidden = make.company("colleague", name="Hidden")
    robot = program("manager", may=role_ids["rep"])
    assert robot.get(f"/companies/{hidden.id}").status_code == 404
    mine = make.company("rep", name="North")
    assert robot.get(f"/companies/{mine.id}").status_code == 200
    assert robot.patch(f"/companies/{mine.id}", json={"name": "x"}).status_code == 403, "a rep changes their own"
    with app.app_context(), tenant_scope(cast.tenants["acme"]):
        demoted = update(Member).where(Member.id == cast["manager"].member_id)
        db.session.execute(demoted.values(role_id=role_ids["viewer"]))
        db.session.commit()
    assert robot.post("/companies", json={"name": "x"}).status_code == 403, "what its member lost, it lost"


@pytest.mark.newest
def test_a_wider_role_cannot_be_chosen(client_for: ClientFor, role_ids: dict[str, str], api_for: ApiFor) -> None:
    page = client_for("rep").get(PAGE)
    assert role_ids["rep"] in page.text
    assert role_ids["admin"] not in page.text
    for wider in ("admin", "owner", "manager"):
        refused = client_for("rep").post(PAGE, data={"name": "x", "days": "", "may": role_ids[wider]})
        assert refused.status_code == 422
        assert set(errors(refused)) == {"may"}
        assert 'href="#field-may"' in refused.text
        by_api = api_for(None, "acme").post("/tokens", json={
            "email": "rep@acme.example", "password": PASSWORD, "name": "x", "role_id": role_ids[wider],
        })  # fmt: skip
        assert by_api.status_code == 422
    assert client_for("rep").post(PAGE, data={"name": "x", "may": str(new_id())}).status_code == 422
    assert client_for("rep").post(PAGE, data={"name": "x", "kind": "device"}).status_code == 422


@pytest.mark.newest
def test_a_role_that_is_deleted_leaves_its_tokens_nothing(
    program: Callable[..., Phone], app: Flask, cast: Cast, role_ids: dict[str, str]
) -> None:
    robot = program("owner", may=role_ids["viewer"])
    with app.app_context(), tenant_scope(cast.tenants["acme"]):
        db.session.execute(update(Role).where(Role.key == "viewer").values(deleted_at=now()))
        db.session.commit()
    assert robot.get("/companies").status_code == 403
    assert robot.get("/me").json["permissions"] == {}


@pytest.mark.newest
def test_by_api_it_is_made_narrow_too(api_for: ApiFor, role_ids: dict[str, str]) -> None:
    asked = {"email": "rep@acme.example", "password": PASSWORD, "name": "Till", "kind": "integration",
             "role_id": role_ids["rep"], "read_only": True, "days": 30}  # fmt: skip
    made = api_for(None, "acme").post("/tokens", json=asked)
    assert made.status_code == 201, made.text
    told = made.json
    assert (told["kind"], told["role_id"], told["read_only"]) == ("integration", role_ids["rep"], True)
    assert made.json["expires_at"] > (now() + timedelta(days=29)).isoformat()
    robot = api_for(None, "acme")
    robot.token = made.json["token"]
    assert robot.get("/companies").status_code == 200
    assert robot.post("/companies", json={"name": "x"}).status_code == 403
    listed = {one["id"]: one for one in api_for("rep").get("/tokens").json["items"]}
    assert listed[made.json["id"]]["kind"] == "integration"
    assert api_for("rep").get("/tokens?fields=kind,read_only").status_code == 200


@pytest.mark.newest
def test_an_admin_sees_and_ends_everybodys(
    client_for: ClientFor, program: Callable[..., Phone], app: Flask, cast: Cast
) -> None:
    robot = program("rep", kind="integration")
    page = client_for("admin").get(f"{PAGE}?everybody=1")
    assert statements(page) <= 8
    assert "Rita Rep" in words(page)
    assert "Robot" in words(page)
    assert "Integration" in words(page)
    assert "Robot" not in words(client_for("admin").get(PAGE))
    assert "Robot" not in words(client_for("teammate").get(f"{PAGE}?everybody=1"))
    with app.app_context(), tenant_scope(cast.tenants["acme"]):
        token_id = db.session.scalar(select(ApiToken.id).where(ApiToken.name == "Robot"))
    assert client_for("teammate").post(f"{PAGE}/{token_id}/end").status_code == 404
    assert client_for("admin").post(f"{PAGE}/{token_id}/end").status_code == 303
    assert robot.get("/me").status_code == 401


def test_the_list_goes_on(client_for: ClientFor, app: Flask, cast: Cast) -> None:
    with app.app_context(), tenant_scope(cast.tenants["acme"]):
        for number in range(55):
            db.session.add(ApiToken(
                member_id=cast["rep"].member_id, name=f"Robot {number}", token_hash=str(number).encode()
            ))  # fmt: skip
        db.session.commit()
    page = client_for("rep").get(PAGE)
    assert "Show more" in page.text
    assert statements(page) <= 8


def facts(**values: Any) -> TokenFacts:
    return TokenFacts(new_id(), now(), None, **values)


def member(permissions: dict[str, Any], fields: dict[str, str] | None = None) -> CurrentMember:
    return CurrentMember(
        new_id(), new_id(), "Ann", "ann@x.example", "owner", "Owner", "en", "UTC", permissions=permissions,
        fields=fields or {},
    )  # fmt: skip


def test_narrowing_takes_the_less_of_both() -> None:
    ann = member({"company:read": "team", "company:update": "own", "deal:x": "all"}, {"contact.phone": "masked"})
    role = {"company:read": "all", "contact:read": "all", "contact.phone": "read-only", "contact.email": "hidden"}
    found = narrowed(ann, facts(role=role))
    assert found.permissions == {"company:read": "team"}
    assert found.fields == {"contact.phone": "masked", "contact.email": "hidden"}
    assert found.role_key is None
    assert narrowed(ann, facts()) == ann
    assert narrowed(ann, facts(read_only=True)).permissions == {"company:read": "team"}
    assert narrowed(ann, facts(role={"company:read": "everywhere"})).permissions == {}
