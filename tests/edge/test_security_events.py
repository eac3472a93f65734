"""What may be an attack is a line of its own in the log: one name for each, and ids alone."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import structlog
from flask import Flask

from saas_crm.access.rules import PER_ACCOUNT
from tests.support.cast import PASSWORD, Cast
from tests.support.clients import Browser, Phone, browser_of, phone_of

Written = tuple[Flask, io.StringIO]


@pytest.fixture
def written(app_with: Callable[..., Flask], monkeypatch: pytest.MonkeyPatch) -> Iterator[Written]:
    """An application, and what it logs."""
    output, before = io.StringIO(), structlog.get_config()
    with monkeypatch.context() as patched:
        patched.setattr(sys, "stderr", output)
        app = app_with(log_level="INFO")
    yield app, output
    structlog.configure(**before)


def events(output: io.StringIO) -> list[dict[str, Any]]:
    found = [json.loads(line) for line in output.getvalue().splitlines()]
    return [line for line in found if line["event"].startswith("security: ")]


def told(output: io.StringIO) -> dict[str, Any]:
    """Return the one event that was told, without what every line has."""
    [line] = events(output)
    assert line["level"] == "warning"
    assert len(line["request_id"]) == 32
    assert line["timestamp"].endswith("Z")
    return {name: line[name] for name in line.keys() - {"level", "request_id", "timestamp"}}


def test_what_was_refused_for_lack_of_rights(written: Written, cast: Cast) -> None:
    app, output = written
    assert browser_of(app, cast["viewer"]).post("/acme/companies", data={"name": "Secret"}).status_code == 403
    assert told(output) == {
        "event": "security: rights refused", "route": "/companies", "status": 403, "permission": "company:create",
        "tenant": str(cast.tenants["acme"].id), "member": str(cast["viewer"].member_id),
    }  # fmt: skip
    assert "Secret" not in output.getvalue()


def test_what_a_program_was_refused(written: Written, cast: Cast) -> None:
    app, output = written
    assert phone_of(app, cast["viewer"]).post("/companies", json={"name": "Secret"}).status_code == 403
    assert told(output)["event"] == "security: rights refused"
    assert told(output)["member"] == str(cast["viewer"].member_id)


def test_a_form_without_its_token(written: Written, cast: Cast) -> None:
    app, output = written
    assert browser_of(app, cast["rep"]).post("/acme/companies", csrf=False).status_code == 400
    assert told(output)["event"] == "security: form token refused"


@pytest.mark.parametrize("path", ["/acme/api/v1/companies", "/acme/api/v1/me"])
def test_a_token_nobody_has(written: Written, path: str) -> None:
    app, output = written
    stranger: Phone = phone_of(app, None, "acme")
    assert stranger.get(path).status_code == 401
    assert events(output) == [], "who sends no token is no attack"
    stranger.token = "crm_guessed"
    assert stranger.get(path).status_code == 401
    assert told(output)["event"] == "security: token refused"
    assert "guessed" not in output.getvalue()


def test_passwords_that_do_not_fit_and_then_the_wait(written: Written) -> None:
    app, output = written
    nobody: Browser = browser_of(app, None)
    for _number in range(PER_ACCOUNT.free + 1):
        answer = nobody.post("/signin", data={"email": "rep@acme.example", "password": "guessed"})
    assert answer.status_code == 429
    names = [line["event"] for line in events(output)]
    assert names == ["security: sign-in refused"] * PER_ACCOUNT.free + ["security: throttled"]
    assert "rep@acme" not in output.getvalue()
    assert "guessed" not in output.getvalue()


def test_a_program_that_guesses(written: Written) -> None:
    app, output = written
    body = {"email": "rep@acme.example", "password": "guessed", "name": "x"}
    assert phone_of(app, None, "acme").post("/tokens", json=body).status_code == 401
    assert told(output)["event"] == "security: sign-in refused"


def test_a_network_that_is_not_let_in(written: Written, cast: Cast) -> None:
    app, output = written
    here = {"REMOTE_ADDR": "203.0.113.7"}
    decided = browser_of(app, cast["owner"]).post(
        "/acme/settings/security/entry", data={"networks": "203.0.113.0/24"}, environ_overrides=here
    )
    assert decided.status_code == 303
    answer = browser_of(app, cast["rep"]).get("/acme/", environ_overrides={"REMOTE_ADDR": "198.51.100.1"})
    assert answer.status_code == 403
    assert told(output)["event"] == "security: network refused"
    assert "198.51.100.1" not in output.getvalue()


def test_an_answer_of_single_sign_on_that_nobody_asked_for(written: Written, cast: Cast) -> None:
    app, output = written
    owner = browser_of(app, cast["owner"])
    said = {"issuer": "https://id.example", "client_id": "x", "client_secret": "y"}
    assert owner.post("/acme/settings/security/sso", data=said).status_code == 303
    assert owner.get("/acme/sso/callback?code=x&state=y").status_code == 404, "it is not on"
    assert events(output) == []


def test_what_is_good_is_no_event(written: Written, cast: Cast) -> None:
    app, output = written
    browser = browser_of(app, None)
    browser.post("/signin", data={"email": "rep@acme.example", "password": PASSWORD})
    assert browser.get("/acme/companies").status_code == 200
    assert browser.get("/acme/companies/00000000-0000-0000-0000-000000000000").status_code == 404
    assert browser.post("/acme/companies", data={"name": ""}).status_code == 422
    assert phone_of(app, cast["rep"]).get("/companies").status_code == 200
    assert events(output) == []
