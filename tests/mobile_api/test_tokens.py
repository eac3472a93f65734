"""Signing in on a device, and out again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update

from saas_crm.access.models import ApiToken
from saas_crm.access.passwords import password_matches
from saas_crm.core.clock import now
from tenants.db import db, tenant_scope
from tests.support.api import places, problem
from tests.support.cast import PASSWORD
from tests.support.clients import Phone
from tests.support.making import acting

Api = Callable[..., Phone]


def ask(email: str, password: str = PASSWORD, name: str = "Rita's phone") -> dict[str, Any]:
    return {"json": {"email": email, "password": password, "name": name}}


@pytest.fixture
def nobody(api_for: Api) -> Phone:
    """A program without a token."""
    return api_for(None, "acme")


def test_signing_in(nobody: Phone, api_for: Api, cast: Any) -> None:
    made = nobody.post("/tokens", **ask("Rep@ACME.example "))
    assert made.status_code == 201, made.text
    token = made.json
    assert (token["name"], token["member_id"]) == ("Rita's phone", str(cast["rep"].member_id))
    assert token["token"].startswith("crm_")
    assert made.headers["Location"] == f"/acme/api/v1/tokens/{token['id']}"
    assert made.headers["Cache-Control"] == "no-store"
    assert "Set-Cookie" not in made.headers

    phone = api_for(None, "acme")
    phone.token = token["token"]
    assert phone.get("/me").json["token_id"] == token["id"]
    listed = {one["id"]: one for one in phone.get("/tokens").json["items"]}
    assert set(listed[token["id"]]) == set(token) - {"token"}
    assert [one["current"] for one in listed.values()].count(True) == 1
    assert listed[token["id"]]["current"]
    assert phone.get(f"/tokens/{token['id']}").json == listed[token["id"]]

    assert phone.delete(f"/tokens/{token['id']}").status_code == 204
    problem(phone.get("/me"), 401, "not-signed-in")
    assert token["id"] not in {one["id"] for one in api_for("rep").get("/tokens").json["items"]}
    problem(api_for("rep").delete(f"/tokens/{token['id']}"), 404)


def test_refusals_are_word_for_word_the_same(nobody: Phone) -> None:
    refused = [
        nobody.post("/tokens", **ask("rep@acme.example", "wrong")),
        nobody.post("/tokens", **ask("unknown@nowhere.example")),
        nobody.post("/tokens", **ask("stranger@nowhere.example")),  # the right password of somebody else's place
        nobody.post("/tokens", **ask("outsider@other.example")),
    ]
    told = {(answer.status_code, answer.data, answer.headers["WWW-Authenticate"]) for answer in refused}
    assert len(told) == 1
    problem(refused[0], 401, "sign-in-refused")


def test_an_unknown_address_costs_the_same_work(nobody: Phone, monkeypatch: pytest.MonkeyPatch) -> None:
    """No stopwatch: it is the hashing that takes the time, and it is done once for everybody."""
    checked: list[bool] = []

    def matches(stored: str | None, password: str) -> bool:
        checked.append(stored is not None)
        return password_matches(stored, password)

    monkeypatch.setattr("saas_crm.access.sign_in.password_matches", matches)
    for email in ("rep@acme.example", "unknown@nowhere.example"):
        problem(nobody.post("/tokens", **ask(email, "wrong")), 401)
    assert checked == [True, False]


def test_a_member_who_is_locked_out_is_told_nothing_more(nobody: Phone, app: Flask, cast: Any) -> None:
    from saas_crm.access.members import get_member, set_frozen

    wrong = nobody.post("/tokens", **ask("rep@acme.example", "wrong"))
    with acting(app, cast, "owner") as owner:
        set_frozen(get_member(cast["rep"].member_id), True, actor=owner)
    locked = nobody.post("/tokens", **ask("rep@acme.example"))
    problem(locked, 401, "sign-in-refused")
    assert locked.data == wrong.data


def test_after_several_failures_one_has_to_wait(nobody: Phone) -> None:
    for _ in range(5):
        problem(nobody.post("/tokens", **ask("rep@acme.example", "wrong")), 401)
    waits = nobody.post("/tokens", **ask("rep@acme.example"))
    problem(waits, 429, "too-many-requests")
    assert int(waits.headers["Retry-After"]) >= 1
    assert nobody.post("/tokens", **ask("teammate@acme.example")).status_code == 201


@pytest.mark.parametrize(
    ("body", "wrong"),
    [
        ({}, {"#/email", "#/password", "#/name"}),
        ({"email": "x", "password": "", "name": " "}, {"#/email", "#/password", "#/name"}),
        ({"email": "", "password": "x" * 1_001, "name": "x" * 81}, {"#/email", "#/password", "#/name"}),
        ({"email": "a@b.example", "password": "x", "name": "x", "colour": "1"}, {"#/colour"}),
        ({"email": 5, "password": None, "name": ["x"]}, {"#/email", "#/password", "#/name"}),
    ],
)
def test_what_makes_no_request(body: dict[str, Any], wrong: set[str], nobody: Phone) -> None:
    assert places(nobody.post("/tokens", json=body)) == wrong


def test_others_tokens(api_for: Api, cast: Any) -> None:
    rep, viewer, owner = api_for("rep"), api_for("viewer"), api_for("owner")
    (mine,) = rep.get("/tokens").json["items"]
    assert mine["member_id"] == str(cast["rep"].member_id)
    assert len(owner.get("/tokens").json["items"]) == 7
    (theirs,) = owner.get(f"/tokens?member_id={cast['viewer'].member_id}").json["items"]
    assert rep.get(f"/tokens?member_id={cast['viewer'].member_id}").json["items"] == []
    for answer in (rep.get(f"/tokens/{theirs['id']}"), rep.delete(f"/tokens/{theirs['id']}")):
        problem(answer, 404)
    problem(api_for("outsider").delete(f"/tokens/{mine['id']}"), 404)
    assert viewer.get("/me").status_code == 200
    assert owner.delete(f"/tokens/{theirs['id']}").status_code == 204
    problem(viewer.get("/me"), 401)


def test_it_is_noted_now_and_then_that_a_token_is_in_use(api_for: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mobile_api.serving._seen", {})
    rep = api_for("rep")
    (first,) = rep.get("/tokens").json["items"]
    assert datetime.fromisoformat(first["last_used_at"]).tzinfo is not None
    (second,) = rep.get("/tokens").json["items"]
    assert second == first


def aged(app: Flask, cast: Any, **values: Any) -> None:
    with app.app_context(), tenant_scope(cast.tenants["acme"]):
        mine = ApiToken.member_id == cast["rep"].member_id
        db.session.execute(update(ApiToken).where(mine).values(**values))
        db.session.commit()


@pytest.mark.parametrize(("made", "used", "status"), [
    (89, None, 200), (91, None, 401), (364, 1, 200), (364, 89, 200), (364, 91, 401), (366, 0, 401),
])  # fmt: skip
def test_a_device_ends_without_use_and_after_a_year(
    made: int, used: int | None, status: int, api_for: Api, app: Flask, cast: Any
) -> None:
    last = None if used is None else now() - timedelta(days=used)
    aged(app, cast, created_at=now() - timedelta(days=made), last_used_at=last)
    answer = api_for("rep").get("/me")
    assert answer.status_code == status
    if status == 401:
        problem(answer, 401, "sign-in-over")


def test_what_was_made_for_a_program_has_an_end_of_its_own(api_for: Api, app: Flask, cast: Any) -> None:
    aged(app, cast, created_at=now() - timedelta(days=700), last_used_at=None, kind="integration")
    assert api_for("rep").get("/me").status_code == 200


@pytest.mark.newest
def test_the_end_of_a_device_is_told(nobody: Phone) -> None:
    made = nobody.post("/tokens", **ask("rep@acme.example")).json
    left = datetime.fromisoformat(made["expires_at"]) - datetime.fromisoformat(made["created_at"])
    assert timedelta(days=364) < left <= timedelta(days=365, minutes=1)
    program = {**ask("rep@acme.example")["json"], "kind": "integration", "days": 90}
    answer = nobody.post("/tokens", json=program).json
    left = datetime.fromisoformat(answer["expires_at"]) - datetime.fromisoformat(answer["created_at"])
    assert timedelta(days=89) < left <= timedelta(days=90, minutes=1)


def test_a_program_that_only_writes_is_in_use_too(
    api_for: Api, app: Flask, cast: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mobile_api.serving._seen", {})
    aged(app, cast, created_at=now() - timedelta(days=80), last_used_at=now() - timedelta(days=70))
    assert api_for("rep").post("/companies", json={"name": "Ada"}).status_code == 201
    with app.app_context(), tenant_scope(cast.tenants["acme"]):
        used = db.session.scalar(select(ApiToken.last_used_at).where(ApiToken.member_id == cast["rep"].member_id))
    assert used is not None
    assert now() - used < timedelta(minutes=5)


def test_the_secret_is_kept_nowhere(nobody: Phone, app: Flask, cast: Any) -> None:
    from sqlalchemy import select

    from saas_crm.access.models import ApiToken
    from saas_crm.core.audit import AuditEntry
    from tenants.db import db

    secret = nobody.post("/tokens", **ask("rep@acme.example")).json["token"]
    with acting(app, cast, "owner"):
        held = db.session.execute(select(ApiToken.name, ApiToken.token_hash)).all()
        acts = db.session.execute(select(AuditEntry.action, AuditEntry.member_id, AuditEntry.changes)).all()
    assert all(secret.encode() not in row.token_hash and secret not in row.name for row in held)
    assert secret not in str(acts)
    assert any(act.member_id == cast["rep"].member_id and act.action == "create" for act in acts)
