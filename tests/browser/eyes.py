"""Looks at one page after the other in the same browser tab, and notes what is wrong with each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from playwright.sync_api import Page, Response

from tests.browser.axe import AXE, contrast, findings, sideways, small_targets

PHONE = {"width": 390, "height": 844}
SMALLEST = {"width": 320, "height": 640}
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

    def look(self, address: str, *, there: bool = True) -> None:
        """Load a page and note every complaint about it, in both themes and on the phone also at its smallest.

        A page that is not `there` may be a refusal or say that there is none: else that is a complaint, too.
        """
        self._weight = 0.0
        self._load(address, there)
        if self._weighs and not 1_000 < self._weight < HEAVIEST:
            self.found.append(f"{address}: {self._weight:.0f} bytes at first view")
        self.see(address)

    def see(self, name: str) -> None:
        """Note every complaint about the page at hand, which may be the answer to a form."""
        self.page.emulate_media(color_scheme="light")
        said = findings(self.page) + self._shape()
        self.page.emulate_media(color_scheme="dark")
        said += [f"dark: {what}" for what in contrast(self.page)]
        said += [f"dark, sideways: {what}" for what in sideways(self.page)]
        self.page.emulate_media(color_scheme="light")
        self.found += [f"{name}: {what}" for what in said]

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
        if answer is None or (there and answer.status != 200):
            self.found.append(f"{address}: answers {answer.status if answer else 'nothing'}")

    def _shape(self) -> list[str]:
        said = [f"sideways: {what}" for what in sideways(self.page)]
        if self.width == "phone":
            said += [f"small: {what}" for what in small_targets(self.page)]
            self.page.set_viewport_size(SMALLEST)
            said += [f"sideways at 320: {what}" for what in sideways(self.page)]
            self.page.set_viewport_size(PHONE)
        return said

    def _weigh(self, loaded: dict[str, Any]) -> None:
        self._weight += loaded["encodedDataLength"]


def _is_answer(response: Response) -> bool:
    return response.request.method == "POST" and response.request.is_navigation_request()
