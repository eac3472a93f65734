"""One workspace never keeps all threads of a process busy: one is left for everybody else."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from uuid import uuid4

import pytest
from flask import Flask

from saas_crm.edge.shares import BUSY_SECONDS, Shares
from tenants.settings import Settings
from tests.support.cast import Cast
from tests.support.clients import browser_of, phone_of
from tests.support.installation import Installation

LONG = 60.0


def test_who_has_its_share_is_turned_away_and_nobody_else() -> None:
    shares, big, small = Shares(2, patience=0), uuid4(), uuid4()
    assert [shares.take(big) for _ in range(4)] == [True, True, False, False]
    assert shares.take(small)
    shares.give_back(big)
    assert [shares.take(big) for _ in range(2)] == [True, False]


def test_nothing_is_kept_of_who_has_gone() -> None:
    shares, tenants = Shares(3), [uuid4() for _ in range(50)]
    for tenant in tenants:
        assert shares.take(tenant)
    for tenant in tenants:
        shares.give_back(tenant)
    assert shares._held == {}


def test_who_waits_is_let_in_when_one_ends() -> None:
    shares, tenant = Shares(1, patience=LONG), uuid4()
    assert shares.take(tenant)
    with ThreadPoolExecutor(2) as pool:
        waiting = {pool.submit(shares.take, tenant) for _ in range(2)}
        while waiting:
            shares.give_back(tenant)
            let_in, waiting = wait(waiting, LONG, FIRST_COMPLETED)
            assert [each.result() for each in let_in] == [True]


@pytest.fixture
def crowded(app_with: Callable[..., Flask]) -> Flask:
    """A process of which a workspace gets one thread, and where nobody waits for another to end."""
    app = app_with(web_workspace_threads=1)
    app.extensions["shares"] = Shares(1, patience=0)
    return app


def test_a_busy_workspace_says_so_on_pages_and_to_programs(
    crowded: Flask, cast: Cast, installation: Installation
) -> None:
    """A change of the one waits for a row that somebody holds; meanwhile the next is turned away, and no other's is."""
    schema, rep, outsider = cast.tenants["acme"].schema_name, cast["rep"], cast["outsider"]
    made = phone_of(crowded, rep).post("/companies", json={"name": "Held Ltd"})
    held = installation.place.owner()
    with held, held.transaction(), ThreadPoolExecutor(1) as pool:
        held.execute(f"SELECT FROM {schema}.companies WHERE id = %s FOR UPDATE", [made.json["id"]])
        slow = pool.submit(phone_of(crowded, rep).delete, f"/companies/{made.json['id']}")
        _wait_until_somebody_waits(installation)
        page = browser_of(crowded, rep).get("/acme/companies")
        call = phone_of(crowded, rep).get("/companies")
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
        for _ in range(600):
            if look.execute("SELECT count(*) FROM pg_locks WHERE NOT granted").fetchone() != (0,):
                return
            threading.Event().wait(0.02)
    raise AssertionError("nobody waits")
