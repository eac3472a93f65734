"""The folded parts of a role say on the phone what is set in them, also after it was changed."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

from playwright.sync_api import Page, expect

from saas_crm.access.permissions import CurrentMember
from tests.browser.conftest import Width
from tests.web.roles import own_role


def test_folded_parts_say_what_is_set(
    page_for: Callable[..., Page], acting: Callable[[str], AbstractContextManager[CurrentMember]], width: Width
) -> None:
    page = page_for("admin", width)
    page.goto(own_role(acting))
    row = page.locator("tr", has=page.locator("#field-company__read"))
    told, card = row.locator(".told-line"), page.locator(".permission-card", has=page.locator("#field-audit__read"))
    if width == "desktop":
        expect(told).to_be_hidden()
        expect(card.locator(".told-line")).to_be_hidden()
        return
    expect(told).to_have_text("See: Own", use_inner_text=True)
    row.locator("[data-fold]").click()
    expect(told).to_be_hidden()
    page.locator("#field-company__read").select_option("all")
    page.locator("#field-company__update").select_option("team")
    row.locator("[data-fold]").click()
    expect(told).to_contain_text("See: Everything", use_inner_text=True)
    expect(told).to_contain_text("Edit: Own team", use_inner_text=True)
    expect(told).not_to_contain_text("Delete", use_inner_text=True)
    expect(card.locator(".told-none")).to_have_text("Nothing")
    rules = page.locator(".permission-card", has=page.locator("#field-rule__contact__phone"))
    expect(rules.locator(".told-line")).to_contain_text("Hidden", use_inner_text=True, ignore_case=True)
