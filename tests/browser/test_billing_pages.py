"""The pages of billing in each state, and what is said on others: accessible and within the phone's width, as any page.

The payment service does not answer here: what it would say comes in after a page, and is told to be missing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Page
from pydantic import SecretStr

from tests.browser.eyes import Eyes
from tests.support.cast import Cast
from tests.support.installation import Installation
from tests.support.paying import KEY, PAID, put
from tests.support.server import live_server as run_server

BILLING = "/acme/settings/billing"
LONG = ("/plans?interval=year&currency=KWD", "/invoices", "/change?plan=business&interval=year")
STATES: dict[str, tuple[dict[str, Any], tuple[str, ...]]] = {
    "trial": ({"plan": "business", "state": "trialing"}, ("", "/plans")),
    "free": ({"plan": "free", "state": "free", "limits": {"members": 3, "customers": 1}}, ("", "/plans")),
    "paid": (dict(PAID), ("", *LONG, "/cancellation", "/cancellation?to=closed")),
    "owed": (PAID | {"state": "past_due"}, ("",)),
    "read-only": (PAID | {"state": "read_only"}, ("",)),
    "ending": (PAID | {"cancel_at_period_end": True, "cancel_to": "free"}, ("", "/plans")),
    "ended": (PAID | {"state": "cancelled"}, ("", "/plans")),
    "by hand": (PAID | {"source": "manual", "invoice_number": "R-117"}, ("", "/plans")),
}  # fmt: skip


@pytest.fixture(scope="module")
def url(installation: Installation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server that takes money, by a service that cannot be reached, and remembers no workspace for long."""
    told = {"stripe_secret_key": SecretStr(KEY), "stripe_api_base": "http://127.0.0.1:9"}
    folder: Path = tmp_path_factory.mktemp("paid")
    with run_server(installation.settings.model_copy(update=told), folder) as server:
        yield server.url


@pytest.mark.parametrize("state", STATES)
def test_pages_of_billing(
    app: Flask, installation: Installation, cast: Cast, page_for: Callable[..., Page], url: str, state: str
) -> None:
    columns, paths = STATES[state]
    put(app, installation.place, cast.tenants["acme"].id, **columns)
    page = page_for("owner", at=url, reduced_motion="reduce")
    page.wait_for_timeout(5_100)  # a process remembers a workspace for five seconds
    eyes = Eyes(page, "both")
    for path in paths:
        eyes.look(BILLING + path)
    eyes.look("/acme/")
    if state == "free":
        eyes.look("/acme/settings/members/seats")
    assert eyes.found == []


def test_prices_for_everybody(page_for: Callable[..., Page], url: str) -> None:
    eyes = Eyes(page_for(None, at=url, reduced_motion="reduce"), "both")
    for path in ("/pricing", "/pricing?interval=year&currency=TWD", "/"):
        eyes.look(path)
    assert eyes.found == []
