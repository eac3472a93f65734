"""A request counts against its workspace once it is known who asks; where its share is used up it is told so."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask

from saas_crm.edge.desks import Desks
from saas_crm.edge.shares import BUSY_SECONDS
from tenants.db import db
from tenants.settings import Settings
from tests.support.cast import Cast
from tests.support.clients import browser_of, phone_of
from tests.support.installation import Installation

LONG = 60.0


@pytest.fixture
def crowded(app_with: Callable[..., Flask]) -> Flask:
    """A process of which a workspace gets one thread, and where nobody waits for another to end."""
    app = app_with(web_workspace_threads=1)
    app.extensions["desks"] = Desks(64, 1, pause=0, patience=0)
    return app


def test_a_busy_workspace_says_so_on_pages_and_to_programs(
    crowded: Flask, cast: Cast, installation: Installation
) -> None:
    """A change of the one waits for a row that somebody holds; meanwhile the next is turned away, and no other's is."""
    schema, rep, outsider = cast.tenants["acme"].schema_name, cast["rep"], cast["outsider"]
    made: Any = phone_of(crowded, rep).post("/companies", json={"name": "Held Ltd"})
    held = installation.place.owner()
    with held, held.transaction(), ThreadPoolExecutor(1) as pool:
        held.execute(f"SELECT FROM {schema}.companies WHERE id = %s FOR UPDATE", [made.json["id"]])
        slow = pool.submit(phone_of(crowded, rep).delete, f"/companies/{made.json['id']}")
        _wait_until_somebody_waits(installation)
        page = browser_of(crowded, rep).get("/acme/companies")
        call: Any = phone_of(crowded, rep).get("/companies")
        others = browser_of(crowded, outsider).get("/other/companies")
        nobodys = browser_of(crowded, None).get("/signin")
        stranger = browser_of(crowded, outsider).get("/acme/companies")
        held.execute("ROLLBACK")
        assert slow.result(LONG).status_code == 204
    assert (page.status_code, page.headers["Retry-After"]) == (503, str(BUSY_SECONDS))
    assert "Your workspace has a lot to do" in page.text
    assert (call.status_code, call.headers["Retry-After"]) == (503, str(BUSY_SECONDS))
    assert (call.content_type, call.json["type"].rpartition(":")[2]) == ("application/problem+json", "unavailable")
    assert (others.status_code, nobodys.status_code) == (200, 200)
    assert stranger.status_code == 404, "it is told to nobody who is no member"
    assert browser_of(crowded, rep).get("/acme/companies").status_code == 200, "and a moment later it works again"


def test_who_waits_holds_no_connection_and_is_then_answered(
    crowded: Flask, cast: Cast, installation: Installation
) -> None:
    schema, rep, tenant_id = cast.tenants["acme"].schema_name, cast["rep"], cast.tenants["acme"].id
    desks = crowded.extensions["desks"] = Desks(64, 1, pause=LONG, patience=LONG)
    made: Any = phone_of(crowded, rep).post("/companies", json={"name": "Held Ltd"})
    held = installation.place.owner()
    with crowded.app_context():
        connections: Any = db.engine.pool
    with held, held.transaction(), ThreadPoolExecutor(2) as pool:
        held.execute(f"SELECT FROM {schema}.companies WHERE id = %s FOR UPDATE", [made.json["id"]])
        slow = pool.submit(phone_of(crowded, rep).delete, f"/companies/{made.json['id']}")
        _wait_until_somebody_waits(installation)
        next_one = pool.submit(phone_of(crowded, rep).post, "/companies", json={"name": "Patient Ltd"})
        _until(lambda: desks.told(tenant_id) == (1, 1))
        assert connections.checkedout() == 1, "the slow one's"
        held.execute("ROLLBACK")
        assert slow.result(LONG).status_code == 204
    answer: Any = next_one.result(LONG)
    assert answer.status_code == 201
    kept: Any = phone_of(crowded, rep).get(f"/companies/{answer.json['id']}")
    assert kept.json["name"] == "Patient Ltd"
    assert desks.told(tenant_id)[0] == 0


@pytest.mark.parametrize("by", ["page", "program"])
def test_who_is_locked_out_while_they_wait_is_not_served(
    crowded: Flask, cast: Cast, installation: Installation, by: str
) -> None:
    """They were let in when they asked; by the time it is their turn somebody has locked them out."""
    schema, rep, owner = cast.tenants["acme"].schema_name, cast["teammate"], cast["owner"]
    desks = crowded.extensions["desks"] = Desks(64, 1, pause=LONG, patience=LONG)
    made: Any = phone_of(crowded, owner).post("/companies", json={"name": "Held Ltd"})
    held = installation.place.owner()
    with held, held.transaction(), ThreadPoolExecutor(2) as pool:
        held.execute(f"SELECT FROM {schema}.companies WHERE id = %s FOR UPDATE", [made.json["id"]])
        slow = pool.submit(phone_of(crowded, owner).delete, f"/companies/{made.json['id']}")
        _wait_until_somebody_waits(installation)
        client: Any = phone_of(crowded, rep) if by == "program" else browser_of(crowded, rep)
        name = {"json": {"name": "Too late"}} if by == "program" else {"data": {"name": "Too late"}}
        path = "/companies" if by == "program" else "/acme/companies"
        waits = pool.submit(client.post, path, **name)
        _until(lambda: desks.told(cast.tenants["acme"].id) == (1, 1))
        with installation.place.owner() as at_once:
            at_once.execute(f"UPDATE {schema}.members SET status = 'frozen' WHERE id = %s", [rep.member_id])
        held.execute("ROLLBACK")
        assert slow.result(LONG).status_code == 204
        assert waits.result(LONG).status_code == (401 if by == "program" else 403)
    listed: Any = phone_of(crowded, owner).get("/companies")
    assert "Too late" not in listed.text


def test_who_comes_to_a_full_door_is_told_so_before_anything_is_looked_up(crowded: Flask, cast: Cast) -> None:
    desks = crowded.extensions["desks"] = Desks(0, 1, door_patience=0)
    page = browser_of(crowded, cast["rep"]).get("/acme/companies")
    call: Any = phone_of(crowded, cast["rep"]).get("/companies")
    assert (page.status_code, page.headers["Retry-After"]) == (503, str(BUSY_SECONDS))
    assert (call.status_code, call.json["type"].rpartition(":")[2]) == (503, "unavailable")
    assert desks.told(cast.tenants["acme"].id) == (0, 0)


def test_what_fails_gives_its_thread_back(crowded: Flask, cast: Cast) -> None:
    browser = browser_of(crowded, cast["rep"])
    for path in ("/acme/nowhere", f"/acme/companies/{uuid4()}", "/acme/settings/roles", "/acme/companies"):
        assert browser.get(path).status_code in (200, 403, 404)
    assert browser.post("/acme/companies", data={"name": ""}).status_code == 422
    assert browser.get("/acme/companies").status_code == 200


@pytest.mark.parametrize(("threads", "said", "share"), [(4, None, 3), (1, None, 1), (8, 2, 2)])
def test_one_thread_is_left_unless_something_else_is_said(
    threads: int, said: int | None, share: int, settings: Settings
) -> None:
    changed = settings.model_copy(update={"web_threads": threads, "web_workspace_threads": said})
    assert changed.workspace_threads == share


def _wait_until_somebody_waits(installation: Installation) -> None:
    with installation.place.owner() as look:
        _until(lambda: look.execute("SELECT count(*) FROM pg_locks WHERE NOT granted").fetchone() != (0,))


def _until(so: Callable[[], bool]) -> None:
    for _ in range(600):
        if so():
            return
        threading.Event().wait(0.02)
    raise AssertionError("nobody waits")
