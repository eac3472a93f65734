"""Looks at one page after the other in the same browser tab, and notes what is wrong with each."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Page

from tests.browser.axe import AXE, contrast, findings, sideways, small_targets

PHONE = {"width": 390, "height": 844}
SMALLEST = {"width": 320, "height": 640}
HEAVIEST = 100_000  # bytes over the wire at first view, from design/ui.md


class Eyes:
    """Keeps nothing between two pages on the phone, where what a page weighs is asked as well."""

    def __init__(self, page: Page, width: str, *, weighs: bool = True) -> None:
        self.page, self.width = page, width
        self.found: list[str] = []
        self._weighs = weighs and width == "phone"
        self._weight = 0.0
        page.add_init_script(path=AXE)
        if self._weighs:
            wire = page.context.new_cdp_session(page)
            wire.send("Network.enable")
            wire.send("Network.setCacheDisabled", {"cacheDisabled": True})
            wire.on("Network.loadingFinished", self._weigh)

    def look(self, address: str) -> None:
        """Load a page and note every complaint about it, in both themes and on the phone also at its smallest."""
        self._weight = 0.0
        self.page.emulate_media(color_scheme="light")
        self.page.goto(address)
        said = findings(self.page) + [f"sideways: {what}" for what in sideways(self.page)]
        if self._weighs and not 1_000 < self._weight < HEAVIEST:
            said.append(f"{self._weight:.0f} bytes at first view")
        if self.width == "phone":
            said += [f"small: {what}" for what in small_targets(self.page)]
            self.page.set_viewport_size(SMALLEST)
            said += [f"sideways at 320: {what}" for what in sideways(self.page)]
            self.page.set_viewport_size(PHONE)
        self.page.emulate_media(color_scheme="dark")
        said += [f"dark: {what}" for what in contrast(self.page)]
        said += [f"dark, sideways: {what}" for what in sideways(self.page)]
        self.found += [f"{address}: {what}" for what in said]

    def _weigh(self, loaded: dict[str, Any]) -> None:
        self._weight += loaded["encodedDataLength"]
