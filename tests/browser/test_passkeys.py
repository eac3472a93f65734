"""Passkeys in a real browser with a virtual device: added, signed in with, asked as second step and as proof."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Width
from tests.browser.eyes import Eyes
from tests.support.cast import PASSWORD
from tests.support.server import LiveServer

PageFor = Callable[..., Page]


@pytest.fixture
def page_with_device(page_for: PageFor, live_server: LiveServer) -> PageFor:
    """Open nobody's page, at an address that has a name, with a device that checks its owner."""
    named = f"http://localhost:{urlsplit(live_server.url).port}"
    return lambda width: _with_device(page_for(None, width, at=named, reduced_motion="reduce"))


def _with_device(page: Page) -> Page:
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    session.send("WebAuthn.addVirtualAuthenticator", {"options": {
        "protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
        "isUserVerified": True, "automaticPresenceSimulation": True,
    }})  # fmt: skip
    return page


def _by_password(page: Page, after: str = "") -> None:
    page.goto("/signin" + after)
    page.get_by_label("E-mail").fill("rep@acme.example")
    page.locator("#field-password").fill(PASSWORD)
    page.locator("form[action='/signin'] button[type=submit]").click()


def _sign_out(page: Page) -> None:
    page.goto("/profile")
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/signin")


def test_from_adding_one_to_removing_it(page_with_device: PageFor, width: Width) -> None:
    page = page_with_device(width)
    look = Eyes(page, width, weighs=False)
    _by_password(page, "?next=/profile/passkeys")
    page.wait_for_url(lambda address: urlsplit(address).path == "/profile/passkeys")
    look.see("none yet")
    page.get_by_label("What is it called?").fill("Rita's laptop")
    page.get_by_role("button", name="Add a passkey").click()
    expect(page.get_by_role("heading", name="Your recovery codes")).to_be_visible()
    page.goto("/profile/passkeys")
    expect(page.get_by_text("Rita's laptop")).to_be_visible()
    look.see("one")
    page.get_by_label("What is it called?").fill("Again")
    page.get_by_role("button", name="Add a passkey").click()
    expect(page.locator(".toast-text", has_text="has a passkey of yours already")).to_be_visible()
    _sign_out(page)
    look.see("sign in")
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.wait_for_url("**/acme/")
    _sign_out(page)
    _by_password(page)
    page.wait_for_url("**/signin/code")
    look.see("second step")
    page.get_by_role("button", name="Use your passkey").click()
    page.wait_for_url("**/acme/")
    page.goto("/profile/proof?next=/profile/passkeys")
    look.see("proof")
    page.get_by_role("button", name="Use your passkey instead").click()
    page.wait_for_url(lambda address: urlsplit(address).path == "/profile/passkeys")
    page.goto("/profile/two-factor")
    look.see("two-factor")
    page.goto("/profile/two-factor/codes")
    look.see("new codes")
    page.get_by_role("button", name="Use your passkey instead").click()
    expect(page.get_by_role("heading", name="Your recovery codes")).to_be_visible()
    page.goto("/profile/passkeys")
    page.get_by_role("button", name="Remove").click()
    expect(page.locator(".toast-text", has_text="The passkey is removed.")).to_be_visible()
    assert look.found == []


def test_who_cancels_is_told_and_goes_on_otherwise(page_with_device: PageFor) -> None:
    page = page_with_device("phone")
    page.goto("/signin")
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.locator(".toast-text", has_text="That did not work.")).to_be_visible()
    _by_password(page)
    page.wait_for_url("**/acme/")
