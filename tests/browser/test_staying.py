"""What stays when a part of the page changes or the session ends: the focus, the place on the page, the words."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from playwright.sync_api import Page, expect

from tests.browser.conftest import Width
from tests.support.cast import PASSWORD
from tests.support.making import Maker

PageFor = Callable[..., Page]


def test_ticking_off_keeps_focus_and_place(page_for: PageFor, make: Maker, width: Width) -> None:
    company = make.company("rep", name="Ada Ltd")
    due = (datetime.now(UTC) + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M")
    for number in range(25):
        make.activity("rep", kind="task", subject=f"Task {number:02}", due_at=due, company_id=company.id)
    page = page_for("rep", width)
    page.goto("/acme/")
    button = page.get_by_role("button", name="Done: Task 20")
    button.focus()
    before = page.evaluate("scrollY")
    assert before > 0
    for pressed in ("true", "false"):
        page.keyboard.press("Enter")
        expect(button).to_have_attribute("aria-pressed", pressed)
        expect(button).to_be_focused()
    assert page.evaluate("scrollY") == before


def test_words_survive_a_session_that_ends(page_for: PageFor, width: Width) -> None:
    page = page_for("rep", width)
    page.goto("/acme/companies/new")
    page.locator("[name=name]").fill("Rösterei Nordlicht")
    page.locator("[name=city]").fill("Hamburg")
    page.locator("[name=city]").blur()
    cookies = [cookie for cookie in page.context.cookies() if "session" not in cookie["name"]]
    page.context.clear_cookies()
    page.context.add_cookies(cookies)  # type: ignore[arg-type]
    page.locator("main form button[type=submit]").last.click()
    page.goto("/acme/companies/new")
    page.get_by_label("E-mail").fill("rep@acme.example")
    page.locator("[name=password]").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url("**/acme/companies/new")
    expect(page.locator("[name=name]")).to_have_value("Rösterei Nordlicht")
    expect(page.locator("[name=city]")).to_have_value("Hamburg")
    page.locator("main form button[type=submit]").last.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Rösterei Nordlicht")


def test_signing_out_leaves_no_words_behind(page_for: PageFor) -> None:
    """Whoever signs in on this device next finds nothing of what was typed, whatever its fields were called."""
    page = page_for("rep", "desktop")
    page.goto("/acme/companies/new")
    page.evaluate("""() => {
      const odd = Object.assign(document.createElement('input'), { name: '__proto__', value: 'polluted' });
      document.querySelector('form[data-draft]').append(odd);
    }""")
    page.locator("[name=name]").fill("Rösterei Nordlicht")
    page.locator("[name=name]").blur()
    drafts = "JSON.stringify(Object.entries(localStorage).filter(([key]) => key.startsWith('draft')))"
    page.wait_for_function(f"{drafts}.includes('Rösterei Nordlicht')")
    assert "polluted" in page.evaluate(drafts), "it is one word among others"
    assert page.evaluate("({}).polluted === undefined && Object.getPrototypeOf({}) === Object.prototype")
    page.goto("/profile")
    page.evaluate("sessionStorage.setItem('call', JSON.stringify({ at: Date.now() + 3600000, name: 'Ada', log: '/' }))")
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/signin")
    assert page.evaluate(drafts) == "[]"
    assert page.evaluate("sessionStorage.length") == 0, "nor of whom somebody has just rung up"
