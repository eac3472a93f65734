"""Looking as somebody else: forms say that nothing can be saved before anybody types into them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.axe import findings, sideways
from tests.browser.conftest import Width
from tests.support.cast import Cast
from tests.support.making import Maker

PageFor = Callable[..., Page]
MOST = 56
"""Pixels of the phone that the line at the top may take."""


@pytest.fixture
def looking(page_for: PageFor, cast: Cast, width: Width) -> Page:
    page = page_for("admin", width)
    page.goto(f"/acme/settings/members/{cast['rep'].member_id}")
    page.get_by_role("button", name="View as").click()
    expect(page.get_by_text("You see this as Rita Rep.")).to_be_visible()
    return page


def test_a_form_is_locked_and_says_why(looking: Page, make: Maker, width: Width) -> None:
    company = make.company("rep", name="Locked Ltd")
    for address in ("contacts/new", f"companies/{company.id}/edit", "deals/new", "log"):
        looking.goto(f"/acme/{address}")
        form = looking.locator("main form[method=post]").last
        expect(form.get_by_text("You are only looking: nothing can be saved here.")).to_be_visible()
        writable = form.locator(":is(input:not([type=hidden]), textarea, select, button):enabled")
        expect(writable).to_have_count(0)
        assert findings(looking) == []
        assert not sideways(looking)
    if width == "phone":
        assert looking.locator("main > .looking").bounding_box()["height"] <= MOST  # type: ignore[index]


def test_searching_and_leaving_stay_open(looking: Page, make: Maker) -> None:
    make.company("rep", name="Findable Ltd")
    looking.goto("/acme/companies")
    looking.get_by_role("searchbox").last.fill("Findable")
    expect(looking.get_by_text("Findable Ltd")).to_be_visible()
    looking.get_by_role("button", name="Leave").click()
    expect(looking.locator(".toast-text")).to_have_text("You are yourself again.")
    looking.goto("/acme/contacts/new")
    expect(looking.locator("[name=name]")).to_be_enabled()
