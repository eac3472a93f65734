"""A member without one of the plan's seats: reads as before, changes nothing but themselves, and is told why."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from sqlalchemy import select

from saas_crm.access.seat_models import MemberSeat
from tenants.db import db, tenant_scope
from tests.support.billing import give_plan, selling
from tests.support.cast import Cast
from tests.support.clients import Browser
from tests.support.installation import Installation
from tests.support.making import Maker
from tests.web.pages import heading

pytestmark = pytest.mark.newest
ClientFor = Callable[..., Browser]
SEATS = "/acme/settings/members/seats"


@pytest.fixture
def few(app: Flask, installation: Installation, cast: Cast) -> Iterator[list[str]]:
    """Acme on the free plan, with three seats for seven; who of the cast has which place."""
    names = {person.member_id: key for key, person in cast.people.items() if person.slug == "acme"}
    with app.app_context(), tenant_scope(cast.tenants["acme"]):
        places = [names[one] for one in db.session.scalars(select(MemberSeat.member_id).order_by(MemberSeat.place))]
    with selling(app):
        give_plan(app, installation.place, "acme", {"members": 3}, key="free", state="free")
        yield places


def test_everything_is_read_and_every_page_says_why_nothing_can_be_changed(
    few: list[str], client_for: ClientFor, make: Maker
) -> None:
    assert "colleague" in few[3:]
    made = make.company("colleague", name="Mine Ltd")
    browser = client_for("colleague")
    for path in ("/acme/", "/acme/companies", f"/acme/companies/{made.id}", "/acme/deals", "/acme/settings"):
        page = browser.get(path)
        assert page.status_code == 200, path
        assert "You have no seat in this plan." in page.text, path
        assert "Owners choose who keeps a seat." in page.text
    record = browser.get(f"/acme/companies/{made.id}").text
    for offered in ("/edit", "/log", "data-sheet"):
        assert f'{offered}"' not in record


def test_what_is_sent_is_refused_and_kept(few: list[str], client_for: ClientFor) -> None:
    browser = client_for("colleague")
    refused = browser.post("/acme/companies", data={"name": "Typed Ltd", "description": "Many words"})
    assert (refused.status_code, heading(refused)) == (403, "You have no seat in this plan")
    assert "Many words" in refused.text
    assert "Olivia Owner" in refused.text
    assert "See the plans" not in refused.text
    part = browser.post("/acme/companies", data={"name": "x"}, headers={"HX-Request": "true"})
    assert part.status_code == 403
    assert "no seat" in part.headers["HX-Trigger"]
    asked = browser.get("/acme/companies/new")
    assert (asked.status_code, heading(asked)) == (403, "You have no seat in this plan")


def test_the_person_themselves_is_still_theirs(few: list[str], client_for: ClientFor) -> None:
    browser = client_for("colleague")
    assert browser.get("/profile").status_code == 200
    saved = browser.post("/profile", data={"name": "Carl Changed", "locale": "en", "timezone": "UTC", "version": "1"})
    assert saved.status_code in (302, 303)


def test_who_has_a_seat_works_as_ever(few: list[str], client_for: ClientFor) -> None:
    for who in few[:2]:
        page = client_for(who).get("/acme/companies")
        assert "You have no seat" not in page.text
        assert client_for(who).post("/acme/companies", data={"name": f"By {who}"}).status_code == 303


def test_a_larger_plan_gives_everybody_a_seat_from_the_next_click_on(
    few: list[str], client_for: ClientFor, app: Flask, installation: Installation
) -> None:
    browser = client_for("colleague")
    assert browser.post("/acme/companies", data={"name": "Refused"}).status_code == 403
    give_plan(app, installation.place, "acme", {"members": 100}, key="team")
    assert browser.post("/acme/companies", data={"name": "Made"}).status_code == 303


def test_the_owner_sees_who_has_none_and_chooses(few: list[str], client_for: ClientFor, cast: Cast) -> None:
    owner = client_for("owner")
    assert "4 people have no seat and can only read." in owner.get("/acme/").text
    listed = owner.get("/acme/settings/members").text
    assert listed.count("No seat") == 4
    assert SEATS in listed
    page = owner.get(SEATS)
    assert heading(page) == "Who keeps a seat"
    assert "The plan has 3 seats." in page.text
    chosen = [str(cast[few[1]].member_id), str(cast["colleague"].member_id)]
    saved = owner.post(SEATS, data={"member_ids": chosen})
    assert (saved.status_code, saved.location) == (303, SEATS)
    assert client_for("colleague").post("/acme/companies", data={"name": "Now"}).status_code == 303
    assert client_for(few[2]).post("/acme/companies", data={"name": "No more"}).status_code == 403
    log = owner.get("/acme/settings/audit").text
    assert "Seats given out" in log


def test_too_many_are_refused_by_the_field_and_what_was_chosen_is_kept(
    few: list[str], client_for: ClientFor, cast: Cast
) -> None:
    chosen = [str(cast[key].member_id) for key in few[3:6]]
    refused = client_for("owner").post(SEATS, data={"member_ids": chosen})
    assert refused.status_code == 422
    assert "The plan has 3 seats: choose fewer people." in refused.text
    for one in chosen:
        box = refused.text.index(f'value="{one}"')
        assert " checked" in refused.text[box : box + 120]


@pytest.mark.parametrize("who", ["admin", "manager", "rep", "viewer"])
def test_nobody_else_chooses(few: list[str], client_for: ClientFor, who: str) -> None:
    assert client_for(who).get(SEATS).status_code == 403
    assert client_for(who).post(SEATS, data={}).status_code == 403


def test_where_seats_are_without_limit_there_is_nothing_to_choose(client_for: ClientFor) -> None:
    assert client_for("owner").get(SEATS).location == "/acme/settings/members"
    assert "No seat" not in client_for("owner").get("/acme/settings/members").text
