"""A page of text pasted where one searches: its beginning is looked for, and nothing is refused."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.browser.conftest import Width
from tests.support.making import Maker

PASTED = "华夏科技" * 750


def test_what_is_pasted_into_a_search_is_cut(page_for: Callable[..., Page], width: Width, make: Maker) -> None:
    make.company("rep", name="Acme")
    page = page_for("rep", width)
    page.goto("/acme/companies")
    with page.expect_response("**/companies?**") as answer:
        page.locator("#filter-q").fill(PASTED)
    assert answer.value.status == 200
    expect(page.locator("#results")).to_contain_text("No company matches")
    expect(page.locator("#filter-q")).to_have_attribute("maxlength", "200")
    page.goto("/acme/search")
    with page.expect_response("**/search?**") as answer:
        page.locator("#filter-q").fill(PASTED)
    assert answer.value.status == 200
    expect(page.locator("#results")).to_contain_text("Nothing found")


def test_so_is_what_is_pasted_into_a_form(page_for: Callable[..., Page], width: Width, make: Maker) -> None:
    make.company("rep", name="华夏科技" * 50)
    page = page_for("rep", width)
    page.goto("/acme/companies/new")
    with page.expect_response("**/companies/twins?**") as answer:
        name = page.locator("#field-name")
        name.evaluate("field => field.removeAttribute('maxlength')")
        name.fill(PASTED)
    assert answer.value.status == 200
    expect(name).to_have_value(PASTED)
    page.goto("/acme/contacts/new")
    field = page.locator("#field-company_id")
    with page.expect_response("**/pickers/companies?**") as answer:
        field.click()
        field.fill(PASTED)
    assert answer.value.status == 200


def test_a_deal_of_twelve_wan(page_for: Callable[..., Page], width: Width) -> None:
    page = page_for("rep", width)
    page.goto("/acme/deals/new")
    page.locator("#field-name").fill("华夏 2027")
    page.locator("#field-amount").fill("12万")
    page.locator("main form[method=post] button[type=submit]").last.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("华夏 2027")
    expect(page.locator("main")).to_contain_text("120,000")
