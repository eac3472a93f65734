"""A sign-up that was begun yesterday: the words are there, and what became of the address meanwhile is said."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page, expect

PageFor = Callable[..., Page]
RENAMED = """() => {
  for (const [key, kept] of Object.entries(localStorage)) localStorage.setItem(key, kept.replace('acme-mara', 'acme'));
}"""


def test_a_kept_address_that_is_taken_by_now_comes_with_a_free_one(page_for: PageFor) -> None:
    page = page_for(None, "phone")
    page.goto("/signup")
    page.fill("#field-name", "Mara Lindqvist")
    page.fill("#field-slug", "acme-mara")
    expect(page.locator("#field-slug-error")).to_contain_text("acme-mara is free.")
    page.locator("#field-email").focus()  # a change is kept at once
    page.goto("/signin")
    # That somebody takes this very address meanwhile is played by one that is taken.
    page.evaluate(RENAMED)
    page.goto("/signup")
    state = page.locator("#field-slug-error")
    expect(state).to_contain_text("Somebody has this address already.")
    expect(state).to_contain_text("acme-2 is free.")
    expect(page.locator("#field-name")).to_have_value("Mara Lindqvist")
    page.get_by_role("button", name="Take it").click()
    expect(page.locator("#field-slug")).to_have_value("acme-2")
    expect(state).to_contain_text("is free.")
    expect(state).not_to_contain_text("Somebody has")
