"""A real server whose every desk one workspace wants: it waits in its own line, and all others are served meanwhile."""

from __future__ import annotations

import threading
import urllib.error
import urllib.request
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from flask import Flask

from saas_crm.edge.desks import WAITING
from tests.support.cast import Cast, Person
from tests.support.clients import phone_of
from tests.support.installation import Installation
from tests.support.server import LiveServer, live_server

DESKS = 4
QUEUE = 30


def ask(server: LiveServer, person: Person, slug: str, path: str, method: str = "GET") -> int:
    """Return the status of an answer of the API."""
    request = urllib.request.Request(
        f"{server.url}/{slug}/api/v1{path}", method=method, headers={"Authorization": f"Bearer {person.token}"}
    )
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as refused:
        return refused.code


def test_another_workspace_is_served_while_one_waits_for_all_it_may_have(
    app: Flask, cast: Cast, installation: Installation
) -> None:
    """Changes of the one wait for rows that somebody holds, and thirty of its reads for their turn behind them."""
    schema, rep, outsider = cast.tenants["acme"].schema_name, cast["rep"], cast["outsider"]
    answers: list[Any] = [phone_of(app, rep).post("/companies", json={"name": f"Held {n}"}) for n in range(DESKS)]
    made = [answer.json["id"] for answer in answers]
    settings = installation.settings.model_copy(
        update={"web_threads": DESKS, "web_workspace_threads": None, "database_statement_timeout_ms": 60_000}
    )
    with (
        live_server(settings, installation.folder, threads=DESKS + WAITING) as server,
        installation.place.owner() as held,
        ThreadPoolExecutor(DESKS + QUEUE) as pool,
    ):
        with held.transaction():
            held.execute(f"SELECT FROM {schema}.companies WHERE name LIKE 'Held %' FOR UPDATE")
            slow = [pool.submit(ask, server, rep, "acme", f"/companies/{one}", "DELETE") for one in made]
            _until_they_wait(installation, DESKS - 1)
            queue = [pool.submit(ask, server, rep, "acme", "/companies") for _ in range(QUEUE)]
            others = [ask(server, outsider, "other", "/companies") for _ in range(10)]
            assert not any(each.done() for each in slow)
        assert others == [200] * 10, "and all that while nothing of the first was answered"
        assert _statuses(slow) <= {204, 503}
        assert 204 in _statuses(slow)
        assert _statuses(queue) <= {200, 503}
        assert ask(server, rep, "acme", "/companies") == 200, "and then it goes on"


def _statuses(asked: list[Future[int]]) -> set[int]:
    return {each.result(60) for each in asked}


def _until_they_wait(installation: Installation, many: int) -> None:
    with installation.place.owner() as look:
        for _ in range(1_000):
            if look.execute("SELECT count(*) FROM pg_locks WHERE NOT granted").fetchone() == (many,):
                return
            threading.Event().wait(0.02)
    raise AssertionError(f"{many} do not wait")
