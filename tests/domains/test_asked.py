"""The proxy asks whether it may fetch a certificate: yes only for what was shown to be a workspace's own."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask

from tests.domains.conftest import DOMAIN, claim
from tests.support.cast import Cast
from tests.support.clients import browser_of

ASK = "/internal/domains/ask"


def test_yes_for_a_domain_in_use_alone(served: Flask, own: str) -> None:
    caddy = browser_of(served, None)
    assert caddy.get(f"{ASK}?domain={DOMAIN}").status_code == 200
    assert caddy.get(f"{ASK}?domain={DOMAIN.upper()}").status_code == 200
    for name in ("evil.test", "localhost", "", "127.0.0.1", "acme.test", f"x.{DOMAIN}", f"{DOMAIN}/x", "a" * 3_000):
        assert caddy.get(ASK, query_string={"domain": name}).status_code == 404, name
    assert caddy.get(ASK).status_code == 404


def test_no_for_one_that_is_only_claimed(served: Flask, cast: Cast) -> None:
    claim(served, cast)
    assert browser_of(served, None).get(f"{ASK}?domain={DOMAIN}").status_code == 404


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded", "X-Real-IP", "Via"])
def test_nobody_asks_through_the_proxy(served: Flask, own: str, header: str) -> None:
    answer = browser_of(served, None).get(f"{ASK}?domain={DOMAIN}", headers={header: "127.0.0.1"})
    assert answer.status_code == 404


@pytest.mark.parametrize(("address", "status"), [
    ("127.0.0.1", 200), ("::1", 200), ("172.18.0.5", 200), ("10.1.2.3", 200), ("203.0.113.9", 404),
    ("8.8.8.8", 404), ("2a00:1450::1", 404), ("", 404),
])  # fmt: skip
def test_nobody_asks_from_outside(served: Flask, own: str, address: str, status: int) -> None:
    answer = browser_of(served, None).get(f"{ASK}?domain={DOMAIN}", environ_base={"REMOTE_ADDR": address})
    assert answer.status_code == status


def test_it_is_bounded(own: str, app_with: Callable[..., Flask]) -> None:
    app = app_with()
    limit = app.extensions["asked_limit"]
    caddy = browser_of(app, None)
    while limit.left("all")[0]:
        limit.hit("all")
    answer = caddy.get(f"{ASK}?domain={DOMAIN}")
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) > 0
