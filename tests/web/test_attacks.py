"""Attacks on signing in that no single page is answerable for: a forged host, frames, one guess at many doors."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask

from tests.support.clients import Browser
from tests.support.mailbox import Mailbox, body
from tests.support.security_key import SecurityKey
from tests.web.pages import summary
from tests.web.test_passkeys import options, register

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


def test_a_forged_host_is_no_place_for_passkeys(client_for: ClientFor) -> None:
    key = register(client_for("rep"))
    nobody = client_for(None)
    key.origin = "http://evil.example"
    answer = nobody.post(
        "/signin/passkey", data={"credential": key.sign(options(nobody, "/signin/passkey/options"))}, headers=EVIL
    )
    assert answer.status_code in (400, 422)


@pytest.mark.parametrize(
    "path",
    ["/signin", "/signin/code", "/profile/passkeys", "/profile/proof", "/acme/settings/security/sso",
     "/acme/settings/security/entry", "/acme/settings/tokens", "/acme/sso/callback"],
)  # fmt: skip
def test_nothing_that_signs_in_or_decides_is_put_into_a_frame(client_for: ClientFor, path: str) -> None:
    page = client_for("owner").get(path)
    assert page.headers["X-Frame-Options"] == "DENY"
    assert "frame-ancestors 'none'" in page.headers["Content-Security-Policy"]


def test_guessing_passkeys_from_one_address_must_wait(client_for: ClientFor) -> None:
    nobody, key = client_for(None), SecurityKey()
    statuses = []
    for _number in range(32):
        asked = options(nobody, "/signin/passkey/options")
        statuses.append(nobody.post("/signin/passkey", data={"credential": key.sign(asked)}).status_code)
    assert set(statuses[:30]) == {422}
    assert statuses[-1] == 429


def test_who_has_a_passkey_is_told_to_nobody(client_for: ClientFor) -> None:
    """The question is the same whoever asks, and a key nobody has reads as one that was refused."""
    before = options(client_for(None), "/signin/passkey/options")
    key = register(client_for("rep"))
    after = options(client_for(None), "/signin/passkey/options")
    assert {**before, "challenge": ""} == {**after, "challenge": ""}
    said = []
    for answering in (key, SecurityKey()):
        nobody = client_for(None)
        asked = options(nobody, "/signin/passkey/options")
        wrong = answering.sign(asked, origin="http://elsewhere.example")
        said.append(summary(nobody.post("/signin/passkey", data={"credential": wrong})))
    assert said[0] == said[1]


def test_the_session_that_was_there_before_a_passkey_is_worth_nothing(client_for: ClientFor, app: Flask) -> None:
    key, browser = register(client_for("rep")), client_for(None)
    asked = options(browser, "/signin/passkey/options")
    planted = browser.read_session()
    browser.post("/signin/passkey", data={"credential": key.sign(asked)})
    assert "_user_id" in browser.read_session()
    assert browser.read_session().get("csrf_token") != planted["csrf_token"]
    attacker = client_for(None)
    attacker.write_session(planted)
    assert attacker.get("/acme/").status_code == 302
