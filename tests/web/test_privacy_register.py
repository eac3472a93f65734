"""The register of processing: as it comes, as a workspace has it, and as its customers see it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask

from saas_crm.privacy.defaults import ADVERTISING, CUSTOMERS
from tests.support.clients import Browser, statements
from tests.support.installation import Installation
from tests.support.making import Maker
from tests.web.pages import errors, flashed

ClientFor = Callable[..., Browser]
PAGE, REGISTER = "/acme/settings/privacy", "/acme/settings/privacy/register"
TEXTS = {"purpose": "p", "people": "q", "data": "d", "recipients": "r", "retention": "t", "legal_basis": "l"}


@pytest.fixture
def admin(client_for: ClientFor) -> Browser:
    return client_for("admin")


def test_it_comes_filled_in_the_readers_language(admin: Browser) -> None:
    page = admin.get(REGISTER)
    assert "Customers and sales" in page.text
    assert page.text.count("On what ground") == 4
    assert statements(page) <= 8
    assert admin.get(f"{REGISTER}.pdf").data.startswith(b"%PDF")
    assert admin.get(PAGE).status_code == 200


def test_an_entry_is_changed_removed_and_taken_back(admin: Browser) -> None:
    path = f"{REGISTER}/{CUSTOMERS}"
    form = admin.get(path)
    assert 'name="version" value="0"' in form.text
    changed: dict[str, Any] = {"name": "Our customers", **TEXTS, "version": "0"}
    assert admin.post(path, data=changed).status_code == 303
    assert "Our customers" in admin.get(REGISTER).text
    assert admin.post(path, data=changed).status_code == 409, "somebody else was quicker"
    assert admin.post(path, data={**changed, "name": "", "version": ""}).status_code == 422
    assert admin.post(f"{path}/usual").status_code == 303
    assert "Our customers" not in admin.get(REGISTER).text
    assert admin.post(f"{path}/removal").status_code == 303
    page = admin.get(REGISTER).text
    assert "Usual entries you removed" in page
    assert page.count("On what ground") == 3
    assert admin.get(path).status_code == 404
    assert admin.post(path, data=changed).status_code == 404
    assert admin.post(f"{path}/usual").status_code == 303
    assert admin.get(path).status_code == 200


def test_an_entry_of_ones_own(admin: Browser) -> None:
    form = {"name": "Video at the door", "record_id": str(uuid4()), **TEXTS}
    assert admin.get(f"{REGISTER}/new").status_code == 200
    refused = admin.post(REGISTER, data={**form, "name": " "})
    assert errors(refused)["name"] == "This is needed."
    assert [admin.post(REGISTER, data=form).status_code for _ in range(2)] == [303, 303]
    page = admin.get(REGISTER).text
    assert page.count("Video at the door") == 1
    path = f"{REGISTER}/{form['record_id']}"
    assert admin.post(f"{path}/usual").status_code == 404
    assert admin.post(f"{path}/removal").status_code == 303
    assert "Video at the door" not in admin.get(REGISTER).text
    assert "Entry of the register" in admin.get("/acme/settings/audit").text


def test_customers_see_it_by_a_link_that_can_be_closed(admin: Browser, client_for: ClientFor) -> None:
    nobody = client_for(None)
    assert nobody.get("/acme/privacy-register/anything").status_code == 404
    admin.post(PAGE, data={"keep_years": "5", "responsible": "Ms Privacy, privacy@acme.example"})
    assert admin.post(f"{PAGE}/link", data={"open": "1"}).status_code == 303
    link = re.findall(r'href="http://localhost(/acme/privacy-register/[\w-]{30,})"', admin.get(PAGE).text)[0]
    page = nobody.get(link)
    assert page.status_code == 200
    assert page.headers["X-Robots-Tag"] == "noindex"
    for word in ("Acme Instruments", "Customers and sales", "Ms Privacy", "On what ground"):
        assert word in page.text, word
    assert "/settings/" not in page.text
    assert nobody.get(link.replace("/acme/", "/other/")).status_code == 404
    assert nobody.get(link + "x").status_code == 404
    assert admin.post(f"{PAGE}/link", data={"open": "0"}).status_code == 303
    assert nobody.get(link).status_code == 404
    assert admin.post(f"{PAGE}/link", data={"open": "1"}).status_code == 303
    assert nobody.get(link).status_code == 404, "a link that was closed never opens again"


@pytest.mark.parametrize(
    ("country", "named"),
    [("CN", "PIPL article 13"), ("TW", "PDPA of Taiwan article 19"), ("HK", "PDPO section 35E"),
     ("DE", "GDPR article 6"), ("GB", "GDPR article 6"), ("US", "")],
)  # fmt: skip
def test_grounds_are_those_of_the_country(
    admin: Browser, installation: Installation, app: Flask, country: str, named: str
) -> None:
    with installation.place.owner() as connection:
        connection.execute("UPDATE public.tenants SET country = %s WHERE slug = 'acme'", [country])
    app.extensions["directory"].forget()
    text = admin.get(REGISTER).text
    assert [law for law in ("PIPL", "PDPA", "PDPO", "GDPR") if law in text] == ([named[:4]] if named else [])
    assert named in text
    assert "Consent" in text


def test_the_link_can_be_copied_and_shared(admin: Browser) -> None:
    admin.post(f"{PAGE}/link", data={"open": "1"})
    page = admin.get(PAGE).text
    assert 'data-copy="field-link"' in page
    assert re.search(r'<button[^>]*data-share="field-link"[^>]* hidden', page), "shown where the device can share"


def test_the_decisions(admin: Browser, client_for: ClientFor) -> None:
    page = admin.get(PAGE)
    assert "10 years" in page.text
    assert statements(page) <= 8
    assert admin.post(PAGE, data={"keep_years": "4"}).status_code == 422
    assert admin.post(PAGE, data={"keep_years": "long"}).status_code == 422
    assert admin.post(PAGE, data={"keep_years": "6", "responsible": "Ada", "version": "0"}).status_code == 303
    assert flashed(admin.get(PAGE)) == "Saved."
    assert admin.post(PAGE, data={"keep_years": "7", "version": "1"}).status_code == 409
    page = client_for("rep").get(PAGE)
    assert "6 years" in page.text
    assert "<form" not in page.text.split("<main")[1].split("</main")[0]


@pytest.mark.parametrize("who", ["manager", "rep", "viewer"])
def test_others_change_nothing(client_for: ClientFor, who: str, make: Maker) -> None:
    browser = client_for(who)
    reading = 403 if who == "viewer" else 200
    for path in (PAGE, REGISTER, f"{REGISTER}.pdf", f"{PAGE}/erasures"):
        assert browser.get(path).status_code == reading
    for path in (PAGE, f"{PAGE}/link", REGISTER, f"{REGISTER}/{ADVERTISING}", f"{REGISTER}/{ADVERTISING}/removal"):
        assert browser.post(path, data={"keep_years": "5", "name": "x", "open": "1"}).status_code == 403
