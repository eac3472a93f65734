"""Two-factor sign-in in a real browser: set up, kept, asked for, turned off; every page of it looked at."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.browser.conftest import Width
from tests.browser.eyes import Eyes
from tests.support.cast import PASSWORD
from tests.support.second_factor import code_of

PageFor = Callable[..., Page]


def test_from_setting_it_up_to_turning_it_off(page_for: PageFor, width: Width) -> None:
    page = page_for("rep", width, accept_downloads=True, reduced_motion="reduce")
    look = Eyes(page, width, weighs=False)
    secret = _set_up(page, look)
    codes = _keep_codes(page, look)
    _sign_in(page_for, width, look, secret, codes)
    page.goto("/profile/two-factor")
    look.see("on")
    page.get_by_role("link", name="Turn off…").click()
    page.wait_for_url("**/removal")
    look.see("turn off")
    page.get_by_label("Present password").fill(PASSWORD)
    page.get_by_label("Code", exact=False).fill(codes[1])
    page.get_by_role("button", name="Turn off").click()
    expect(page.locator(".toast-text", has_text="Two-factor sign-in is off.")).to_be_visible()
    assert look.found == []


def _set_up(page: Page, look: Eyes) -> str:
    page.goto("/profile")
    page.get_by_role("link", name="Two-factor sign-in").click()
    page.wait_for_url("**/profile/two-factor")
    look.see("off")
    page.get_by_label("Present password").fill(PASSWORD)
    page.get_by_role("button", name="Continue").click()
    page.wait_for_url("**/profile/two-factor/app")
    look.see("picture")
    expect(page.locator("svg.qr")).to_be_visible()
    secret = page.get_by_label("Or type this key").input_value()
    page.get_by_label("Code", exact=False).last.fill("000000")
    page.get_by_role("button", name="Turn on").click()
    expect(page.get_by_text("This code does not fit").first).to_be_visible()
    look.see("wrong code")
    page.get_by_label("Code", exact=False).last.fill(code_of(secret))
    page.get_by_role("button", name="Turn on").click()
    return secret


def _keep_codes(page: Page, look: Eyes) -> list[str]:
    expect(page.get_by_role("heading", name="Your recovery codes")).to_be_visible()
    look.see("codes")
    codes = page.locator(".recovery-codes li").all_inner_texts()
    with page.expect_download() as waiting:
        page.get_by_role("link", name="Download").click()
    kept = Path(waiting.value.path()).read_text(encoding="utf-8")
    assert re.findall(r"^[0-9A-Z-]{14}$", kept, re.MULTILINE) == codes
    assert len(codes) == 10
    page.get_by_role("link", name="I have kept them").click()
    page.wait_for_url("**/profile/two-factor")
    return codes


def _sign_in(page_for: PageFor, width: Width, look: Eyes, secret: str, codes: list[str]) -> None:
    page = page_for(None, width, reduced_motion="reduce")
    outside = Eyes(page, width, weighs=False)
    page.goto("/acme/contacts")
    page.get_by_label("E-mail").fill("rep@acme.example")
    page.get_by_label("Password", exact=False).first.fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url("**/signin/code?**")
    outside.see("code")
    page.get_by_role("link", name="Use a recovery code instead").click()
    page.wait_for_url("**with=recovery**")
    outside.see("recovery code")
    page.get_by_label("Recovery code").fill(codes[0].lower())
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url("**/acme/contacts")
    look.found += outside.found
