"""A write that is sent twice happens once."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from psycopg import sql
from sqlalchemy import select
from werkzeug.test import TestResponse

from saas_crm.access.models import Role
from tenants.db import db
from tests.support.api import places, problem
from tests.support.clients import Phone
from tests.support.installation import Installation
from tests.support.making import Maker

Api = Callable[..., Phone]
KEY = {"Idempotency-Key": "5b0e7a3c-1f"}


def same(first: TestResponse, second: TestResponse) -> bool:
    headers = ("Content-Type", "ETag", "Location")
    return (first.status_code, first.data, [first.headers.get(name) for name in headers]) == (
        second.status_code, second.data, [second.headers.get(name) for name in headers],
    )  # fmt: skip


def test_twice_is_once(api_for: Api) -> None:
    rep = api_for("rep")
    first = rep.post("/companies", json={"name": "Once"}, headers=KEY)
    second = rep.post("/companies", json={"name": "Once"}, headers=KEY)
    assert first.status_code == 201
    assert same(first, second)
    assert "Idempotent-Replayed" not in first.headers
    assert second.headers["Idempotent-Replayed"] == "true"
    assert first.headers["X-Request-ID"] != second.headers["X-Request-ID"]
    assert len(rep.get("/companies").json["items"]) == 1
    assert rep.post("/companies", json={"name": "Once"}, headers={"Idempotency-Key": "another"}).status_code == 201


def test_every_kind_of_write(api_for: Api, make: Maker) -> None:
    rep = api_for("rep")
    deal, stages = make.deal("rep"), make.stages()
    path = f"/opportunities/{deal.id}"
    steps: list[tuple[str, str, dict[str, Any]]] = [
        ("PATCH", path, {"json": {"name": "Renamed"}}),
        ("PUT", f"{path}/stage", {"json": {"stage_id": str(stages[1].id)}}),
        ("PUT", f"{path}/closure", {"json": {"outcome": "won"}}),
        ("DELETE", f"{path}/closure", {}),
        ("PATCH", "/me", {"json": {"name": "Rita Roe"}}),
        ("DELETE", path, {}),
    ]
    for index, (method, address, body) in enumerate(steps):
        headers = {"Idempotency-Key": f"step-{index}"}
        first = rep.open(address, method=method, headers=headers, **body)
        assert first.status_code < 300, first.text
        again = rep.open(address, method=method, headers=headers, **body)
        assert same(first, again)
        assert again.headers["Idempotent-Replayed"] == "true"


def test_another_request_with_the_same_key(api_for: Api, make: Maker) -> None:
    rep, company = api_for("rep"), make.company("rep")
    rep.post("/companies", json={"name": "Once"}, headers=KEY)
    problem(rep.post("/companies", json={"name": "Twice"}, headers=KEY), 422, "key-reused")
    problem(rep.post("/contacts", json={"name": "Once"}, headers=KEY), 422, "key-reused")
    problem(rep.patch(f"/companies/{company.id}", json={"name": "Once"}, headers=KEY), 422, "key-reused")
    assert rep.get("/contacts").json["items"] == []


def test_a_key_is_the_members_own(api_for: Api) -> None:
    for who in ("rep", "teammate"):
        assert api_for(who).post("/companies", json={"name": who}, headers=KEY).json["name"] == who
    assert api_for("outsider").post("/companies", json={"name": "other"}, headers=KEY).json["name"] == "other"


def test_an_error_leaves_the_key_free(api_for: Api, make: Maker) -> None:
    rep = api_for("rep")
    assert places(rep.post("/companies", json={"name": ""}, headers=KEY)) == {"#/name"}
    problem(rep.patch(f"/companies/{make.company('teammate').id}", json={"name": "x"}, headers=KEY), 403)
    problem(rep.delete(f"/companies/{make.company('colleague').id}", headers=KEY), 404)
    assert rep.post("/companies", json={"name": "Mended"}, headers=KEY).status_code == 201


def test_after_a_day_the_key_is_new(api_for: Api, installation: Installation, cast: Any) -> None:
    rep = api_for("rep")
    first = rep.post("/companies", json={"name": "Once"}, headers=KEY)
    schema = sql.Identifier(cast.tenants["acme"].schema_name)
    for age, fresh in (("23 hours", False), ("2 hours", True)):
        with installation.place.owner() as connection:
            move = "UPDATE {}.idempotency_keys SET created_at = created_at - %s::interval"
            connection.execute(sql.SQL(move).format(schema), [age])  # type: ignore[arg-type]
        again = rep.post("/companies", json={"name": "Once"}, headers=KEY)
        assert (again.json["id"] != first.json["id"]) is fresh
    problem(rep.post("/companies", json={"name": "Twice"}, headers=KEY), 422, "key-reused")


def test_what_one_may_see_no_more_is_not_told_again(api_for: Api, make: Maker, acting: Callable[..., Any]) -> None:
    """A role's rule for a field, a narrower scope, another team: the answer of before is not repeated, nor the work."""
    rep = api_for("rep")
    contact = make.contact("rep", name="Ann", phone="+493012345678")
    new, change = {"name": "Bea", "phone": "+493087654321"}, {"job_title": "Head"}
    merge = {"Content-Type": "application/merge-patch+json", "Idempotency-Key": "change"}

    def send() -> list[TestResponse]:
        return [
            rep.post("/contacts", json=new, headers={"Idempotency-Key": "new"}),
            rep.patch(f"/contacts/{contact.id}", json=change, headers=merge),
        ]

    first = send()
    assert all("phone" in answer.json for answer in first)
    for rules in ({"contact.phone": "hidden"}, {"contact.phone": "hidden", "contact:read": "own"}):
        with acting("owner"):
            role = db.session.scalars(select(Role).where(Role.key == "rep")).one()
            role.permissions = {**role.permissions, **rules}
        made, changed = send()
        assert (made.status_code, made.data, changed.status_code, changed.data) == (204, b"", 204, b"")
        assert made.headers["Location"] == first[0].headers["Location"]
        assert {answer.headers.get("Idempotent-Replayed") for answer in (made, changed)} == {"true"}
        assert "ETag" not in changed.headers
    assert len(rep.get("/contacts").json["items"]) == 2
    assert rep.get(f"/contacts/{contact.id}").json["version"] == first[1].json["version"]
    with acting("owner"):
        role = db.session.scalars(select(Role).where(Role.key == "rep")).one()
        role.permissions = {key: value for key, value in role.permissions.items() if key not in rules} | {
            "contact:read": "team"
        }
    assert all(same(*pair) for pair in zip(first, send(), strict=True)), "allowed again, told again"


@pytest.mark.parametrize("key", ["", "a b", "ü", "x" * 201, '"quoted"', "a,b"])
def test_keys_that_cannot_be_used(key: str, api_for: Api) -> None:
    answer = api_for("rep").post("/companies", json={"name": "x"}, headers={"Idempotency-Key": key})
    assert places(answer) == {"Idempotency-Key"}


def test_many_at_once_are_one(api_for: Api) -> None:
    """Those that come second wait for the first and get its answer."""
    barrier, answers = threading.Barrier(4), []

    def send() -> None:
        rep = api_for("rep")
        barrier.wait()
        answers.append(rep.post("/opportunities", json={"name": "Once"}, headers=KEY))

    threads = [threading.Thread(target=send) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.data for answer in answers}) == 1
    assert sum("Idempotent-Replayed" in answer.headers for answer in answers) == 3
    assert len(api_for("rep").get("/opportunities").json["items"]) == 1


def test_who_waits_too_long_is_told(
    api_for: Api, app_with: Callable[..., Flask], installation: Installation, cast: Any
) -> None:
    """The first never ends: whoever comes second does not wait for ever."""
    impatient = app_with(database_statement_timeout_ms=300)
    schema = sql.Identifier(cast.tenants["acme"].schema_name)
    claimed = sql.SQL(
        "INSERT INTO {}.idempotency_keys (member_id, key, fingerprint, headers) VALUES (%s, %s, '', '{{}}')"
    )
    with installation.place.owner() as connection, connection.transaction(force_rollback=True):
        connection.execute(claimed.format(schema), [cast["rep"].member_id, KEY["Idempotency-Key"]])
        answer = api_for("rep", of=impatient).post("/companies", json={"name": "x"}, headers=KEY)
        problem(answer, 409, "in-progress")
        assert answer.headers["Retry-After"] == "1"
    assert api_for("rep").post("/companies", json={"name": "x"}, headers=KEY).status_code == 201
