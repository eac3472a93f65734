"""Looks at one page after the other in the same browser tab, and notes what is wrong with each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from playwright.sync_api import Page, Response, ViewportSize

from tests.browser.axe import AXE, contrast, drawn, findings, sideways, small_targets
from tests.support.behind import page_may_wait

DESKTOP: ViewportSize = {"width": 1280, "height": 800}
PHONE: ViewportSize = {"width": 390, "height": 844}
SMALLEST: ViewportSize = {"width": 320, "height": 640}
HEAVIEST = 100_000  # bytes over the wire at first view, from design/ui.md
# Sends what a form of the product would, with the token of the page at hand.
POST = """([address, fields]) => {
  const form = Object.assign(document.createElement('form'), { method: 'post', action: address });
  const told = JSON.parse(document.body.getAttribute('hx-headers:inherited') ?? '{}');
  for (const [name, values] of [...fields, ['csrf_token', [told['X-CSRFToken']]]])
    for (const value of values) form.append(Object.assign(document.createElement('input'), { name, value }));
  form.hidden = true;
  document.body.append(form);
  HTMLFormElement.prototype.submit.call(form);
}"""


class Eyes:
    """Looks at each page as a phone, a desktop or both show it; on the phone, what it weighs is asked as well.

    For both a page is loaded once, on a desktop, which then is a phone until it has been seen: our pages are laid out
    by styles alone. Where a page is weighed nothing is kept from the one before.
    """

    def __init__(
        self, page: Page, width: Literal["phone", "desktop", "both"], *, weighs: bool = True, asks_axe: bool = True
    ) -> None:
        """Look through a tab of this width, a desktop's for both; axe takes time in each page it comes with."""
        self.page, self.width = page, width
        self.found: list[str] = []
        self._weighs = weighs and width != "desktop"
        self._weights: dict[str, float] = {}
        self._document = ""
        self._document_of: dict[str, str] = {}
        self._is_wide = width != "phone"
        self._wire = page.context.new_cdp_session(page)
        if asks_axe:
            page.add_init_script(path=AXE)
        if self._weighs:
            self._wire.send("Network.enable")
            self._wire.send("Network.setCacheDisabled", {"cacheDisabled": True})
            self._wire.on("Network.requestWillBeSent", self._belong)
            self._wire.on("Network.loadingFinished", self._weigh)

    def look(self, address: str, *, there: bool = True, only_fits_when_wide: bool = False) -> None:
        """Load a page and note every complaint about it, in both themes and on the phone also at its smallest.

        A page that is not `there` may be a refusal or say that there is none: else that is a complaint, too.
        """
        self._load(address, there)
        if self._weighs and not 1_000 < self.weight < HEAVIEST:
            self.found.append(f"{address}: {self.weight:.0f} bytes at first view")
        self.see(address, only_fits_when_wide=only_fits_when_wide)

    @property
    def weight(self) -> float:
        """Bytes over the wire of all that the page at hand asked for so far."""
        return self._weights.get(self._document, 0.0)

    def see(self, name: str, *, only_fits_when_wide: bool = False) -> None:
        """Note every complaint about the page at hand, which may be the answer to a form."""
        if self.width != "phone":
            self._is_shown(wide=True)
            said = self._shape() if only_fits_when_wide else self._light() + self._dark()
            self.found += [f"{name}, desktop: {what}" for what in said]
        if self.width != "desktop":
            self._turn(wide=False)
            self._is_shown(wide=False)
            self.found += [f"{name}, phone: {what}" for what in self._light() + self._dark()]
            self._turn(wide=self.width == "both")

    def glance(self, address: str, *, there: bool = True) -> None:
        """Load a page and note what does not fit: what another language or a person's other role may change."""
        self._load(address, there)
        self.found += [f"{address}: {what}" for what in self._shape()]

    def send(self, address: str, fields: Mapping[str, str | list[str]], *, status: int) -> None:
        """Post from the page at hand, as a form on it would, and look at the answer, which has this status."""
        sent = [(name, [value] if isinstance(value, str) else value) for name, value in fields.items()]
        with self.page.expect_response(_is_answer) as waiting, self.page.expect_navigation():
            self.page.evaluate(POST, [address, sent])
        assert waiting.value.status == status, f"{address}: {waiting.value.status}"
        self.see(f"answer to {address}")

    def _load(self, address: str, there: bool) -> None:
        answer = self.page.goto(address)
        if answer is not None and page_may_wait(address, answer.status):
            return
        if answer is None or (there and answer.status != 200):
            self.found.append(f"{address}: answers {answer.status if answer else 'nothing'}")

    def _light(self) -> list[str]:
        return findings(self.page) + self._shape()

    def _dark(self) -> list[str]:
        self._theme("dark")
        said = [f"dark: {what}" for what in contrast(self.page)]
        said += [f"dark, sideways: {what}" for what in sideways(self.page)]
        self._theme("light")
        return said

    def _shape(self) -> list[str]:
        said = [f"sideways: {what}" for what in sideways(self.page)]
        if not self._is_wide:
            said += [f"small: {what}" for what in small_targets(self.page)]
            self._measure(SMALLEST)
            said += [f"sideways at 320: {what}" for what in sideways(self.page)]
            self._measure(PHONE)
        return said

    def _measure(self, size: ViewportSize) -> None:
        """Give the tab another size: what was opened as a phone stays one, and so does what was made one."""
        if self.width == "both":
            kind = {"deviceScaleFactor": 1, "mobile": not self._is_wide}
            self._wire.send("Emulation.setDeviceMetricsOverride", {**size, **kind})
        else:
            self.page.set_viewport_size(size)

    def _theme(self, theme: Literal["light", "dark"]) -> None:
        self.page.emulate_media(color_scheme=theme)
        drawn(self.page)

    def _turn(self, wide: bool) -> None:
        """Make the tab a phone, or the desktop it was opened as: that has its mouse again from the next page on."""
        if wide != self._is_wide:
            self._is_wide = wide
            self._wire.send("Emulation.setTouchEmulationEnabled", {"enabled": not wide})
            self._measure(DESKTOP if wide else PHONE)
            drawn(self.page)

    def _is_shown(self, wide: bool) -> None:
        is_now = self.page.evaluate("[document.documentElement.clientWidth, matchMedia('(pointer: fine)').matches]")
        assert is_now == [(DESKTOP if wide else PHONE)["width"], wide], is_now

    def _belong(self, asked: dict[str, Any]) -> None:
        """Note which page asks for something: that of the page before may come in when the next one is looked at."""
        self._document_of[asked["requestId"]] = asked["loaderId"]
        if asked["requestId"] == asked["loaderId"]:
            self._document = asked["loaderId"]

    def _weigh(self, loaded: dict[str, Any]) -> None:
        document = self._document_of.pop(loaded["requestId"], "")
        self._weights[document] = self._weights.get(document, 0.0) + loaded["encodedDataLength"]


def _is_answer(response: Response) -> bool:
    return response.request.method == "POST" and response.request.is_navigation_request()
