"""The components in a real browser: accessible at every width and in both themes, and usable by keyboard."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page, Request, Route, expect

from tests.browser.axe import findings
from tests.browser.conftest import Theme, Width
from tests.browser.eyes import Eyes
from web.styleguide.routes import ERRORS, PARTS

PageFor = Callable[..., Page]


def test_nothing_is_wrong_with_any_part(eyes_of: Callable[..., Eyes]) -> None:
    """What a part weighs is not asked: each holds more than any page does."""
    eyes = eyes_of(None, weighs=False)
    for part in (*PARTS, *(f"errors/{name}" for name in ERRORS)):
        eyes.look(f"/styleguide/{part}")
    assert eyes.found == []


def test_open_menus_and_dialogs_are_accessible(page_for: PageFor, width: Width, theme: Theme) -> None:
    page = page_for(None, width, theme, reduced_motion="reduce")
    page.goto("/styleguide/buttons")
    page.click(".profile-button")
    assert findings(page) == []
    page.keyboard.press("Escape")
    for words in ("Open a sheet", "Ask first"):
        page.click(f"text={words}")
        assert findings(page) == []
        page.keyboard.press("Escape")


def test_a_deal_moves_by_mouse(page_for: PageFor) -> None:
    page = page_for(None)
    page.goto("/styleguide/board")
    page.drag_and_drop("#deal-d1", "#cards-s4")
    expect(page.locator("#cards-s4 #deal-d1")).to_be_visible()


def test_a_deal_moves_by_keyboard_and_is_told_aloud(page_for: PageFor) -> None:
    page = page_for(None)
    page.goto("/styleguide/board")
    page.focus("#deal-d1 .deal-name")
    for key in ("Space", "ArrowRight", "ArrowRight"):
        page.keyboard.press(key)
    page.keyboard.press("Space")
    expect(page.locator("#cards-s3 #deal-d1 .deal-name")).to_be_focused()
    expect(page.get_by_text("Ovens for the new branch moved to Proposal.")).to_be_attached()


def test_escape_puts_a_held_deal_back(page_for: PageFor) -> None:
    page = page_for(None)
    page.goto("/styleguide/board")
    page.focus("#deal-d1 .deal-name")
    for key in ("Space", "ArrowRight", "Escape"):
        page.keyboard.press(key)
    expect(page.locator("#cards-s1 #deal-d1")).to_be_visible()


def test_a_deal_moves_by_buttons_on_the_phone(page_for: PageFor) -> None:
    page = page_for(None, "phone")
    page.goto("/styleguide/board")
    page.locator("#deal-d1 [data-move-button]").click()
    page.locator("#move-sheet").get_by_role("button", name="Negotiation").click()
    expect(page.locator("#cards-s4 #deal-d1")).to_be_attached()


def test_a_refused_move_goes_back_and_says_so(page_for: PageFor) -> None:
    page = page_for(None)
    page.goto("/styleguide/board")
    page.route("**/styleguide/moved", lambda route: route.fulfill(status=500, body="no"))
    page.drag_and_drop("#deal-d1", "#cards-s4")
    expect(page.locator("#toasts")).to_contain_text("could not be moved")
    expect(page.locator("#cards-s1 #deal-d1")).to_be_visible()


def test_a_draft_survives_a_reload_and_can_be_discarded(page_for: PageFor, width: Width) -> None:
    page = page_for(None, width)
    page.goto("/styleguide/forms")
    page.fill("#field-name", "Drafty & Söhne")
    page.fill("#field-password", "secret words")
    page.reload()
    expect(page.locator("#field-name")).to_have_value("Drafty & Söhne")
    expect(page.locator("#field-password")).to_have_value("")
    page.get_by_role("button", name="Discard").click()
    expect(page.locator("#field-name")).to_have_value("")
    assert page.evaluate("Object.keys(localStorage)") == []


def test_a_lost_connection_keeps_the_words_and_says_so(page_for: PageFor) -> None:
    page = page_for(None)
    page.goto("/styleguide/forms")
    page.fill("#field-name", "Acme")
    page.fill("#field-password", "secret words")
    page.context.set_offline(True)
    page.locator("form[data-draft] button[type=submit]").click()
    expect(page.locator("form[data-draft] .save-state")).to_have_text("Not saved. Your words are kept here.")
    expect(page.locator("#field-name")).to_have_value("Acme")


def test_a_second_submit_is_dropped(page_for: PageFor) -> None:
    sent: list[Route] = []

    def hold(route: Route) -> None:
        sent.append(route)

    page = page_for(None)
    page.goto("/styleguide/forms")
    page.route("**/styleguide/", hold)
    page.fill("#field-name", "Acme")
    page.fill("#field-password", "secret words")
    with page.expect_request("**/styleguide/"):
        page.evaluate("""() => {
            const form = document.querySelector('form[data-draft]');
            form.requestSubmit();
            setTimeout(() => form.requestSubmit(), 50);
        }""")
    page.wait_for_timeout(400)  # long enough for one that would come: there is nothing to wait for
    assert len(sent) == 1
    sent[0].abort()


def test_the_picker_is_used_by_keyboard(page_for: PageFor) -> None:
    page = page_for(None)
    page.goto("/styleguide/forms")
    page.click("#field-company_id")
    page.keyboard.type("cobalt")
    expect(page.locator("#field-company_id-list [role=option]").first).to_contain_text("Cobalt Freight Ltd")
    assert findings(page) == []
    page.keyboard.press("Enter")
    expect(page.locator("#field-company_id")).to_have_value("Cobalt Freight Ltd")
    expect(page.locator("[name=company_id]")).to_have_value("c5")


def test_after_a_call_the_page_asks_how_it_went(page_for: PageFor) -> None:
    page = page_for(None, "phone")
    page.goto("/styleguide/records")
    call = "{at: Date.now() - 60000, name: 'Eva', log: '/x?c=1'}"
    page.evaluate(f"sessionStorage.setItem('call', JSON.stringify({call}))")
    page.evaluate("dispatchEvent(new Event('focus'))")
    expect(page.locator("#call-sheet")).to_be_visible()
    assert findings(page) == []
    address = page.get_by_role("link", name="We spoke").get_attribute("href")
    assert address
    assert address.endswith("/x?c=1&kind=call&outcome=reached")


def test_the_theme_is_a_choice_that_stays(page_for: PageFor) -> None:
    page = page_for(None)
    page.goto("/styleguide/buttons")
    page.click(".profile-button")
    page.get_by_role("button", name="Dark").click()
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")


def test_the_first_view_of_a_page_stays_under_100_kb(page_for: PageFor) -> None:
    page = page_for(None)
    finished: list[Request] = []

    def note(request: Request) -> None:
        finished.append(request)

    page.on("requestfinished", note)
    page.goto("/styleguide/records", wait_until="networkidle")
    sizes = {request.url: request.sizes() for request in finished}
    assert len(sizes) >= 5
    assert sum(size["responseBodySize"] + size["responseHeadersSize"] for size in sizes.values()) < 100_000
