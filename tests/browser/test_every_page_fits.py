"""Every page in the languages whose words are of other lengths, and for those who are offered less or see less.

Axe has been asked about them in test_every_page.py: here is what another language, role or colour may change.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest
from flask import Flask
from PIL import Image
from playwright.sync_api import Page

from saas_crm.access.permissions import CurrentMember
from tests.browser.every_page import (
    ALONE,
    FORMS,
    HANDING_OVER,
    HISTORIES,
    INSIDE,
    LISTS,
    OUTSIDE,
    PRIVACY,
    RECORDS,
    addresses,
)
from tests.browser.eyes import Eyes
from tests.browser.test_every_page import GERMAN, handed_over, kept_privately, made, mailed
from tests.support.clients import Browser
from tests.support.field_rules import close_fields
from tests.support.making import Maker

__all__ = ["made", "mailed"]
Acting = Callable[[str], AbstractContextManager[CurrentMember]]
ClientFor = Callable[..., Browser]
PageFor = Callable[..., Page]
CHINESE_TOO = {
    **RECORDS, **HISTORIES, "today.index": ("",), "companies.index": ("",), "board.index": ("", "?view=list"),
    "activities.log": ("",), "companies.new": ("",), "settings_workspace.edit": ("",), "settings_audit.index": ("",),
}  # fmt: skip


@pytest.fixture(params=["zh_Hans", "zh_Hant"])
def narrow(request: pytest.FixtureRequest, page_for: PageFor) -> Callable[[str | None], Eyes]:
    """Open a phone for somebody who reads this language."""

    def open_phone(who: str | None) -> Eyes:
        eyes = Eyes(page_for(who, "phone", reduced_motion="reduce"), "phone", weighs=False, asks_axe=False)
        eyes.page.goto(f"/language/{request.param}")
        assert eyes.page.locator("html").get_attribute("lang") == request.param.replace("_", "-")
        return eyes

    return open_phone


def test_pages_inside_fit(
    app: Flask, narrow: Callable[[str], Eyes], made: dict[str, Any], client_for: ClientFor, make: Maker
) -> None:
    eyes, owner = narrow("owner"), client_for("owner")
    for ends in INSIDE.values():
        for address in addresses(app, ends, made, "/acme"):
            eyes.glance(address)
    for address in addresses(app, PRIVACY, kept_privately(owner, made["contact_id"]), "/acme"):
        eyes.glance(address)
    values = {**made, "hand_over_id": handed_over(owner, make)}
    for address in addresses(app, HANDING_OVER, values, "/acme"):
        eyes.glance(address)
    for address in addresses(app, ALONE, {}):
        eyes.glance(address)
    eyes.glance("/acme/nowhere", there=False)
    assert eyes.found == []


def test_pages_outside_fit(app: Flask, narrow: Callable[[None], Eyes], mailed: tuple[str, ...]) -> None:
    eyes = narrow(None)
    gone = addresses(app, OUTSIDE, {"token": "unknown", "stamp": 0})
    for address in (*gone, "/acme/invitations/unknown", "/nowhere", *mailed):
        eyes.glance(address, there=address in mailed)
    assert eyes.found == []


def test_pages_in_chinese_are_as_accessible(app: Flask, page_for: PageFor, made: dict[str, Any]) -> None:
    eyes = Eyes(page_for("owner", "phone", reduced_motion="reduce"), "phone")
    eyes.page.goto("/language/zh_Hans")
    for address in addresses(app, CHINESE_TOO, made, "/acme"):
        eyes.look(address)
    assert eyes.found == []


@pytest.mark.parametrize("who", ["viewer", "manager"])
def test_pages_of_who_is_offered_less(app: Flask, eyes_of: Callable[..., Eyes], make: Maker, who: str) -> None:
    """All of it on the phone; on the desktop what does not fit."""
    values = _of_the_rep(make)
    eyes = eyes_of(who)
    seen = {endpoint: ends for endpoint, ends in {**LISTS, **RECORDS}.items() if not _is_refused(endpoint, who)}
    for address in addresses(app, seen, values, "/acme"):
        eyes.look(address, only_fits_when_wide=True)
    assert eyes.found == []


def _of_the_rep(make: Maker) -> dict[str, str]:
    """Make one of each kind of record; return the values that addresses need."""
    company = make.company("rep", name="Ada & Söhne", phone="+1 650 253 0000", city="Bonn")
    contact = make.contact("rep", name="王小明", company_id=str(company.id), mobile="+1 650 253 0001")
    deal = make.deal("rep", amount="900", company_id=str(company.id))
    ids = {"company_id": str(company.id), "contact_id": str(contact.id), "opportunity_id": str(deal.id)}
    return {**ids, "activity_id": str(make.activity("rep", body="Spoke", **ids).id), "record_id": str(company.id)}


def _is_refused(endpoint: str, who: str) -> bool:
    return endpoint.startswith("privacy.") or (who == "viewer" and endpoint == "recycle_bin.index")


def test_pages_with_an_accent_a_logo_and_closed_fields(
    app: Flask, eyes_of: Callable[..., Eyes], acting: Acting, client_for: ClientFor, make: Maker
) -> None:
    """A colour of their own has to be read in both themes; notes beside fields must fit."""
    owner, picture = client_for("owner"), io.BytesIO()
    Image.new("RGB", (900, 300), "#7a1f5c").save(picture, "PNG")
    picture.seek(0)
    assert owner.post("/acme/settings/appearance", data={"whose": "own", "accent": "#7a1f5c"}).status_code == 303
    sent = owner.post(
        "/acme/settings/appearance/logo",
        data={"logo": (picture, "logo.png")}, content_type="multipart/form-data",
    )  # fmt: skip
    assert sent.status_code == 303
    values = _of_the_rep(make)
    close_fields(acting)
    eyes = eyes_of("rep")
    shown = {name: ends for name, ends in {**LISTS, **RECORDS, **FORMS}.items() if not name.startswith("privacy.")}
    for address in addresses(app, shown, values, "/acme"):
        eyes.look(address, only_fits_when_wide=True)
    assert eyes.found == []


def test_long_lists_are_light_too(app: Flask, eyes_of: Callable[..., Eyes], make: Maker) -> None:
    for number in range(30):
        company = make.company("rep", name=f"Firma {number} {GERMAN}", phone="+1 650 253 0000", city="Oberammergau")
        make.deal("rep", name=f"Umbau {number}", amount="900", company_id=str(company.id))
    eyes = eyes_of("rep")
    for address in addresses(app, {"companies.index": ("",), "board.index": ("", "?view=list")}, {}, "/acme"):
        eyes.look(address)
    assert eyes.found == []
