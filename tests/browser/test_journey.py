"""From sign-up to a deal that is won, in a real browser, on the phone and on the desktop.

SCREENSHOTS=docs/screenshots keeps pictures of the way; the README shows some of them.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import Page, expect

from tests.browser.conftest import Width

PageFor = Callable[..., Page]
PASSWORD = "blue-harbour-seven"


class Album:
    """Keeps pictures where SCREENSHOTS says, or nowhere."""

    def __init__(self, width: Width) -> None:
        self.folder = os.environ.get("SCREENSHOTS")
        self.width = width

    def keep(self, page: Page, name: str) -> None:
        if self.folder:
            page.wait_for_timeout(400)
            # 256 colours are plenty for a page, and a third of the bytes.
            picture = Image.open(BytesIO(page.screenshot())).convert("RGB").quantize(256, dither=Image.Dither.NONE)
            picture.save(Path(self.folder) / f"{name}-{self.width}.png", optimize=True)


def sign_up(page: Page, slug: str, album: Album) -> None:
    page.goto("/")
    album.keep(page, "landing")
    page.locator("main a[href='/signup']").first.click()
    page.get_by_label("Company").fill("Hanse Kaffee GmbH")
    expect(page.locator("[name=slug]")).to_have_value("hanse-kaffee")
    page.locator("[name=slug]").fill(slug)
    page.get_by_label("Your name").fill("Ada Brandt")
    page.get_by_label("Your e-mail").fill(f"ada@{slug}.example")
    page.locator("[name=password]").fill(PASSWORD)
    page.locator("[name=country]").select_option("DE")
    expect(page.locator("[name=currency]")).to_have_value("EUR")
    album.keep(page, "signup")
    page.get_by_role("button", name="Make the workspace").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Your workspace is ready")
    album.keep(page, "setup")
    page.get_by_role("link", name="Start empty").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Today")


def add_company(page: Page, slug: str) -> None:
    page.goto(f"/{slug}/companies/new")
    page.locator("[name=name]").fill("Rösterei Nordlicht GmbH & Co. KG")
    page.locator("[name=phone]").fill("040 123456")
    page.locator("[name=city]").fill("Hamburg")
    page.locator("main form button[type=submit]").last.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Rösterei Nordlicht")


def open_deal(page: Page, slug: str, album: Album) -> None:
    page.goto(f"/{slug}/deals/new")
    page.locator("[name=name]").fill("Fifty sacks a month")
    page.locator("[name=amount]").fill("12,500.00")
    page.locator("[name=expected_close]").fill("2027-01-15")
    page.locator("#field-company_id").press_sequentially("nordl")
    page.get_by_role("option", name="Rösterei Nordlicht").first.click()
    page.locator("main form button[type=submit]").last.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Fifty sacks a month")
    expect(page.locator("main")).to_contain_text("€12,500")
    album.keep(page, "deal")


def log_call(page: Page, slug: str, album: Album) -> None:
    page.goto(f"/{slug}/companies")
    page.get_by_role("link", name="Rösterei Nordlicht").first.click()
    page.locator("main").get_by_role("link", name="Log").first.click()
    form = page.locator("dialog[open] form.log-form, main form.log-form").first
    form.get_by_text("Call", exact=True).click()
    form.locator("#outcome-call").get_by_text("Reached", exact=True).click()
    form.locator("[name=body]").fill("They want a sample roast 咖啡")
    form.get_by_text("Tomorrow", exact=True).click()
    album.keep(page, "log")
    form.get_by_role("button", name="Save").click()
    expect(page.locator("main")).to_contain_text("They want a sample roast 咖啡")


def move(page: Page, width: Width) -> None:
    if width == "desktop":
        card = page.locator("[id^=deal-]", has_text="Fifty sacks").first
        card.drag_to(page.locator("[id^=cards-]").nth(2))
    else:
        page.locator("[data-move-button]").first.click()
        page.locator("#move-sheet").get_by_role("button", name="Proposal").click()


def win(page: Page, slug: str, width: Width, album: Album) -> None:
    page.goto(f"/{slug}/deals")
    # The card moves at once; what is loaded next shows it there when the server has said yes.
    with page.expect_response("**/stage") as saved:
        move(page, width)
    assert saved.value.ok
    expect(page.locator("[id^=cards-]").nth(2)).to_contain_text("Fifty sacks")
    page.reload()
    page.locator("[id^=cards-]").nth(2).get_by_role("link", name="Fifty sacks").first.evaluate("a => a.click()")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Fifty sacks")
    if width == "desktop":
        page.locator("main").get_by_role("link", name="Won", exact=True).first.click()
    else:
        page.get_by_role("button", name="More actions").click()
        page.get_by_role("link", name="Won", exact=True).click()
    # The page has the word "Won" before and after: what tells is the message, and how the deal ended.
    page.locator("#closure-form").get_by_role("button", name="Close as won").click()
    expect(page.locator("#toasts")).to_contain_text("Won. Well done!")
    expect(page.get_by_role("heading", name="How it ended")).to_be_visible()
    album.keep(page, "won")


def look_around(page: Page, slug: str, album: Album) -> None:
    page.goto(f"/{slug}/setup")
    page.get_by_role("button", name="Load sample data").click()
    expect(page.locator("#toasts")).to_contain_text("The sample data is loaded.")
    for name, path in (("today", "/"), ("board", "/deals")):
        page.goto(f"/{slug}{path}")
        expect(page.locator("main a[href^='tel:'], main .deal").first).to_be_visible()
        album.keep(page, name)
    page.goto(f"/{slug}/companies")
    page.locator("main a.row-link").first.click()
    expect(page.locator("#timeline .entry").first).to_be_visible()
    album.keep(page, "company")


def test_from_sign_up_to_won(page_for: PageFor, installation: Any, width: Width) -> None:
    slug, album = f"hanse-{width}", Album(width)
    page = page_for(None, width)
    sign_up(page, slug, album)
    add_company(page, slug)
    open_deal(page, slug, album)
    log_call(page, slug, album)
    win(page, slug, width, album)
    page.goto(f"/{slug}/search?q=nordl")
    expect(page.locator("main")).to_contain_text("Rösterei Nordlicht")
    page.goto(f"/{slug}/")
    expect(page.locator("main")).to_contain_text("Follow up")
    look_around(page, slug, album)
