"""The switch: whether who sees a customer sees what hangs on it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from tests.support.clients import Browser, statements
from tests.support.making import Maker
from tests.web.pages import flashed, heading

ClientFor = Callable[..., Browser]
PAGE = "/acme/settings/sharing"


@pytest.fixture
def contact_url(make: Maker) -> str:
    """A contact of the colleague's at a company of the rep's."""
    company = make.company("rep", name="Ada")
    contact = make.contact("owner", name="Eva Tulpe", owner="colleague", company_id=str(company.id))
    return f"/acme/contacts/{contact.id}"


def test_the_switch_is_off_and_on_again(client_for: ClientFor, contact_url: str) -> None:
    admin, rep, colleague = client_for("admin"), client_for("teammate"), client_for("colleague")
    assert rep.get(contact_url).status_code == 200
    page = admin.get(PAGE)
    assert "checked" in page.text.split('name="children_follow"')[1].split(">")[0]
    assert statements(page) <= 8
    off: dict[str, Any] = {"version": "0"}
    asked = admin.post(PAGE, data=off)
    assert heading(asked) == "Before you save"
    for name, loses in (("Tom Teammate", True), ("Mona Manager", True), ("Rita Rep", False), ("Vera Viewer", False)):
        assert (f'<strong class="wrap">{name}</strong>' in asked.text) is loses, name
    assert re.search(
        r"See</span>\s*<span class=\"preview-figure\">Contacts\s*<strong class=\"preview-lost\">−1<", asked.text
    )
    assert rep.get(contact_url).status_code == 200, "nothing has happened yet"
    back = admin.post(PAGE, data={**off, "again": "1"})
    assert "checked" not in back.text.split('name="children_follow"')[1].split(">")[0]
    assert admin.post(PAGE, data={**off, "confirmed": "1"}).status_code == 303
    assert flashed(admin.get(PAGE)) == "Saved."
    assert rep.get(contact_url).status_code == 404
    assert "Eva Tulpe" not in rep.get("/acme/search?q=tulpe").text
    for who in (colleague, client_for("rep")):
        assert who.get(contact_url).status_code == 200, "its owner, and the owner of the company"
    assert "Eva Tulpe" in client_for("rep").get("/acme/search?q=tulpe").text
    assert heading(admin.post(PAGE, data={"children_follow": "1"})) == "Before you save"
    assert admin.post(PAGE, data={"children_follow": "1", "confirmed": "1"}).status_code == 303
    assert rep.get(contact_url).status_code == 200


def test_two_admins_at_once(client_for: ClientFor) -> None:
    first, second = client_for("admin"), client_for("owner")
    first.post(PAGE, data={"version": "0"})
    assert first.post(PAGE, data={"version": "2", "children_follow": "1"}).status_code == 303
    assert second.post(PAGE, data={"version": "2"}).status_code == 409


@pytest.mark.parametrize("who", ["manager", "rep", "viewer"])
def test_others_may_not(who: str, client_for: ClientFor) -> None:
    assert client_for(who).get(PAGE).status_code == 403
    assert client_for(who).post(PAGE, data={}).status_code == 403
