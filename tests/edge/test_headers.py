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


def test_what_is_behind_a_mailed_link_is_stored_nowhere(client_for: Callable[..., Browser]) -> None:
    """An invitation names whom it was sent to, before anybody has signed in."""
    for path in ("/acme/invitations/unknown", "/reset/unknown", "/verify/unknown", "/profile/email/undo/unknown"):
        answer = client_for(None).get(path)
        assert answer.headers["Cache-Control"] == "no-store", (path, answer.status_code)


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
    assert answer.headers["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains"
    assert "Strict-Transport-Security" not in client_for(None).get("/signin").headers


def test_every_kind_of_answer_says_https_for_all_below(
    app_with: Callable[..., Flask], client_for: Callable[..., Browser]
) -> None:
    browser = client_for("rep", of=app_with(**SAFE_SITE))
    for path in (*PATHS, "/acme/api/v1/companies", "/acme/api/v1/nothing", "/manifest.webmanifest"):
        answer = browser.get(path, base_url="https://localhost")
        assert answer.headers["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains", path


@pytest.mark.parametrize("method", ["GET", "OPTIONS", "POST"])
@pytest.mark.parametrize("path", ["/signin", "/acme/companies", "/acme/api/v1/companies", "/acme/api/v1/openapi.json"])
def test_no_other_origin_is_let_in(path: str, method: str, client_for: Callable[..., Browser]) -> None:
    asked = {"Origin": "https://evil.example", "Access-Control-Request-Method": "POST",
             "Access-Control-Request-Headers": "authorization"}  # fmt: skip
    answer = client_for("rep").open(path, method=method, headers=asked)
    assert [name for name, _ in answer.headers if name.startswith("Access-Control-")] == []


@pytest.mark.parametrize("path", [*PATHS, "/profile", "/acme/api/v1/companies", "/_assets/x/app.css"])
@pytest.mark.parametrize("method", ["TRACE", "TRACK", "CONNECT"])
def test_nothing_is_traced(path: str, method: str, client_for: Callable[..., Browser]) -> None:
    answer = client_for("rep").open(path, method=method, headers={"X-Secret": "to be told to nobody"})
    assert answer.status_code in (400, 404, 405)
    assert "to be told" not in answer.text


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


@pytest.mark.parametrize(("changes", "prefix"), [({}, ""), (SAFE_SITE, "__Host-")])
def test_every_cookie(
    changes: dict[str, str], prefix: str, app_with: Callable[..., Flask], client_for: Callable[..., Browser]
) -> None:
    """The session's, that of the browser that is known again, and the language's: none for scripts or other hosts."""
    browser, url = client_for(None, of=app_with(**changes)), "https://localhost" if prefix else "http://localhost"
    answers = [
        browser.get("/language/zh_Hans", base_url=url),
        browser.post(
            "/signin", data={"email": "rep@acme.example", "password": PASSWORD}, base_url=url,
            headers={"Referer": f"{url}/signin"},
        ),
    ]  # fmt: skip
    found = {}
    for line in (line for answer in answers for line in answer.headers.getlist("Set-Cookie")):
        name, attributes = line.partition("=")[0], {part.strip().casefold() for part in line.split(";")[1:]}
        if "max-age=0" not in attributes:
            found[name] = attributes
    assert set(found) == {f"{prefix}{name}" for name in ("lang", "session", "browser")}
    for name, attributes in found.items():
        assert {"httponly", "path=/", "samesite=lax"} <= attributes, name
        assert ("secure" in attributes) == bool(prefix), name
        assert not any(part.startswith("domain") for part in attributes), name


def test_the_language_that_was_chosen_before_its_cookie_had_a_prefix_is_kept_once(
    app_with: Callable[..., Flask], client_for: Callable[..., Browser]
) -> None:
    browser, url = client_for(None, of=app_with(**SAFE_SITE)), "https://localhost"
    browser.set_cookie("lang", "zh_Hant", domain="localhost")
    assert 'lang="zh-Hant"' in browser.get("/signin", base_url=url).text
    answer = browser.get("/language/zh_Hans", base_url=url)
    [dropped] = [line for line in answer.headers.getlist("Set-Cookie") if line.startswith("lang=")]
    assert "Max-Age=0" in dropped
    assert 'lang="zh-Hans"' in browser.get("/signin", base_url=url).text


def test_the_session_cookie_is_a_new_one_after_signing_in(client_for: Callable[..., Browser]) -> None:
    browser = client_for(None)
    browser.get("/signin")
    browser.csrf_token()
    before = browser.read_session()
    browser.post("/signin", data={"email": "rep@acme.example", "password": PASSWORD})
    after = browser.read_session()
    assert after["_user_id"]
    assert before["csrf_token"] != after.get("csrf_token")


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
