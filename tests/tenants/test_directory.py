"""From a slug to the tenant: remembered for seconds, never for the wrong one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from sqlalchemy import event

from tenants.context import ActiveTenant, TenantRequired, current_tenant, speaking, tenant_or_none
from tenants.db import db
from tenants.directory import Directory
from tenants.kept import before_run
from tenants.middleware import SLUG_KEY, SlugMiddleware
from tests.support.cast import Cast, found_another
from tests.support.clients import Browser, browser_of
from tests.support.installation import Installation


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def asked(app: Flask) -> Iterator[list[str]]:
    """The statements the database was asked."""
    statements: list[str] = []

    def note_kept(sql: bytes, _values: Mapping[str, Any]) -> None:
        statements.append(sql.decode())

    with app.app_context():
        for engine in db.engines.values():
            event.listen(engine, "before_cursor_execute", lambda *args: statements.append(args[2]))
    before_run.append(note_kept)
    yield statements
    before_run.remove(note_kept)


def test_an_answer_is_kept_for_seconds_and_no_longer(app: Flask, asked: list[str]) -> None:
    clock = Clock()
    directory = Directory(timeout_ms=1000, ttl=5.0, clock=clock)
    with app.app_context():
        first = directory.by_slug("acme")
        assert first is not None
        assert directory.by_slug("acme") == first
        assert len(asked) == 1
        clock.now += 5.1
        directory.by_slug("acme")
        assert len(asked) == 2
        directory.forget()
        directory.by_slug("acme")
        assert len(asked) == 3


def test_slugs_and_ids_lead_to_the_same_tenant_and_never_to_another(app: Flask, cast: Cast) -> None:
    directory = Directory(timeout_ms=1000)
    with app.app_context():
        for _ in range(2):
            for slug, tenant in cast.tenants.items():
                for found in (directory.by_slug(slug), directory.by_id(tenant.id)):
                    assert found is not None
                    assert (found.id, found.slug, found.schema_name) == (tenant.id, slug, tenant.schema_name)
                    assert tenant.role_name.encode() in found.entry


def test_what_is_not_there_is_not_remembered(app: Flask, asked: list[str]) -> None:
    directory = Directory(timeout_ms=1000)
    with app.app_context():
        for _ in range(2):
            assert directory.by_slug("nobody-has-this") is None
            assert directory.by_id(uuid4()) is None
    assert len(asked) == 4


def test_a_spare_is_found_by_nobody(app: Flask, installation: Installation) -> None:
    with installation.place.owner() as connection:
        row = connection.execute("SELECT id FROM public.tenants WHERE status = 'spare' LIMIT 1").fetchone()
    assert row is not None
    with app.app_context():
        assert Directory(timeout_ms=1000).by_id(row[0]) is None


def test_a_suspended_workspace_is_closed_at_once(app: Flask, cast: Cast, installation: Installation) -> None:
    tenant, owner = found_another(app, "late-payer")
    browser = browser_of(app, owner)
    assert browser.get("/late-payer/companies").status_code == 200
    with installation.place.owner() as connection:
        connection.execute("UPDATE public.tenants SET status = 'suspended' WHERE slug = 'late-payer'")
    answer = browser.get("/late-payer/companies")
    assert answer.status_code == 403
    assert "This workspace is closed for now" in answer.text
    assert browser_of(app, cast["stranger"]).get("/late-payer/companies").status_code == 404, "it is told nothing"
    assert browser_of(app, None).get("/late-payer/companies").status_code == 302
    assert tenant.is_open


def test_who_speaks_is_put_back_whatever_happens(cast: Cast) -> None:
    acme, other = cast.tenants["acme"], cast.tenants["other"]
    with speaking(acme):
        with speaking(other):
            assert current_tenant() is other
        with pytest.raises(ZeroDivisionError), speaking(other):
            raise ZeroDivisionError
        assert current_tenant() is acme
    assert tenant_or_none() is None
    with pytest.raises(TenantRequired):
        current_tenant()


def test_a_name_is_not_remembered_by_the_class(app: Flask, client_for: Callable[..., Browser], cast: Cast) -> None:
    """Two tenants in one process: what pages say of one is never what they said of the other before."""
    names = {slug: tenant.name for slug, tenant in cast.tenants.items()}
    for who, slug, other in (("rep", "acme", "other"), ("outsider", "other", "acme")) * 3:
        text = client_for(who).get(f"/{slug}/").text
        assert names[slug] in text
        assert names[other] not in text


@pytest.mark.parametrize(
    ("path", "slug", "rest"),
    [
        ("/acme/companies", "acme", "/companies"), ("/acme", "acme", ""), ("/acme/", "acme", "/"),
        ("//acme/companies", "acme", "/companies"), ("/signin", None, "/signin"), ("/", None, "/"),
        ("/Acme/x", None, "/Acme/x"), ("/ac/x", None, "/ac/x"), ("/_assets/x", None, "/_assets/x"),
        ("/acme;x/y", None, "/acme;x/y"), ("/acme%2f/y", None, "/acme%2f/y"), ("/a--b/y", None, "/a--b/y"),
    ],
)  # fmt: skip
def test_the_slug_moves_out_of_the_path(path: str, slug: str | None, rest: str) -> None:
    seen: dict[str, Any] = {}

    def inner(environ: dict[str, Any], _start: Any) -> list[bytes]:
        seen.update(environ)
        return []

    environ = {"PATH_INFO": path, "SCRIPT_NAME": "/base", SLUG_KEY: "forged"}
    SlugMiddleware(inner)(environ, lambda *_: None)  # type: ignore[arg-type, return-value]
    assert seen.get(SLUG_KEY) == slug
    assert seen["PATH_INFO"] == rest
    assert seen["SCRIPT_NAME"] == ("/base" + (f"/{slug}" if slug else ""))


def test_nobody_names_a_tenant_by_a_header(client_for: Callable[..., Browser], cast: Cast) -> None:
    """Only the address says which workspace is meant: no header, host or parameter does."""
    browser = client_for("outsider")
    forged = {"X-Tenant": "acme", "X-Forwarded-Prefix": "/acme", "X-Script-Name": "/acme", "X-Original-URL": "/acme/",
              "X-Forwarded-Host": "acme.example", "Host": "acme.localhost"}  # fmt: skip
    answer = browser.get("/other/?tenant=acme&slug=acme", headers=forged)
    assert cast.tenants["acme"].name not in answer.text
    answer = browser.get("/acme/", headers={"X-Tenant": "other"}, environ_base={"SCRIPT_NAME": ""})
    assert answer.status_code == 404


def test_an_entry_is_built_for_each_tenant(cast: Cast) -> None:
    entries = {tenant.entry for tenant in cast.tenants.values()}
    assert len(entries) == len(cast.tenants)
    assert all(
        isinstance(tenant, ActiveTenant) and tenant.entry.startswith(b"SET LOCAL ROLE")
        for tenant in cast.tenants.values()
    )
