"""Fixtures for tests in a real Chromium against a real server."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal

import pytest
from flask import Flask
from playwright.sync_api import Browser, ConsoleMessage, Page, expect, sync_playwright

from tests.browser.chromium import ChromiumMissingError, chromium_path
from tests.browser.eyes import DESKTOP, PHONE, Eyes
from tests.support.cast import Cast
from tests.support.clients import session_cookie
from tests.support.server import LiveServer

# No traffic but ours, no sandbox (root has none), no GPU and no process of its own for what it would draw.
ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--host-resolver-rules=MAP crm.acme.test 127.0.0.1", "--disable-component-update", "--disable-sync",
    "--disable-dev-shm-usage", "--in-process-gpu", "--num-raster-threads=1",
]  # fmt: skip
# Of Chromium's own window: a popup of the address bar is loaded for each, as two pages in a process of their own.
# The rest is what Playwright switches off itself: Chromium hears the last list alone.
WITHOUT = [
    "WebUIOmniboxPopup", "WebUIOmniboxAimPopup", "WebUIOmniboxFullPopup", "WebUIOmniboxSimplification",
    "AimEnabled", "AvoidCorsURLLoaderRestartOnRedirect", "AvoidUnnecessaryBeforeUnloadCheckSync",
    "DestroyProfileOnBrowserClose", "HttpsFirstBalancedModeAutoEnable", "HttpsUpgrades", "LensOverlay", "MediaRouter",
    "NetworkTimeServiceQuerying", "OptimizationHints", "PaintHolding", "PreconnectToSearch", "TcpPortRandomizationWin",
    "ThirdPartyStoragePartitioning",
]  # fmt: skip
PATIENCE = 20_000
"""Milliseconds until something that is waited for is given up: a machine that does much else is no fault."""
Width = Literal["phone", "desktop"]
Theme = Literal["light", "dark"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark everything in this folder, so that `-m "not browser"` leaves it out."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker("browser")


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """A Chromium for the whole run; where there is none the tests fail with one line, and never skip."""
    try:
        path = chromium_path()
    except ChromiumMissingError as missing:
        pytest.fail(str(missing), pytrace=False)
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path, args=[*ARGUMENTS, f"--disable-features={','.join(WITHOUT)}"]
        )
        yield browser
        browser.close()


@pytest.fixture
def page_for(chromium: Browser, live_server: LiveServer, app: Flask, cast: Cast) -> Iterator[Callable[..., Page]]:
    """Open a page: `page_for("rep", width="phone", theme="dark").goto("/acme/companies")`.

    `page_for(None)` is nobody's; every page has cookies of its own. Script errors and anything the content
    security policy stopped fail the test at its end.
    """
    contexts = []
    complaints: list[str] = []

    def fail(error: object) -> None:
        # The browser's own, where one leaves a page that is coming in: no script of ours begins a transition.
        if not str(error).startswith(("Transition was skipped", "Transition was aborted")):
            complaints.append(f"script error: {error}")

    def hear(message: ConsoleMessage) -> None:
        if "Content Security Policy" in message.text or "Refused to" in message.text:
            complaints.append(message.text)

    def open_page(who: str | None, width: Width = "desktop", theme: Theme = "light", **options: Any) -> Page:
        context = chromium.new_context(
            base_url=options.pop("at", live_server.url),
            viewport=PHONE if width == "phone" else DESKTOP,
            has_touch=width == "phone",
            is_mobile=width == "phone",
            color_scheme=theme,
            locale=options.pop("locale", "en-US"),
            **options,
        )
        contexts.append(context)
        context.set_default_timeout(PATIENCE)
        if who is not None:
            value = session_cookie(app, {"_user_id": cast[who].session, "_fresh": True, "proved": int(time.time())})
            name = app.config["SESSION_COOKIE_NAME"]
            context.add_cookies([{"name": name, "value": value, "url": live_server.url}])
        page = context.new_page()
        page.on("pageerror", fail)
        page.on("console", hear)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert not complaints, "\n".join(complaints)


@pytest.fixture(params=["phone", "desktop"])
def width(request: pytest.FixtureRequest) -> Width:
    """Each test that asks for it runs at both widths."""
    chosen: Width = request.param
    return chosen


@pytest.fixture(params=["light", "dark"])
def theme(request: pytest.FixtureRequest) -> Theme:
    """Each test that asks for it runs in both themes."""
    chosen: Theme = request.param
    return chosen


@pytest.fixture
def eyes_of(page_for: Callable[..., Page]) -> Callable[..., Eyes]:
    """Open a tab for somebody, to look at many pages in, at both widths."""
    return lambda who, **how: Eyes(page_for(who, reduced_motion="reduce"), "both", **how)


@pytest.fixture
def eyes_at(page_for: Callable[..., Page], width: Width) -> Callable[..., Eyes]:
    """Open a tab for somebody at this test's width, to look at what they come to by their own clicks."""
    return lambda who, **how: Eyes(page_for(who, width, reduced_motion="reduce"), width, **how)
