"""Providers that name the person beside the ID token, as the standard has it where there is an access token."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.support.clients import Browser
from tests.support.identity_provider import IdentityProvider
from tests.web.sso import come_in, turned_away

ClientFor = Callable[..., Browser]
THIN = {"email": None, "email_verified": None, "name": None}
REP = {"email": "rep@acme.example", "email_verified": True}


def test_who_is_named_beside_the_token_comes_in(
    client_for: ClientFor, provider: IdentityProvider, on: Callable[..., None]
) -> None:
    on()
    provider.lies = {"claims": THIN, "userinfo": {**REP, "name": "Rita Rep"}}
    browser = client_for(None)
    assert come_in(browser, provider).status_code == 303
    assert browser.get("/acme/").status_code == 200


@pytest.mark.parametrize(
    "lies",
    [
        {"claims": THIN}, {"claims": THIN, "userinfo": {**REP, "sub": "somebody else"}},
        {"claims": THIN, "userinfo": {**REP, "sub": None}},
        {"claims": THIN, "userinfo": {**REP, "email_verified": False}},
        {"claims": {"email": None, "email_verified": True}, "userinfo": {"email": REP["email"]}},
        {"claims": THIN, "userinfo": REP, "userinfo_status": 500},
        {"claims": THIN, "userinfo": REP, "configuration": {"userinfo_endpoint": "http://127.0.0.1:1/u"}},
        {"claims": THIN, "userinfo": REP, "configuration": {"userinfo_endpoint": None}},
        {"claims": {**THIN, "nonce": "of another time"}, "userinfo": {**REP, "nonce": "of another time"}},
        {"claims": {"email_verified": False}, "userinfo": REP},
    ],
    ids=str,
)  # fmt: skip
def test_what_must_not_be_said_there_is_refused(
    client_for: ClientFor, provider: IdentityProvider, on: Callable[..., None], lies: dict[str, Any]
) -> None:
    on()
    assert turned_away(client_for(None), provider, lies)


def test_it_is_not_asked_where_the_token_names_the_person(
    client_for: ClientFor, provider: IdentityProvider, on: Callable[..., None]
) -> None:
    on()
    provider.lies = {"userinfo": {"email": "owner@acme.example", "email_verified": True}}
    browser = client_for(None)
    assert come_in(browser, provider).status_code == 303
    assert "Rita Rep" in browser.get("/acme/").text
