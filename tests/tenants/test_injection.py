"""SQL in every field of every form, in every parameter of every address and of the API: nothing gives way.

The fields are found by reading the pages and the API's own description, so a new one is tried the day it is there.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from tests.conftest import Stage
from tests.guard.endpoints import Samples, endpoints, make_samples
from tests.support.clients import browser_of, phone_of
from tests.support.pages import Form, Page, query_names
from tests.support.pristine import fingerprint

PAYLOADS = (
    "'; RESET ROLE; SELECT email, password_hash FROM public.users; --",
    "x') UNION SELECT password_hash FROM public.users --",
    "1; SELECT set_config('role', 'crm_owner', false); --",
    '"; SET search_path = public; SELECT 1; --',
    "$$; RESET ALL; DROP SCHEMA public CASCADE; $$",
    "'||(SELECT string_agg(schema_name, ',') FROM public.tenants)||'",
    "\\'; COMMIT; UPDATE members SET status = 'frozen'; --",
    "%' OR '1'='1",
    "name; DELETE FROM companies",
    "(SELECT pg_sleep(4))",
)
TELLTALES = (
    "$argon2",
    "crm_owner",
    "crm_app",
    "outsider@other.example",
    "PG::",
    "psycopg",
    "sqlalchemy",
    "syntax error at",
)
# What would end the session that tries, or lock its member out.
LEAVES_ALONE = (
    "/signout",
    "/profile/browsers/end",
    "/profile/devices/",
    "/removal",
    "/freezing",
    "/profile/password",
    "/language/",
)


@pytest.fixture(scope="module")
def samples(stage: Stage) -> Iterator[Samples]:
    """One of everything, the owner's own."""
    app = stage.installation.app
    yield make_samples(app, stage.cast, "rep", "owner")
    stage.pristine.restore()


@pytest.fixture
def untouched(stage: Stage) -> Iterator[None]:
    """The other workspace, everybody's sign-ins and the schemas are the same after the test."""
    place, other = stage.installation.place, stage.cast.tenants["other"].schema_name
    cookie_times = ("public.sessions", "public.throttles", "public.mailed_tokens", "jobs.procrastinate_jobs",
                    "jobs.procrastinate_events", "public.users", "public.tenants", "public.memberships",
                    "public.user_photos", "public.archives")  # fmt: skip
    before = fingerprint(place, [other], but=cookie_times)
    counted = _counted(stage)
    yield
    assert fingerprint(place, [other], but=cookie_times) == before
    assert _counted(stage) == counted


def test_every_form(stage: Stage, samples: Samples, untouched: None) -> None:
    app = stage.installation.app
    browser = browser_of(app, stage.cast["owner"])
    wrong = []
    forms = list(_forms(app, stage, samples))
    assert len(forms) >= 8
    for form, (first, everything) in itertools.product(forms, ((0, False), (3, False), (6, True))):
        payloads = itertools.cycle(PAYLOADS[first:] + PAYLOADS[:first])
        values = {name: next(payloads) for name, _, _ in form.fields if name != "csrf_token"}
        sent = form.filled(values, everything=everything)
        answer = browser.open(form.action, method=form.method.upper(), data=sent)
        wrong += _told(f"{form.method} {form.action}", answer)
    assert wrong == []


def test_every_parameter_of_every_address(stage: Stage, samples: Samples, untouched: None) -> None:
    app = stage.installation.app
    browser = browser_of(app, stage.cast["owner"])
    names = query_names(_pages(app, stage, samples)) | {"q", "sort", "after", "limit", "next", "view", "fields"}
    wrong = []
    for endpoint in endpoints(app):
        if endpoint.method != "GET" or endpoint.is_api or endpoint.rule.rule.startswith(LEAVES_ALONE):
            continue
        for first in (0, 5):
            payloads = itertools.cycle(PAYLOADS[first:])
            query = urlencode({name: next(payloads) for name in sorted(names)})
            address = f"{samples.address(app, endpoint)}?{query}"
            wrong += _told(f"GET {endpoint.rule.rule}", browser.get(address))
    assert wrong == []


def test_every_operation_of_the_api(stage: Stage, samples: Samples, untouched: None) -> None:
    app = stage.installation.app
    phone = phone_of(app, stage.cast["owner"])
    description = phone.get("/openapi.json").json
    wrong, tried = [], 0
    for path, operations in description["paths"].items():
        for method, operation in operations.items():
            if method not in ("get", "post", "put", "patch", "delete"):
                continue
            for first in (0, 4):
                payloads = itertools.cycle(PAYLOADS[first:] + PAYLOADS[:first])
                answer = phone.open(
                    _address(path, operation, samples, payloads),
                    method=method.upper(), **_body(description, operation, payloads),
                )  # fmt: skip
                wrong += _told(f"{method} {path}", answer)
                tried += 1
    assert wrong == []
    assert tried > 40


def test_in_headers_and_paths(stage: Stage, samples: Samples, untouched: None) -> None:
    app = stage.installation.app
    wrong = []
    for payload in PAYLOADS:
        browser, phone = browser_of(app, stage.cast["owner"]), phone_of(app, stage.cast["owner"])
        headers = dict.fromkeys(("X-Request-ID", "Accept-Language", "User-Agent", "Referer", "HX-Target"), payload)
        wrong += _told("headers", browser.get("/acme/companies", headers=headers))
        headers = dict.fromkeys(("Idempotency-Key", "If-Match", "Authorization"), payload)
        wrong += _told("API headers", phone.post("/companies", json={"name": "x"}, headers=headers))
        for path in (f"/{quote(payload)}/companies", f"/acme/companies/{quote(payload)}", f"/acme/{quote(payload)}"):
            wrong += _told(path, browser.get(path))
        browser.set_cookie("session", payload)
        wrong += _told("cookie", browser.get("/acme/companies"))
        browser.set_cookie("lang", payload)
        wrong += _told("language", browser.get("/signin"))
    assert wrong == []


def _told(what: str, answer: TestResponse) -> list[str]:
    """Return what an answer gives away: a failure of the server, or words that only a leak could hold."""
    text = answer.get_data().decode(errors="replace")  # some are files
    found = [f"{what}: says {word!r}" for word in TELLTALES if word in text and not _echoed(word)]
    if answer.status_code >= 500 and "/readyz" not in what:
        found.append(f"{what}: {answer.status_code} {text[-300:]}")
    return found


def _echoed(word: str) -> bool:
    """Whether a payload itself says the word, so that a form shown again may, too."""
    return any(word in payload for payload in PAYLOADS)


def _pages(app: Flask, stage: Stage, samples: Samples) -> list[Page]:
    browser = browser_of(app, stage.cast["owner"])
    found = []
    for endpoint in endpoints(app):
        if endpoint.method == "GET" and not endpoint.is_api and not endpoint.rule.rule.startswith("/styleguide"):
            answer = browser.get(samples.address(app, endpoint))
            if answer.mimetype == "text/html":
                found.append(Page(answer.text))
    return found


def _forms(app: Flask, stage: Stage, samples: Samples) -> Iterator[Form]:
    """Yield each form of the product once."""
    seen = set()
    for page in _pages(app, stage, samples):
        for form in page.forms:
            key = (form.action, form.method, tuple(name for name, _, _ in form.fields))
            if form.action and key not in seen and not form.action.rpartition("/acme")[2].endswith(LEAVES_ALONE):
                seen.add(key)
                yield form


def _address(path: str, operation: dict[str, Any], samples: Samples, payloads: Iterator[str]) -> str:
    for name, value in samples.values.items():
        path = path.replace(f"{{{name}}}", str(value))
    asked = [p["name"] for p in operation.get("parameters", ()) if p.get("in") == "query"]
    return f"{path}?{urlencode({name: next(payloads) for name in asked})}" if asked else path


def _body(description: dict[str, Any], operation: dict[str, Any], payloads: Iterator[str]) -> dict[str, Any]:
    for kind, content in operation.get("requestBody", {}).get("content", {}).items():
        schema = content["schema"]
        if "$ref" in schema:
            schema = description["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
        body = {name: next(payloads) for name in schema.get("properties", {"name": None})}
        return {"json": body, "headers": {"Content-Type": kind}}
    return {}


def _counted(stage: Stage) -> list[Any]:
    with stage.installation.place.owner() as connection:
        return connection.execute(
            "SELECT (SELECT count(*) FROM public.users), (SELECT count(*) FROM pg_tables),"
            " (SELECT count(*) FROM pg_roles), (SELECT count(*) FROM pg_namespace WHERE nspname !~ '^pg_')"
        ).fetchall()
