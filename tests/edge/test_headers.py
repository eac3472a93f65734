"""What every answer says to the browser, whatever it answers."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from tests.support.cast import PASSWORD
from tests.support.clients import Browser, Phone

PATHS = ("/", "/signin", "/nothing/here", "/acme/companies", "/acme/nothing", "/healthz", "/readyz", "/metrics")
ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
SAFE_SITE = {"base_url": "https://crm.example"}


def policy(answer: Any) -> dict[str, str]:
    parts = answer.headers["Content-Security-Policy"].split(";")
    return {name: rest for name, _, rest in (part.strip().partition(" ") for part in parts)}


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("who", ["rep", None])
def test_every_answer_has_them(path: str, who: str | None, client_for: Callable[..., Browser]) -> None:
    answer = client_for(who).get(path)
    for name, value in ALWAYS.items():
        assert answer.headers.get(name) == value, name
    assert "camera=()" in answer.headers["Permissions-Policy"]
    assert "X-Powered-By" not in answer.headers
    assert re.fullmatch(r"[A-Za-z0-9_.-]{8,64}", answer.headers["X-Request-ID"])


def test_answers_of_the_api_have_them(api_for: Callable[..., Phone]) -> None:
    for answer in (api_for("rep").get("/companies"), api_for(None, slug="acme").get("/me"), api_for("rep").get("/no")):
        for name, value in ALWAYS.items():
            assert answer.headers.get(name) == value, name


@pytest.mark.parametrize("path", ["/profile", "/acme/companies", "/acme/nothing"])
def test_scripts_run_by_a_nonce_of_this_answer_alone(path: str, client_for: Callable[..., Browser]) -> None:
    browser = client_for("rep")
    seen = set()
    for _ in range(3):
        answer = browser.get(path)
        found = re.search(r"'nonce-([^']+)'", policy(answer)["script-src"])
        assert found is not None
        seen.add(found[1])
        scripts = re.findall(r"<script[^>]*>", answer.text)
        assert scripts
        for tag in scripts:
            assert f'nonce="{found[1]}"' in tag or "application/json" in tag
    assert len(seen) == 3


def test_the_policy_allows_nothing_inline_and_no_other_host(client_for: Callable[..., Browser]) -> None:
    said = policy(client_for("rep").get("/acme/companies"))
    assert said["default-src"] == "'none'"
    assert said["base-uri"] == said["frame-ancestors"] == "'none'"
    assert said["form-action"] == "'self'"
    everything = " ".join(said.values())
    assert "unsafe" not in everything
    assert "*" not in everything
    assert "http" not in everything


def test_pages_of_a_workspace_are_stored_nowhere(client_for: Callable[..., Browser]) -> None:
    assert client_for("rep").get("/acme/companies").headers["Cache-Control"] == "no-store"
    assert client_for("rep").get("/workspaces").headers["Cache-Control"] == "no-store"


def test_assets_are_stored_for_ever(client_for: Callable[..., Browser]) -> None:
    browser = client_for(None)
    address = re.search(r'href="(/_assets/[^"]+\.css)"', browser.get("/signin").text)
    assert address is not None
    answer = browser.get(address[1])
    assert answer.status_code == 200
    assert "immutable" in answer.headers["Cache-Control"]
    assert "Set-Cookie" not in answer.headers


def test_where_it_is_served_over_https(app_with: Callable[..., Flask], client_for: Callable[..., Browser]) -> None:
    safe = app_with(**SAFE_SITE)
    answer = client_for(None, of=safe).get("/signin", base_url="https://localhost")
    assert "max-age=31536000" in answer.headers["Strict-Transport-Security"]
    assert "Strict-Transport-Security" not in client_for(None).get("/signin").headers


@pytest.mark.parametrize(("changes", "name", "secure"), [({}, "session", False), (SAFE_SITE, "__Host-session", True)])
def test_the_session_cookie(
    changes: dict[str, str], name: str, secure: bool, app_with: Callable[..., Flask],
    client_for: Callable[..., Browser],
) -> None:  # fmt: skip
    app = app_with(**changes)
    browser = client_for(None, of=app)
    url = "https://localhost" if secure else "http://localhost"
    data = {"email": "rep@acme.example", "password": PASSWORD}
    headers = {"Referer": f"{url}/signin"} if secure else {}
    answer = browser.post("/signin", data=data, base_url=url, headers=headers)
    assert answer.status_code == 303, answer.text[:300]
    [cookie] = [line for line in answer.headers.getlist("Set-Cookie") if line.startswith(f"{name}=")]
    attributes = {part.strip().casefold() for part in cookie.split(";")[1:]}
    assert {"httponly", "path=/", "samesite=lax"} <= attributes
    assert ("secure" in attributes) == secure
    assert not any(part.startswith("domain") for part in attributes)


def test_the_session_cookie_is_a_new_one_after_signing_in(client_for: Callable[..., Browser]) -> None:
    browser = client_for(None)
    browser.get("/signin")
    before = browser.read_session()
    browser.post("/signin", data={"email": "rep@acme.example", "password": PASSWORD})
    after = browser.read_session()
    assert after["_user_id"]
    assert after.get("csrf_token") != before.get("csrf_token") or "csrf_token" not in before


def test_a_request_id_is_taken_over_or_made(client_for: Callable[..., Browser]) -> None:
    browser = client_for(None)
    assert (
        browser.get("/healthz", headers={"X-Request-ID": "from-the-proxy.1"}).headers["X-Request-ID"]
        == "from-the-proxy.1"
    )
    for odd in ("short", "with space in it", "x" * 65, "<script>alert(1)</script>", "ünïcode-request"):
        answer = browser.get("/healthz", headers={"X-Request-ID": odd})
        assert re.fullmatch(r"[0-9a-f]{32}", answer.headers["X-Request-ID"]), odd


def test_production_does_not_tell_how_long_it_took(
    app_with: Callable[..., Flask], client_for: Callable[..., Browser]
) -> None:
    assert "Server-Timing" in client_for("rep").get("/acme/companies").headers
    live = app_with(environment="production", base_url="https://crm.example", mail_url=None)
    answer = client_for(None, of=live).get("/signin", base_url="https://localhost")
    assert "Server-Timing" not in answer.headers
