"""Nothing is so small that it cannot be read or hit."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page

from tests.support.making import Maker

PageFor = Callable[..., Page]
SIZES = "[...document.querySelectorAll(%r)].filter((one) => one.offsetParent).map((one) => parseFloat(%s))"


def sizes(page: Page, selector: str, of: str = "getComputedStyle(one).fontSize") -> list[float]:
    """Return the sizes of the visible elements, in pixels."""
    found: list[float] = page.evaluate(SIZES % (selector, of))
    return found


def test_words_under_icons_and_initials_can_be_read(page_for: PageFor, make: Maker) -> None:
    make.contact("rep", name="Ada Lovelace")
    page = page_for("rep", "phone")
    page.goto("/acme/contacts")
    below = page.evaluate(
        "[...document.querySelectorAll('.bar-link')].map((one) => parseFloat(getComputedStyle(one).fontSize))"
    )
    assert below
    assert min(below) >= 12
    assert min(sizes(page, ".avatar")) >= 11


def test_boxes_of_who_takes_over_can_be_hit(page_for: PageFor, make: Maker) -> None:
    make.company("rep")
    page = page_for("owner", "phone")
    page.goto(f"/acme/hand-overs/new?from={make.member_id('rep')}")
    page.get_by_text("By load", exact=False).first.click()
    boxes = sizes(page, ".taker input", "getComputedStyle(one).inlineSize")
    assert boxes
    assert min(boxes) >= 20


def test_the_public_page_speaks_of_no_technology(page_for: PageFor) -> None:
    page = page_for(None, "phone")
    page.goto("/")
    words = page.locator("main").inner_text().lower()
    assert "kept apart" in words
    assert "schema" not in words
    assert "database" not in words
