"""The Back button after a form that was refused first."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.browser.conftest import Width


def test_back_from_a_record_leads_to_its_form_and_not_to_sending_it_again(
    page_for: Callable[..., Page], width: Width
) -> None:
    page = page_for("rep", width)
    page.goto("/acme/companies/new")
    page.locator("#field-name").fill("Backwards Ltd")
    email = page.locator("#field-email")
    email.evaluate("field => { field.type = 'text'; field.form.noValidate = true; }")
    email.fill("x@")
    with page.expect_navigation():
        page.locator("main form[method=post] button[type=submit]").last.click()
    expect(page.locator("#field-email-error")).to_be_visible()
    expect(page).to_have_url(re.compile(r"/acme/companies/new$"))
    page.locator("#field-email").fill("")
    page.locator("main form[method=post] button[type=submit]").last.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Backwards Ltd")
    page.go_back()
    expect(page.locator("#field-name")).to_be_visible()
