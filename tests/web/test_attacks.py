"""Attacks that no single page is answerable for: a forged host, and frames."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask

from tests.support.cast import Cast
from tests.support.clients import Browser
from tests.support.mailbox import Mailbox, body
from tests.support.second_factor import with_app
from tests.support.signing_in import enter

ClientFor = Callable[..., Browser]
EVIL = {"Host": "evil.example", "X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "https",
        "Forwarded": "host=evil.example"}  # fmt: skip


def test_a_forged_host_is_in_no_mail_and_no_redirect(client_for: ClientFor, mailbox: Mailbox) -> None:
    nobody = client_for(None)
    told = {name: value for name, value in EVIL.items() if name != "Host"}
    nobody.post("/forgot", data={"email": "rep@acme.example"}, headers=told)
    mails = mailbox.arrived("rep@acme.example")
    assert len(mails) == 1
    assert "evil.example" not in body(mails[0])
    assert "http://localhost/reset/" in body(mails[0])
    assert nobody.get("/acme/contacts", headers=told).location == "/signin?next=%2Facme%2Fcontacts"
    assert nobody.get("/acme/contacts", headers=EVIL).location == "/signin?next=%2Facme%2Fcontacts"


@pytest.mark.parametrize(
    ("who", "path", "status"),
    [(None, "/signin", 200), (None, "/signup", 200), (None, "/forgot", 200), (None, "/signin/code", 303),
     (None, "/acme/sso/callback", 404), ("owner", "/profile/passkeys", 200), ("owner", "/profile/proof", 200),
     ("owner", "/acme/settings/security/sso", 200), ("owner", "/acme/settings/security/entry", 200),
     ("owner", "/acme/settings/tokens", 200)],
)  # fmt: skip
def test_nothing_that_signs_in_or_decides_is_put_into_a_frame(
    client_for: ClientFor, who: str | None, path: str, status: int
) -> None:
    page = client_for(who).get(path)
    assert page.status_code == status, "else these are not the headers of that page"
    assert page.headers["X-Frame-Options"] == "DENY"
    assert "frame-ancestors 'none'" in page.headers["Content-Security-Policy"]


def test_the_page_that_asks_for_a_code_is_put_into_no_frame(client_for: ClientFor, app: Flask, cast: Cast) -> None:
    with_app(app, cast["rep"])
    nobody = client_for(None)
    enter(nobody)
    page = nobody.get("/signin/code")
    assert (page.status_code, page.headers["X-Frame-Options"]) == (200, "DENY")
