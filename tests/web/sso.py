"""Coming in by single sign-on, and what its settings take."""

from __future__ import annotations

from typing import Any

from werkzeug.test import TestResponse

from saas_crm.access.sso import talking
from tests.support.clients import Browser
from tests.support.identity_provider import CLIENT, SECRET, IdentityProvider
from tests.web.pages import heading

PAGE, BEGIN = "/acme/settings/security/sso", "/acme/sso"
HERE = {"Sec-Fetch-Site": "same-origin"}
"""What a browser says of itself when a page of ours led it on."""


def decided(provider: IdentityProvider, **more: str) -> dict[str, str]:
    """Return the form of the settings that switches this provider on."""
    return {"issuer": provider.issuer, "client_id": CLIENT, "client_secret": SECRET, "enabled": "1", **more}


def come_in(browser: Browser, provider: IdentityProvider, **query: str) -> TestResponse:
    """Go to the provider and back."""
    led = browser.get(BEGIN, query_string=query, headers=HERE)
    assert led.status_code == 302
    return browser.get(provider.consent(led.location))


def turned_away(browser: Browser, provider: IdentityProvider, lies: dict[str, Any]) -> bool:
    """Come back from a provider that lies about something; returns whether that opens nothing."""
    led = browser.get(BEGIN, headers=HERE)
    provider.lies = lies
    talking.forget_providers()
    return refused(browser.get(provider.consent(led.location))) and browser.get("/acme/").status_code == 302


def refused(answer: TestResponse) -> bool:
    """Tell whether single sign-on, and nothing else, refused it."""
    return answer.status_code == 403 and heading(answer) == "Single sign-on did not work"
