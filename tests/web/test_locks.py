"""Pages of a record while nothing can be saved: what leads to a form is locked and says why, or is not there."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from flask import Flask

from tests.support.billing import give_plan
from tests.support.cast import Cast
from tests.support.clients import Browser
from tests.support.installation import Installation
from tests.support.making import Maker

ClientFor = Callable[..., Browser]
LEADS = re.compile(r'href="([^"]*(?:/edit|/new|/log|/sharing|/closure|/visit|kind=)[^"]*)"')


def leads(page: str) -> set[str]:
    """Return where the main part of a page leads to change something."""
    main = page[page.index("<main") : page.index("</main>")]
    return {one for one in LEADS.findall(main) if "filters" not in one}


@pytest.fixture
def records(make: Maker) -> dict[str, str]:
    """The pages of a company, a person at it and a deal, all of the representative's."""
    company = make.company("rep", name="Locked Ltd", phone="+4930123456")
    person = make.contact("rep", name="Locked Person", company_id=company.id)
    deal = make.deal("rep", name="Locked deal", company_id=company.id)
    return {
        "company": f"/acme/companies/{company.id}", "contact": f"/acme/contacts/{person.id}",
        "deal": f"/acme/deals/{deal.id}",
    }  # fmt: skip


@pytest.mark.parametrize("kind", ["company", "contact", "deal"])
def test_who_looks_as_somebody_else_is_led_to_no_form(
    client_for: ClientFor, cast: Cast, records: dict[str, str], kind: str
) -> None:
    rep = client_for("rep").get(records[kind]).text
    assert leads(rep), "otherwise it is"
    admin = client_for("admin")
    assert admin.post(f"/acme/settings/members/{cast['rep'].member_id}/viewing").status_code == 303
    page = admin.get(records[kind]).text
    assert "You see this as Rita Rep." in page
    assert leads(page) == set()
    assert "You are only looking: nothing can be saved here." in page, "locked, and says why"


@pytest.mark.newest
@pytest.mark.parametrize("kind", ["company", "contact", "deal"])
def test_who_has_no_seat_is_led_to_no_form(
    client_for: ClientFor, app: Flask, installation: Installation, records: dict[str, str], kind: str
) -> None:
    give_plan(app, installation.place, "acme", {"members": 2}, key="free", state="free")
    page = client_for("rep").get(records[kind]).text
    assert "You have no seat in this plan." in page
    assert leads(page) == set()


@pytest.mark.newest
def test_forms_of_the_settings_are_locked_and_say_why(
    client_for: ClientFor, app: Flask, installation: Installation
) -> None:
    give_plan(app, installation.place, "acme", {"members": 1}, key="free", state="free")
    page = client_for("admin").get("/acme/settings/workspace").text
    assert "You have no seat in this plan: nothing can be saved here." in page
    assert re.search(r'<button type="submit" class="button button-primary" disabled>', page)
