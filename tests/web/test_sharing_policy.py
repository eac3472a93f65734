"""The switch: whether who sees a customer sees what hangs on it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.support.clients import Browser, statements
from tests.support.making import Maker
from tests.web.pages import flashed

ClientFor = Callable[..., Browser]
PAGE = "/acme/settings/sharing"


@pytest.fixture
def contact_url(make: Maker) -> str:
    """A contact of the colleague's at a company of the rep's."""
    company = make.company("rep", name="Ada")
    contact = make.contact("owner", name="Eva Tulpe", owner="colleague", company_id=str(company.id))
    return f"/acme/contacts/{contact.id}"


def test_the_switch_is_off_and_on_again(client_for: ClientFor, contact_url: str) -> None:
    admin, rep, colleague = client_for("admin"), client_for("rep"), client_for("colleague")
    assert rep.get(contact_url).status_code == 200
    page = admin.get(PAGE)
    assert "checked" in page.text.split('name="children_follow"')[1].split(">")[0]
    assert statements(page) <= 8
    off: dict[str, Any] = {"version": "0"}
    assert admin.post(PAGE, data=off).status_code == 303
    assert flashed(admin.get(PAGE)) == "Saved."
    assert rep.get(contact_url).status_code == 404
    assert "Eva Tulpe" not in rep.get("/acme/search?q=tulpe").text
    assert colleague.get(contact_url).status_code == 200
    assert admin.post(PAGE, data={"children_follow": "1"}).status_code == 303
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
