"""What stays when a part of the page changes or the session ends: the focus, the place on the page, the words."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from playwright.sync_api import Page, expect

from tests.browser.conftest import Width
from tests.support.cast import PASSWORD, Cast
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


def test_a_note_survives_a_new_address_of_the_workspace(page_for: PageFor, make: Maker) -> None:
    company = make.company("rep", name="Ada Ltd")
    rep, owner = page_for("rep"), page_for("owner")
    for page, form in ((rep, f"/acme/companies/{company.id}"), (owner, "/acme/settings/address")):
        page.goto(form)
    rep.locator(".note-box textarea").fill("Half of it")
    expect(rep.locator(".note-box .save-state")).not_to_be_empty()
    owner.locator("[name=slug]").fill("apex")
    owner.locator("main form button[type=submit]").last.click()
    owner.wait_for_url("**/apex/settings/address")
    rep.goto(f"/acme/companies/{company.id}")
    rep.wait_for_url(f"**/apex/companies/{company.id}")
    note = rep.locator(".note-box textarea")
    expect(note).to_have_value("Half of it")
    owner.goto("/apex/settings/address")
    owner.locator("[name=slug]").fill("azur")
    owner.locator("main form button[type=submit]").last.click()
    owner.wait_for_url("**/azur/settings/address")
    note.fill("All of it")
    rep.locator(".note-box button[type=submit]").click()
    expect(rep.locator(".timeline, main").get_by_text("All of it").last).to_be_visible()
    rep.goto(f"/azur/companies/{company.id}")
    expect(rep.locator(".note-box textarea")).to_have_value("")
    expect(rep.get_by_text("All of it")).to_be_visible()


def test_words_kept_under_the_former_key_are_found(page_for: PageFor, cast: Cast) -> None:
    page = page_for("rep")
    page.goto("/acme/companies")
    kept = {"at": int(datetime.now(UTC).timestamp() * 1000), "words": {"name": ["Half"]}}
    before = f"draft:acme:{cast['rep'].member_id}:company:new"
    page.evaluate("([key, kept]) => localStorage.setItem(key, JSON.stringify(kept))", [before, kept])
    page.goto("/acme/companies/new")
    expect(page.locator("[name=name]")).to_have_value("Half")
    assert page.evaluate("key => localStorage.getItem(key)", before) is None


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
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/signin")
    assert page.evaluate(drafts) == "[]"
