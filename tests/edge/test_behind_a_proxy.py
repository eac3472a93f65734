"""Whose address counts, and whether a request came encrypted: what a proxy says, and what anybody can write."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask

from saas_crm.access.rules import PER_ADDRESS
from tests.support.api import problem
from tests.support.clients import Browser, Phone

ClientFor = Callable[..., Browser]
ApiFor = Callable[..., Phone]
ENTRY = "/acme/settings/security/entry"
OFFICE = {"REMOTE_ADDR": "203.0.113.7"}
ELSEWHERE = {"REMOTE_ADDR": "198.51.100.1"}
SAFE_SITE = {"base_url": "https://crm.example"}


def only_from_the_office(client_for: ClientFor) -> None:
    answer = client_for("owner").post(ENTRY, data={"networks": "203.0.113.0/24"}, environ_overrides=OFFICE)
    assert answer.status_code == 303


@pytest.mark.parametrize("header", ["X-Forwarded-For", "X-Real-IP", "Forwarded", "X-Client-IP", "True-Client-IP"])
def test_without_a_proxy_nobody_says_where_they_are(client_for: ClientFor, api_for: ApiFor, header: str) -> None:
    only_from_the_office(client_for)
    forged = {header: "for=203.0.113.7" if header == "Forwarded" else "203.0.113.7"}
    assert client_for("rep").get("/acme/", headers=forged, environ_overrides=ELSEWHERE).status_code == 403
    assert api_for("rep").get("/companies", headers=forged, environ_overrides=ELSEWHERE).status_code == 403
    assert client_for("rep").get("/acme/", environ_overrides=OFFICE).status_code == 200


@pytest.mark.parametrize(("told", "status"), [
    ("203.0.113.7", 200), ("198.51.100.1", 403),
    ("203.0.113.7, 198.51.100.1", 403),  # the first is what the caller wrote, the last what the proxy saw
    ("198.51.100.1, 203.0.113.7", 200), ("", 403),
])  # fmt: skip
def test_of_one_proxy_the_last_word_counts(
    client_for: ClientFor, app_with: Callable[..., Flask], told: str, status: int
) -> None:
    only_from_the_office(client_for)
    behind = app_with(trusted_proxies=1)
    headers = {"X-Forwarded-For": told} if told else {}
    answer = client_for("rep", of=behind).get("/acme/", headers=headers, environ_overrides=ELSEWHERE)
    assert answer.status_code == status


@pytest.mark.parametrize("proxies", [0, 1])
def test_guesses_are_counted_by_the_true_address(
    client_for: ClientFor, app_with: Callable[..., Flask], proxies: int
) -> None:
    """A new forged address with each guess helps nobody."""
    nobody = client_for(None, of=app_with(trusted_proxies=proxies))
    for number in range(PER_ADDRESS.free + 2):
        forged = f"192.0.2.{number}, 198.51.100.1" if proxies else f"192.0.2.{number}"
        data = {"email": f"n{number}@nowhere.example", "password": "guessed"}
        headers = {"X-Forwarded-For": forged}
        answer = nobody.post("/signin", data=data, headers=headers, environ_overrides=ELSEWHERE)
    assert answer.status_code == 429


def test_a_program_is_not_served_over_plain_http(api_for: ApiFor, app_with: Callable[..., Flask]) -> None:
    behind = app_with(trusted_proxies=1, **SAFE_SITE)
    plain, safe = {"X-Forwarded-Proto": "http"}, {"X-Forwarded-Proto": "https"}
    rep = api_for("rep", of=behind)
    for answer in (rep.get("/companies", headers=plain), rep.post("/companies", json={"name": "x"}, headers=plain),
                   api_for(None, "acme", of=behind).get("/openapi.json", headers=plain)):  # fmt: skip
        problem(answer, 403, "https-needed")
        assert "Location" not in answer.headers
    assert rep.get("/companies", headers=safe).status_code == 200
    assert rep.get("/companies").status_code == 200, "asked on this machine, not through the proxy"
    assert rep.get("/companies", headers={"X-Forwarded-Proto": "https, http"}).status_code == 403
    assert rep.get("/companies", headers={"X-Forwarded-Proto": "http, https"}).status_code == 200


def test_without_a_proxy_nobody_says_how_they_came(api_for: ApiFor, app_with: Callable[..., Flask]) -> None:
    alone = app_with(trusted_proxies=0, **SAFE_SITE)
    assert api_for("rep", of=alone).get("/me", headers={"X-Forwarded-Proto": "http"}).status_code == 200
