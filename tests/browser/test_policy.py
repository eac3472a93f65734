"""The content security policy stops nothing of ours, from the very first visit on."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page

PageFor = Callable[..., Page]
LISTEN = """
document.addEventListener('securitypolicyviolation', (event) => {
  console.error(`${event.effectiveDirective} stopped ${event.blockedURI} in ${event.sourceFile}:${event.lineNumber}`);
});
"""


@pytest.mark.parametrize("locale", ["en-US", "zh-CN"])
@pytest.mark.parametrize("address", ["/", "/signup", "/signin"])
def test_a_first_visit_breaks_no_rule(page_for: PageFor, address: str, locale: str) -> None:
    page = page_for(None, locale=locale)
    heard: list[str] = []
    page.on("console", lambda message: heard.append(f"{message.type}: {message.text}"))
    page.add_init_script(LISTEN)
    page.goto(address)
    page.wait_for_load_state("networkidle")
    page.mouse.wheel(0, 2_000)
    page.screenshot(full_page=True)
    page.reload()
    page.wait_for_load_state("networkidle")
    assert not heard
