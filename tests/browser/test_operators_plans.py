"""Plans in the operators' console, where money is taken: the list and a workspace, on a phone and a desk."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from playwright.sync_api import Page
from pydantic import SecretStr

from saas_crm.operators.figures import take_figures
from tests.browser.eyes import Eyes
from tests.browser.test_operators import with_console
from tests.support.billing import give_plan
from tests.support.installation import Installation
from tests.support.operators import make_operator
from tests.support.server import LiveServer
from tests.support.server import live_server as run_server


@pytest.fixture
def selling_server(installation: Installation, app: Flask) -> Iterator[LiveServer]:
    """A server that takes money, by a key that opens nothing."""
    settings = installation.settings.model_copy(update={"stripe_secret_key": SecretStr("sk_test_none")})
    with run_server(settings, installation.folder) as server:
        yield server


def test_plans_fit_in_the_list_and_on_the_page(
    page_for: Callable[..., Page], selling_server: LiveServer, app: Flask, installation: Installation
) -> None:
    give_plan(app, installation.place, "acme", key="business", state="past_due")
    give_plan(app, installation.place, "other", key="team", state="active")
    take_figures(installation.settings)
    olga = make_operator(app, installation)
    for locale in ("en-US", "zh-TW"):
        page = page_for(None, at=selling_server.url, locale=locale, reduced_motion="reduce")
        eyes = Eyes(with_console(page, olga, selling_server.url), "both")
        for address in ("/operator", "/operator?plan=:past_due", "/operator/workspaces/acme"):
            eyes.look(address)
            assert page.locator(".badge-warn").count() >= 1
        assert eyes.found == []
