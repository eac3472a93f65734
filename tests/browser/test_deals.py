"""The board in a real browser: mouse, keyboard and thumb; what the server refuses goes back to where it was."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from tests.browser.axe import findings
from tests.browser.conftest import Width
from tests.support.making import Maker

PageFor = Callable[..., Page]
LONG = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft"


@pytest.fixture
def deal(make: Maker) -> str:
    """The rep's deal "Ovens" in the first stage, among others with names that are hard to fit."""
    company = make.company("rep", name=LONG)
    make.deal("rep", name="二期扩建项目设备采购与安装调试服务合同", amount="1234567", company_id=str(company.id))
    make.deal("rep", name=LONG, expected_close="2020-01-01")
    return str(make.deal("rep", name="Ovens", amount="1000").id)


def column(page: Page, name: str) -> Locator:
    return page.locator(f'.stage[data-name="{name}"]')


def card_in(page: Page, name: str, deal: str) -> Locator:
    return column(page, name).locator(f"#deal-{deal}")


def drag(page: Page, deal: str, name: str) -> None:
    """Drag a card by its foot to the head of a column, as a hand would."""
    page.locator(f"#deal-{deal} [data-move-button]").wait_for()
    start, end = page.locator(f"#deal-{deal}").bounding_box(), column(page, name).locator(".stage-head").bounding_box()
    assert start is not None
    assert end is not None
    page.mouse.move(start["x"] + 20, start["y"] + start["height"] - 10)
    page.mouse.move(start["x"] + 22, start["y"] + start["height"] - 10)
    page.mouse.down()
    page.mouse.move(end["x"] + 50, end["y"] + 15, steps=8)
    page.mouse.move(end["x"] + 52, end["y"] + 17, steps=2)
    page.mouse.up()


def test_a_card_is_dragged_and_the_sums_follow(page_for: PageFor, deal: str) -> None:
    page = page_for("rep")
    page.goto("/acme/deals")
    drag(page, deal, "Proposal")
    expect(card_in(page, "Proposal", deal)).to_have_attribute("data-version", "2")
    expect(column(page, "Lead").locator(".stage-count")).to_contain_text("2")
    expect(column(page, "Proposal").locator(".stage-sum")).to_contain_text("$1,000")
    page.reload()
    expect(card_in(page, "Proposal", deal)).to_be_visible()


def test_a_card_is_moved_by_keyboard_and_keeps_the_focus(page_for: PageFor, deal: str) -> None:
    page = page_for("rep")
    page.goto("/acme/deals")
    page.locator(f"#deal-{deal} [data-move-button]").wait_for()
    page.focus(f"#deal-{deal} .deal-name")
    for key in ("Space", "ArrowRight", "ArrowRight", "Space"):
        page.keyboard.press(key)
    expect(card_in(page, "Proposal", deal)).to_have_attribute("data-version", "2")
    expect(page.locator(f"#deal-{deal} .deal-name")).to_be_focused()
    expect(page.get_by_role("status").filter(has_text="Ovens moved to Proposal.")).to_have_count(1)
    for key in ("Space", "ArrowRight", "Escape"):
        page.keyboard.press(key)
    expect(card_in(page, "Proposal", deal)).to_be_visible()


def test_closing_asks_why_and_without_an_answer_the_card_goes_back(page_for: PageFor, deal: str) -> None:
    page = page_for("rep")
    page.goto("/acme/deals")
    drag(page, deal, "Lost")
    expect(page.locator("#page-sheet-title")).to_have_text("Lost: Ovens")
    assert findings(page) == []
    page.keyboard.press("Escape")
    expect(page.locator("#page-sheet")).to_be_hidden()
    expect(card_in(page, "Lead", deal)).to_be_visible()
    drag(page, deal, "Lost")
    expect(page.locator("#page-sheet-title")).to_have_text("Lost: Ovens")
    page.fill("#closure-form textarea", "Too dear")
    page.evaluate(
        "document.querySelectorAll('#closure-form [required]').forEach((input) => { input.required = false; })"
    )
    page.click("#closure-form button[type=submit]")
    expect(page.locator("#closure-form .form-errors")).to_be_visible()
    expect(page.locator("#closure-form textarea")).to_have_value("Too dear")
    page.click("#closure-form label:has-text('Competitor')")
    page.click("#closure-form button[type=submit]")
    expect(page.locator("#page-sheet")).to_be_hidden()
    expect(card_in(page, "Lost", deal)).to_have_attribute("data-version", "2")
    expect(page.locator("toast-stack")).to_contain_text("Closed as lost.")


def test_who_comes_second_sees_the_card_where_it_is(page_for: PageFor, deal: str) -> None:
    first, second = page_for("owner"), page_for("rep")
    for page in (first, second):
        page.goto("/acme/deals")
    drag(first, deal, "Negotiation")
    expect(card_in(first, "Negotiation", deal)).to_have_attribute("data-version", "2")
    drag(second, deal, "Qualified")
    expect(card_in(second, "Negotiation", deal)).to_have_attribute("data-version", "2")
    expect(second.locator("toast-stack")).to_contain_text("Olivia Owner has changed “Ovens” meanwhile.")


@pytest.mark.parametrize("status", [403, 500, 0])
def test_what_fails_is_put_back_and_said(page_for: PageFor, deal: str, status: int) -> None:
    def refuse(route: Route) -> None:
        if status:
            route.fulfill(status=status, body="no")
        else:
            route.abort()

    page = page_for("rep")
    page.goto("/acme/deals")
    page.route("**/stage", refuse)
    drag(page, deal, "Proposal")
    expect(page.locator("toast-stack")).to_contain_text("Ovens could not be moved.")
    expect(card_in(page, "Lead", deal)).to_be_visible()
    expect(column(page, "Lead").locator(".stage-count")).to_contain_text("3")


def test_what_one_may_not_change_stays_where_it_is(page_for: PageFor, deal: str) -> None:
    page = page_for("teammate")
    page.goto("/acme/deals")
    page.locator(".deal").first.hover()
    expect(page.locator("[data-move-button]")).to_have_count(0)
    expect(page.locator('.deal[draggable="true"]')).to_have_count(0)
    page.focus(f"#deal-{deal} .deal-name")
    page.keyboard.press("Space")
    page.keyboard.press("ArrowRight")
    expect(card_in(page, "Lead", deal)).to_be_visible()
    expect(page.locator(".deal.is-held")).to_have_count(0)


def test_a_thumb_changes_stages_and_moves_by_buttons(page_for: PageFor, deal: str) -> None:
    page = page_for("rep", "phone")
    page.goto("/acme/deals")
    page.locator(f"#deal-{deal} [data-move-button]").tap()
    page.locator("#move-sheet .move", has_text="Qualified").tap()
    expect(page.locator("toast-stack")).to_contain_text("Ovens moved to Qualified.")
    expect(page.locator(f"#deal-{deal}")).to_be_hidden()
    page.locator("[data-stage-tab]", has_text="Qualified").tap()
    expect(page.locator(f"#deal-{deal}")).to_be_visible()
    expect(page.locator("[data-stage-tab][aria-current]")).to_have_text("Qualified 1")
    page.reload()
    expect(page.locator(f"#deal-{deal}")).to_be_visible()
    page.locator(f"#deal-{deal} [data-move-button]").tap()
    page.locator("#move-sheet .move", has_text="Won").tap()
    page.locator("label", has_text="Price").tap()
    page.locator("#closure-form button[type=submit]").tap()
    page.wait_for_url("**/acme/deals?stage=*")
    expect(page.locator("toast-stack")).to_contain_text("Won. Well done!")


def test_more_cards_come_into_a_long_column(page_for: PageFor, make: Maker) -> None:
    for number in range(23):
        make.deal("rep", name=f"Deal {number}")
    page = page_for("rep")
    page.goto("/acme/deals")
    lead = column(page, "Lead")
    expect(lead.locator(".deal")).to_have_count(10)
    lead.get_by_text("Show more").click()
    expect(lead.locator(".deal")).to_have_count(23)
    expect(lead.get_by_text("Show more")).to_have_count(0)
    expect(lead.locator("[data-move-button]")).to_have_count(23)


def test_a_column_goes_on_by_itself_where_it_is_scrolled_to_its_end(page_for: PageFor, make: Maker) -> None:
    for number in range(35):
        make.deal("rep", name=f"Deal {number}")
    page = page_for("rep")
    page.goto("/acme/deals")
    lead = column(page, "Lead")
    expect(lead.locator(".deal")).to_have_count(10)
    for count in (30, 35):
        lead.locator(".deal").last.scroll_into_view_if_needed()
        expect(lead.locator(".deal")).to_have_count(count)
    expect(lead.get_by_text("Show more")).to_have_count(0)
    expect(page).to_have_url(re.compile(r"/acme/deals$"))


def test_the_owner_filter_changes_the_board_and_its_address(page_for: PageFor, make: Maker) -> None:
    mine, theirs = make.deal("rep"), make.deal("teammate")
    page = page_for("rep")
    page.goto("/acme/deals")
    page.select_option("#field-owner", "me")
    expect(page.locator(f"#deal-{theirs.id}")).to_have_count(0)
    expect(page.locator(f"#deal-{mine.id}")).to_be_visible()
    expect(page).to_have_url(re.compile("owner=me"))
    drag(page, str(mine.id), "Qualified")
    expect(card_in(page, "Qualified", str(mine.id))).to_have_attribute("data-version", "2")
    expect(column(page, "Lead").locator(".stage-count")).to_contain_text("0")


def test_further_contacts_are_picked_and_taken_out(page_for: PageFor, make: Maker, width: Width) -> None:
    for name in ("Ann Ahead", "Ben Behind"):
        make.contact("rep", name=name)
    page = page_for("rep", width)
    page.goto("/acme/deals/new")
    page.fill("#field-name", "Ovens")
    for name in ("Ann", "Ben"):
        page.fill("#field-contact_add", name)
        page.locator("#field-contact_add-list .option", has_text=name).click()
    expect(page.locator("[data-picked] input:checked")).to_have_count(2)
    page.reload()
    expect(page.locator("[data-picked] input:checked")).to_have_count(2)
    page.locator("[data-picked] label", has_text="Ann").click()
    page.click("text=Save deal")
    page.wait_for_url("**/acme/deals/*-*")
    expect(page.locator("main")).to_contain_text("Ben Behind")
    expect(page.locator("main")).not_to_contain_text("Ann Ahead")


def test_stages_are_put_in_order_by_keyboard_and_mouse(page_for: PageFor) -> None:
    page = page_for("owner")
    page.goto("/acme/settings/pipelines")
    lines = page.locator("[data-sort] .stage-link")
    down = page.get_by_role("button", name="Move Lead down")
    down.focus()
    page.keyboard.press("Enter")
    expect(lines).to_have_text(["Qualified", "Lead", "Proposal", "Negotiation"])
    expect(down).to_be_focused()
    page.keyboard.press("Enter")
    expect(lines).to_have_text(["Qualified", "Proposal", "Lead", "Negotiation"])
    start, end = page.locator("[data-sort]").nth(2).bounding_box(), page.locator("[data-sort]").nth(0).bounding_box()
    assert start is not None
    assert end is not None
    page.mouse.move(start["x"] + 200, start["y"] + 20)
    page.mouse.move(start["x"] + 202, start["y"] + 20)
    page.mouse.down()
    # The line moves before the server knows, and a message of the moves before may still stand: wait for the answer.
    with page.expect_response(lambda answer: answer.request.method == "POST" and answer.ok):
        page.mouse.move(end["x"] + 202, end["y"] + 5, steps=10)
        page.mouse.up()
    expect(lines).to_have_text(["Lead", "Qualified", "Proposal", "Negotiation"])
    expect(page.locator("toast-stack")).to_contain_text("Order saved.")
    page.reload()
    expect(lines).to_have_text(["Lead", "Qualified", "Proposal", "Negotiation"])
