"""What a provider, or somebody in its name, must not do: each is refused, and nobody is signed in."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from saas_crm.access.sso import asking, talking
from tests.support.clients import Browser
from tests.support.identity_provider import CLIENT, IdentityProvider
from tests.web.sso import BEGIN, HERE, decided, refused, turned_away

ClientFor = Callable[..., Browser]


@pytest.mark.parametrize(
    "lies",
    [
        {"claims": {"iss": "http://127.0.0.1:1"}}, {"claims": {"aud": "another client"}}, {"claims": {"aud": None}},
        {"claims": {"aud": [CLIENT, "other"], "azp": "other"}}, {"claims": {"nonce": "of another time"}},
        {"claims": {"nonce": None}}, {"claims": {"exp": 1_600_000_000}}, {"claims": {"exp": None}},
        {"claims": {"email_verified": False}}, {"claims": {"email_verified": None}}, {"claims": {"email": None}},
        {"claims": {"sub": None}}, {"claims": {"at_hash": "AAAA"}}, {"key": "other"}, {"key": "short"},
        {"alg": "HS256"}, {"alg": "none"},
        {"configuration": {"issuer": "http://127.0.0.1:1"}}, {"configuration": {"jwks_uri": "http://127.0.0.1:1/k"}},
    ],
    ids=str,
)  # fmt: skip
def test_what_a_provider_must_not_say_is_refused(
    client_for: ClientFor, provider: IdentityProvider, on: Callable[..., None], lies: dict[str, Any]
) -> None:
    on()
    assert turned_away(client_for(None), provider, lies)


def test_an_answer_nobody_asked_for_is_refused(
    client_for: ClientFor, provider: IdentityProvider, on: Callable[..., None], app: Flask
) -> None:
    on()
    mine, victim = client_for(None), client_for(None)
    planted = provider.consent(mine.get(BEGIN, headers=HERE).location)
    assert refused(victim.get(planted)), "the answer to another browser signs nobody in"
    assert refused(victim.get("/acme/sso/callback?code=x&state=y"))
    led = victim.get(BEGIN, headers=HERE).location
    back = provider.consent(led)
    assert refused(victim.get(back.replace("state=", "state=x")))
    assert refused(victim.get(back)), "one question has one answer"
    led = victim.get(BEGIN, headers=HERE).location
    kept = victim.read_session()
    victim.write_session({**kept, "sso": {**kept["sso"], "at": int(time.time()) - 601}})
    assert refused(victim.get(provider.consent(led)))
    led = victim.get(BEGIN, headers=HERE).location
    mixed = provider.consent(led).replace("iss=http", "iss=https")
    assert refused(victim.get(mixed))
    led = victim.get(BEGIN, headers=HERE).location
    stolen = provider.consent(led)
    kept = victim.read_session()
    victim.write_session({**kept, "sso": {**kept["sso"], "verifier": "another"}})
    assert refused(victim.get(stolen)), "a code is worth nothing without what it was asked with"


def test_an_answer_is_of_the_workspace_that_asked(
    client_for: ClientFor, provider: IdentityProvider, on: Callable[..., None]
) -> None:
    on()
    said = decided(provider)
    assert client_for("outsider").post("/other/settings/security/sso", data=said).status_code == 303
    browser = client_for(None)
    browser.set_cookie("lang", "en")
    back = provider.consent(browser.get(BEGIN, headers=HERE).location)
    assert refused(browser.get(back.replace("/acme/", "/other/")))
    assert browser.get("/other/").status_code == 302


def test_a_provider_that_leads_elsewhere_is_not_followed(
    client_for: ClientFor, provider: IdentityProvider, on: Callable[..., None]
) -> None:
    on()
    provider.lies = {"redirect": f"{provider.issuer}/keys"}
    talking.forget_providers()
    assert refused(client_for(None).get(BEGIN, headers=HERE))


@pytest.mark.parametrize(
    "address",
    ["http://login.acme.example", "https://127.0.0.1/", "https://[::1]/", "https://10.0.0.8/",
     "https://169.254.169.254/", "https://[::ffff:127.0.0.1]/", "https://localhost/", "https:///x"],
)  # fmt: skip
def test_in_production_nothing_inside_is_asked(
    app_with: Callable[..., Flask], address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    production = app_with(environment="production", base_url="https://crm.example", mail_url=None)
    asked: list[Any] = []
    monkeypatch.setattr(asking.httpx, "Client", lambda **how: asked.append(how))
    with production.app_context(), pytest.raises(talking.ProviderFailed):
        talking.discover(address)
    assert asked == []


def test_where_it_is_off_there_is_no_such_page(client_for: ClientFor) -> None:
    assert client_for(None).get(BEGIN, headers=HERE).status_code == 404
    assert client_for(None).get("/acme/sso/callback?code=x").status_code == 404
