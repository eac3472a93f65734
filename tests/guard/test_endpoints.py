"""Every endpoint × everybody: computed from the live list, so that a new page is covered the day it is written."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from saas_crm.edge.declared import declared_for
from tenants.slugs import is_slug
from tests.conftest import Stage
from tests.guard.endpoints import Endpoint, Samples, endpoints, expected, make_samples, unknown
from tests.support.behind import may_wait
from tests.support.cast import Person
from tests.support.clients import Client, browser_of, phone_of
from tests.support.pristine import fingerprint

PEOPLE = ("owner", "admin", "manager", "rep", "teammate", "colleague", "viewer", "stranger", "outsider", None)
PUBLIC = {
    "/", "/healthz", "/readyz", "/metrics", "/internal/domains/ask", "/signin", "/signin/code", "/signout", "/signup",
    "/signup/place", "/signup/slug", "/signup/slug/suggestion", "/forgot", "/reset/<token>", "/verify/<token>",
    "/profile/email/undo/<token>",
    "/invitations/<token>", "/manifest.webmanifest", "/language/<code>", "/privacy-register/<token>",
    "/signin/passkey", "/signin/passkey/options", "/signin/code/passkey", "/signin/code/passkey/options",
    "/pricing", "/billing/stripe/webhook",
    "/signup/strength", "/sso", "/sso/callback", "/photos/<uuid:user_id>/<digest>",
}  # fmt: skip
PUBLIC_API = {"/api/v1/tokens", "/api/v1/openapi.json", "/api/v1/docs", "/api/v1/docs/<section>"}
NOTHING_WAITS = "GET /api/v1/billing/confirmation"
"""Of what is paid nothing waits for an answer to the bank here (tests/mobile_api/test_billing.py)."""
ONLY_FOR_DEVELOPERS = ("/dev/mail", "/styleguide")


@pytest.fixture(scope="module")
def app(on_sale_here: Flask) -> Flask:
    """The application; these tests share one set of records, put back at their end."""
    return on_sale_here


@pytest.fixture(scope="module")
def samples(stage: Stage, app: Flask) -> Iterator[Samples]:
    """One of everything in acme, the rep's own."""
    yield make_samples(app, stage.cast, "rep", "owner")
    stage.pristine.restore()


@pytest.fixture(scope="module")
def foreign(stage: Stage, app: Flask, samples: Samples) -> Samples:
    """One of everything in the other workspace."""
    return make_samples(app, stage.cast, "outsider", "outsider")


def client_of(app: Flask, endpoint: Endpoint, person: Person | None, slug: str) -> Client:
    return phone_of(app, person, slug) if endpoint.is_api else browser_of(app, person)


def ask(app: Flask, endpoint: Endpoint, person: Person | None, address: str, slug: str) -> TestResponse:
    """Send one request; a program's write says nothing, but in the right format."""
    body = {}
    if endpoint.is_api and endpoint.method in ("POST", "PUT", "PATCH"):
        patch = "application/merge-patch+json" if endpoint.method == "PATCH" else "application/json"
        body = {"data": "{}", "content_type": patch}
    return client_of(app, endpoint, person, slug).open(address, method=endpoint.method, **body)


def waits(endpoint: Endpoint, status: int) -> bool:
    """Whether somebody who may ask is told "being upgraded" where the workspaces are a release behind (TEST_BEHIND)."""
    return endpoint.in_workspace and may_wait(endpoint.method, endpoint.rule.rule, status)


def test_every_endpoint_declares_who_may_call_it(app: Flask) -> None:
    silent = {rule.rule for rule in app.url_map.iter_rules() if declared_for(app.view_functions[rule.endpoint]) is None}
    assert silent == set()


def test_public_endpoints_are_these_and_no_others(app: Flask) -> None:
    found = {e.rule.rule for e in endpoints(app) if e.declared.kind == "public"}
    known = {rule for rule in found if not rule.startswith(ONLY_FOR_DEVELOPERS)}
    assert known - PUBLIC_API == PUBLIC
    assert known & PUBLIC_API == {rule for rule in known if rule.startswith("/api/")}


def test_no_workspace_can_take_the_address_of_a_page(app: Flask) -> None:
    """A slug of the same name would put a workspace in front of our own page."""
    outside = {e.rule.rule.split("/")[1] for e in endpoints(app) if not e.in_workspace}
    assert {segment for segment in outside if is_slug(segment)} == set()


def test_production_has_no_endpoint_for_developers(stage: Stage) -> None:
    from saas_crm.app import create_app

    safe = stage.installation.settings.model_copy(
        update={"environment": "production", "base_url": "https://crm.example", "mail_url": None}
    )
    rules = {rule.rule for rule in create_app(safe).url_map.iter_rules()}
    assert {rule for rule in rules if rule.startswith(ONLY_FOR_DEVELOPERS)} == set()


def test_every_argument_of_an_address_has_a_sample(app: Flask, samples: Samples) -> None:
    names = {name for endpoint in endpoints(app) for name in endpoint.rule.arguments}
    assert names - set(samples.values) == set(), "add a sample to tests/guard/endpoints.py"


@pytest.mark.parametrize("who", PEOPLE)
def test_reading_is_answered_as_declared(who: str | None, app: Flask, stage: Stage, samples: Samples) -> None:
    person = stage.cast[who] if who else None
    wrong = []
    for endpoint in endpoints(app):
        if endpoint.method != "GET" or endpoint.declared.kind in ("public", "operator-door"):
            continue
        refused = expected(endpoint, person, samples, stage.cast)
        answer = ask(app, endpoint, person, samples.address(app, endpoint), samples.slug)
        status = answer.status_code
        fits = status in refused if refused else status < 400 or _is_missing(endpoint, status)
        if not (fits or waits(endpoint, status)):
            wrong.append(f"{endpoint}: {status}, expected {refused or 'an answer'}")
        if person is not None and answer.headers.get("Cache-Control") != "no-store":
            wrong.append(f"{endpoint}: may be kept by the browser")
    assert wrong == []


def test_writing_is_refused_as_declared_and_changes_nothing(app: Flask, stage: Stage, samples: Samples) -> None:
    """Only what must be refused is tried; what each page changes for whom it lets in has tests of its own."""
    wrong = []
    place, schemas = stage.installation.place, [tenant.schema_name for tenant in stage.cast.tenants.values()]
    before = fingerprint(place, schemas)
    for who, endpoint in itertools.product(PEOPLE, list(endpoints(app))):
        person = stage.cast[who] if who else None
        refused = expected(endpoint, person, samples, stage.cast)
        if endpoint.method in {"GET", "HEAD"} or not refused:
            continue
        status = ask(app, endpoint, person, samples.address(app, endpoint), samples.slug).status_code
        if status not in refused and not waits(endpoint, status):
            wrong.append(f"{who}, {endpoint}: {status}, expected {refused}")
    assert wrong == []
    assert fingerprint(place, schemas) == before


@pytest.mark.parametrize("exists", [True, False], ids=["ids of another tenant", "ids of nobody"])
def test_another_tenants_ids_do_not_exist(
    exists: bool, app: Flask, stage: Stage, samples: Samples, foreign: Samples
) -> None:
    """The owner of acme may do everything there, and still finds none of the other's records."""
    strangers = foreign if exists else unknown(foreign)
    owner = stage.cast["owner"]
    wrong = []
    for endpoint in endpoints(app):
        ids = [name for name in endpoint.rule.arguments if name.endswith("_id")]
        if not endpoint.in_workspace or not ids:
            continue
        answer = ask(app, endpoint, owner, strangers.address(app, endpoint, slug="acme"), "acme")
        if answer.status_code not in _not_found(endpoint) and not waits(endpoint, answer.status_code):
            wrong.append(f"{endpoint}: {answer.status_code}")
        if "Canary" in answer.text or "outsider" in answer.text:
            wrong.append(f"{endpoint}: tells what it found")
    assert wrong == []


def test_another_tenants_cookie_and_token_open_nothing(app: Flask, stage: Stage, samples: Samples) -> None:
    """A workspace one is no member of answers as one that is not there: word for word the same."""
    wrong = []
    outsider, nobody = stage.cast["outsider"], Person("x", "", "", stage.cast["rep"].user_id, "", "", token="unknown")
    for endpoint in endpoints(app):
        if endpoint.in_workspace and endpoint.declared.kind != "public":
            here = ask(app, endpoint, outsider, samples.address(app, endpoint), "acme")
            if endpoint.is_api:
                there = ask(app, endpoint, nobody, samples.address(app, endpoint), "acme")
            else:
                there = ask(app, endpoint, outsider, samples.address(app, endpoint, slug="nowhere-at-all"), "acme")
            if here.status_code != (401 if endpoint.is_api else 404) or _said(here) != _said(there):
                wrong.append(f"{endpoint}: {here.status_code}, {there.status_code}")
    assert wrong == []


def test_pages_of_a_workspace_are_only_there_and_pages_outside_only_outside(
    app: Flask, stage: Stage, samples: Samples
) -> None:
    wrong = []
    outside = {e.rule.rule for e in endpoints(app) if not e.in_workspace}
    inside = {e.rule.rule for e in endpoints(app) if e.in_workspace}
    for endpoint in endpoints(app):
        if endpoint.method != "GET" or endpoint.declared.place == "anywhere":
            continue
        address = samples.address(app, endpoint)
        if endpoint.in_workspace and endpoint.rule.rule not in outside:
            other = address.removeprefix("/acme") or "/"
        elif not endpoint.in_workspace and endpoint.rule.rule not in inside:
            other = f"/acme{address}"
        else:
            continue
        status = ask(app, endpoint, stage.cast["owner"], other, "acme").status_code
        if status not in (404, 308):
            wrong.append(f"{other}: {status}")
    assert wrong == []


def test_no_answer_to_anybody_is_a_server_error(app: Flask, stage: Stage, samples: Samples) -> None:
    """HEAD, OPTIONS and a method no endpoint has, on every address."""
    wrong = []
    for endpoint in endpoints(app):
        if endpoint.method != "GET":
            continue
        address = samples.address(app, endpoint)
        for who, method in (("owner", "HEAD"), ("owner", "OPTIONS"), (None, "PROPFIND")):
            person = stage.cast[who] if who else None
            status = client_of(app, endpoint, person, "acme").open(address, method=method).status_code
            if status >= 500 and address != "/readyz" and not waits(endpoint, status):
                wrong.append(f"{method} {address}: {status}")
    assert wrong == []


def _is_missing(endpoint: Endpoint, status: int) -> bool:
    """Whether a 404 or 410 only says that the sample's picture, token or mail is not there, or that nothing waits."""
    of_samples = {"digest", "token", "stamp", "path", "archive_id"} & set(endpoint.rule.arguments)
    return status in (404, 410) and (bool(of_samples) or str(endpoint) == NOTHING_WAITS)


def _not_found(endpoint: Endpoint) -> set[int]:
    """Return the statuses of a record that is not there; API writes may be refused for their body before."""
    return {404} if endpoint.method in {"GET", "DELETE"} or not endpoint.is_api else {404, 400, 415, 422, 428}


def _said(answer: TestResponse) -> tuple[int, str]:
    """Return status and words of an answer, without what differs each time: nonces, tokens, the address itself."""
    text = re.sub(r"[A-Za-z0-9_.-]{20,}", "…", answer.text)
    return answer.status_code, text.replace("/nowhere-at-all", "/acme")
