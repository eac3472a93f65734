"""Health, readiness and metrics."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
from flask import Flask

from tests.support.clients import Browser, statements
from tests.support.installation import Installation


@pytest.fixture
def owner(installation: Installation) -> Iterator[psycopg.Connection[Any]]:
    with installation.place.owner() as connection:
        connection.execute("DELETE FROM jobs.procrastinate_workers")
        yield connection
        connection.execute("DELETE FROM jobs.procrastinate_workers")


def seen(connection: psycopg.Connection[Any], ago: str) -> None:
    connection.execute("INSERT INTO jobs.procrastinate_workers (last_heartbeat) VALUES (now() - %s::interval)", [ago])


def test_alive_needs_no_database(client_for: Callable[..., Browser]) -> None:
    answer = client_for(None).get("/healthz")
    assert (answer.status_code, answer.json) == (200, {"status": "ok"})
    assert statements(answer) == 0


def test_ready_when_database_migrations_and_worker_are_well(
    client_for: Callable[..., Browser], owner: psycopg.Connection[Any]
) -> None:
    seen(owner, "5 seconds")
    answer = client_for(None).get("/readyz")
    assert answer.status_code == 200
    assert {name: check["ok"] for name, check in answer.json["checks"].items()} == {
        "database": True, "migrations": True, "worker": True,
    }  # fmt: skip


@pytest.mark.parametrize("ago", ["5 minutes", None])
def test_not_ready_without_a_worker(
    ago: str | None, client_for: Callable[..., Browser], owner: psycopg.Connection[Any]
) -> None:
    if ago:
        seen(owner, ago)
    answer = client_for(None).get("/readyz")
    assert answer.status_code == 503
    assert answer.json["checks"]["worker"]["ok"] is False
    assert answer.json["checks"]["database"]["ok"] is True


def test_not_ready_while_migrations_are_missing(
    client_for: Callable[..., Browser], owner: psycopg.Connection[Any]
) -> None:
    seen(owner, "1 second")
    row = owner.execute("SELECT revision FROM public.shared_version").fetchone()
    assert row is not None
    owner.execute("UPDATE public.shared_version SET revision = '0000'")
    try:
        answer = client_for(None).get("/readyz")
    finally:
        owner.execute("UPDATE public.shared_version SET revision = %s", row)
    assert answer.status_code == 503
    assert answer.json["checks"]["migrations"]["ok"] is False


def test_ready_beside_a_newer_release(client_for: Callable[..., Browser], owner: psycopg.Connection[Any]) -> None:
    """`db upgrade` of the next release must not take the processes that serve out of the load balancer."""
    seen(owner, "1 second")
    row = owner.execute("SELECT revision FROM public.shared_version").fetchone()
    try:
        owner.execute("UPDATE public.shared_version SET revision = '9999'")
        assert client_for(None).get("/readyz").status_code == 200
    finally:
        owner.execute("UPDATE public.shared_version SET revision = %s", row)


def test_metrics_name_routes_and_no_records(client_for: Callable[..., Browser], make: Any) -> None:
    company = make.company("rep", name="Nobody's business")
    client_for("rep").get(f"/acme/companies/{company.id}")
    client_for("rep").get("/acme/no-such-page-at-all")
    text = client_for(None).get("/metrics").text
    assert 'route="/companies/<uuid:company_id>"' in text
    assert "http_request_seconds_bucket" in text
    assert "http_request_sql_statements_sum" in text
    assert str(company.id) not in text
    assert "no-such-page" not in text
    assert "acme" not in text
    assert not re.search(r"@[a-z]+\.example", text)


def test_metrics_are_for_this_machine_or_for_the_token(
    app_with: Callable[..., Flask], client_for: Callable[..., Browser]
) -> None:
    from pydantic import SecretStr

    away = {"REMOTE_ADDR": "203.0.113.9"}
    assert client_for(None).get("/metrics", environ_base=away).status_code == 404
    for name in ("X-Forwarded-For", "Forwarded", "X-Real-IP", "Via"):
        assert client_for(None).get("/metrics", headers={name: "127.0.0.1"}).status_code == 404, name
    guarded = app_with(metrics_token=SecretStr("a token for the scraper"))
    browser = client_for(None, of=guarded)
    assert browser.get("/metrics").status_code == 404
    for wrong in ("Bearer wrong", "a token for the scraper", "Bearer ünïcode"):
        assert browser.get("/metrics", headers={"Authorization": wrong}).status_code == 404
    right = {"Authorization": "Bearer a token for the scraper"}
    assert browser.get("/metrics", headers=right, environ_base=away).status_code == 200
