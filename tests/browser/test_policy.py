"""The content security policy stops nothing of ours, from the very first visit on."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page

PageFor = Callable[..., Page]


@pytest.mark.parametrize("locale", ["en-US", "zh-CN"])
@pytest.mark.parametrize("address", ["/", "/signup", "/signin"])
def test_a_first_visit_breaks_no_rule(page_for: PageFor, address: str, locale: str) -> None:
    page = page_for(None, locale=locale)
    heard: list[str] = []
    page.on("console", lambda message: heard.append(f"{message.type}: {message.text} {message.location}"))
    page.add_init_script(
        "document.addEventListener('securitypolicyviolation', (event) => console.error("
        "`CSP ${event.effectiveDirective} ${event.sourceFile}:${event.lineNumber} ${event.sample}"
        " ${event.blockedURI}`))"
    )
    page.goto(address)
    page.wait_for_load_state("networkidle")
    page.mouse.wheel(0, 2_000)
    page.reload()
    page.wait_for_load_state("networkidle")
    assert not heard
