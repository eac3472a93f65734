"""A workspace at its own domain in a real browser: signing in there, a list, a form, and what leads elsewhere."""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import PATIENCE, Width
from tests.browser.eyes import Eyes
from tests.support.cast import PASSWORD, Cast
from tests.support.installation import Installation
from tests.support.making import Maker
from tests.support.server import LiveServer

DOMAIN = "crm.acme.test"
PUT = """
    INSERT INTO public.tenant_domains (tenant_id, domain, token, verified_at, lost_since)
    VALUES (%s, %s, repeat('4f', 16), now(), %s)
"""


@pytest.fixture
def home(live_server: LiveServer, installation: Installation, cast: Cast) -> str:
    """Acme's own domain, at the port of the server."""
    with installation.place.owner() as connection:
        connection.execute(PUT, [cast.tenants["acme"].id, DOMAIN, None])
    return f"http://{DOMAIN}:{urlsplit(live_server.url).port}"


def sign_in(page: Page, cast: Cast, who: str) -> None:
    """Sign in by the page that is open."""
    page.get_by_label("E-mail").fill(cast[who].email)
    page.locator("[name=password]").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()


def test_a_day_at_the_domain(
    page_for: Callable[..., Page], home: str, cast: Cast, make: Maker, width: Width
) -> None:  # fmt: skip
    make.company(name="Known before")
    page = page_for(None, width, at=home)
    page.goto("/companies")
    expect(page).to_have_url(re.compile(rf"{home}/signin\?next=%2Fcompanies"))
    expect(page.get_by_text("Passkeys work at")).to_be_visible()
    sign_in(page, cast, "rep")
    expect(page).to_have_url(f"{home}/companies")
    page.get_by_text("Known before").first.click()
    expect(page).to_have_url(re.compile(rf"{home}/companies/[0-9a-f-]+"))
    page.goto("/companies/new")
    page.locator("[name=name]").fill("Made at the domain")
    page.locator("main form [type=submit]").last.click()
    expect(page.get_by_role("heading", name="Made at the domain")).to_be_visible(timeout=PATIENCE)
    assert page.url.startswith(f"{home}/companies/")
    [cookie] = [one for one in page.context.cookies() if one["name"] == "session"]
    assert (cookie["domain"], cookie["httpOnly"]) == (DOMAIN, True)
    page.goto("/profile")
    expect(page.get_by_role("heading", name="This is at the main address")).to_be_visible()
    assert page.get_by_role("link", name="Go there").get_attribute("href") == "http://localhost/profile"


def test_the_pages_of_it_fit(
    eyes_of: Callable[..., Eyes], home: str, cast: Cast, installation: Installation
) -> None:  # fmt: skip
    """In use, with its record gone, switched off for that, and with as long a name as people have."""
    eyes = eyes_of("owner")
    long = f"{'kundenverwaltung-' * 3}x.{'gesellschaft-' * 4}x.example"
    for change, said in (
        ("lost_since = NULL", "In use"), ("lost_since = now()", "Record gone"), ("verified_at = NULL", "Switched off"),
        (f"lost_since = NULL, domain = '{long}'", "Not confirmed yet"),
    ):  # fmt: skip
        with installation.place.owner() as connection:
            connection.execute(f"UPDATE public.tenant_domains SET {change}")
        eyes.look("/acme/settings/domain")
        expect(eyes.page.locator("main").get_by_text(said, exact=True)).to_be_visible()
