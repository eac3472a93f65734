"""Who begins single sign-on, and what is left of it."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable

import pytest
from flask import Flask

from saas_crm.access.sso import talking
from tests.support.cast import Cast
from tests.support.clients import Browser
from tests.support.contents import everything
from tests.support.identity_provider import IdentityProvider
from tests.support.installation import Installation
from tests.web.pages import heading
from tests.web.sso import BEGIN, HERE, come_in, refused

ClientFor = Callable[..., Browser]


@pytest.mark.parametrize("headers", [
    {}, {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "none"}, {"Sec-Fetch-Site": "same-site"},
    {"Referer": "https://evil.example/"}, {"Referer": "http://localhost.evil.example/"},
    {"Sec-Fetch-Site": "cross-site", "Referer": "http://localhost/signin"},
], ids=str)  # fmt: skip
def test_a_link_from_elsewhere_signs_nobody_in_unasked(
    client_for: ClientFor, provider: IdentityProvider, on: Callable[..., None], headers: dict[str, str]
) -> None:
    on()
    browser = client_for(None)
    page = browser.get(BEGIN, query_string={"next": "/acme/contacts"}, headers=headers)
    assert page.status_code == 200
    assert heading(page) == "Sign in to Acme Instruments"
    assert 'href="/acme/sso?next=/acme/contacts"' in page.text.replace("%2F", "/")
    assert "sso" not in browser.read_session(), "nothing was begun"
    assert provider.asked == []


@pytest.mark.parametrize("after", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"])
def test_it_never_leads_to_another_site(
    client_for: ClientFor, provider: IdentityProvider, on: Callable[..., None], after: str
) -> None:
    on()
    assert 'href="/acme/sso"' in client_for(None).get(BEGIN, query_string={"next": after}).text
    answer = come_in(client_for(None), provider, next=after)
    assert (answer.status_code, answer.location) == (303, "/acme/")


@pytest.mark.parametrize("headers", [HERE, {"Referer": "http://localhost/signin"}], ids=["new browser", "old browser"])
def test_a_page_of_ours_leads_on_at_once(
    client_for: ClientFor, provider: IdentityProvider, on: Callable[..., None], headers: dict[str, str]
) -> None:
    on()
    assert client_for(None).get(BEGIN, headers=headers).location.startswith(f"{provider.issuer}/authorize?")


def test_who_is_signed_in_and_comes_here_holds_no_two_connections(
    client_for: ClientFor, provider: IdentityProvider, on: Callable[..., None]
) -> None:
    """Pages tell who is signed in, which the shared tables know: every test is watched for who holds both at once."""
    on()
    rep = client_for("rep")
    assert rep.get(BEGIN).status_code == 200
    assert refused(rep.get("/acme/sso/callback?code=x&state=y"))
    assert rep.get("/other/sso", headers=HERE).status_code == 404
    provider.lies = {"configuration": {"issuer": "http://127.0.0.1:1"}}
    talking.forget_providers()
    assert refused(rep.get(BEGIN, headers=HERE))


def test_the_providers_tokens_are_kept_nowhere(
    client_for: ClientFor, provider: IdentityProvider, on: Callable[..., None], app_with: Callable[..., Flask],
    installation: Installation, cast: Cast, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """Not in the browser, not in an answer, not in the log, not in the database."""
    on()
    output = io.StringIO()
    with monkeypatch.context() as patched:
        patched.setattr(sys, "stderr", output)
        browser = client_for(None, of=app_with(log_level="DEBUG"))
    answer = come_in(browser, provider)
    page = browser.get("/acme/")
    assert (answer.status_code, page.status_code, len(provider.given)) == (303, 200, 2)
    assert '"route": "/sso/callback"' in output.getvalue()
    told = [str(answer.headers), answer.text, page.text, str(browser.read_session()), output.getvalue()]
    told += everything(installation, cast.tenants["acme"].schema_name).values()
    with installation.place.owner() as connection:
        for table in ("users", "sessions", "sign_ins", "known_browsers"):
            rows = connection.execute(f"SELECT coalesce(string_agg(t::text, '|'), '') FROM public.{table} t")
            told.append(str(rows.fetchone()))
    for token in provider.given:
        parts = (token, token.lower(), token.rpartition(".")[2])
        assert not [text for text in told if any(part in text for part in parts)]
