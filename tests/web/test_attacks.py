"""Attacks that no single page is answerable for: a forged host, and frames."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.support.clients import Browser
from tests.support.mailbox import Mailbox, body

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
    "path",
    ["/signin", "/signin/code", "/profile/passkeys", "/profile/proof", "/acme/settings/security/sso",
     "/acme/settings/security/entry", "/acme/settings/tokens", "/acme/sso/callback"],
)  # fmt: skip
def test_nothing_that_signs_in_or_decides_is_put_into_a_frame(client_for: ClientFor, path: str) -> None:
    page = client_for("owner").get(path)
    assert page.headers["X-Frame-Options"] == "DENY"
    assert "frame-ancestors 'none'" in page.headers["Content-Security-Policy"]
