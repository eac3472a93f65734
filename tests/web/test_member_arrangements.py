"""On a member's page: team, helped teams, working hours, substitute; what everybody may say of themselves."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from saas_crm.access.team_schemas import WEEKDAYS
from tests.support.cast import Cast
from tests.support.clients import Browser, statements
from tests.web.pages import chosen, errors, flashed, value
from web.settings.hours import hours_line

ClientFor = Callable[..., Browser]
PageOf = Callable[[str], str]


@pytest.fixture
def page_of(cast: Cast) -> PageOf:
    return lambda who: f"/acme/settings/members/{cast[who].member_id}"


def test_a_team_is_changed(client_for: ClientFor, page_of: PageOf, cast: Cast) -> None:
    admin = client_for("admin")
    assert chosen(admin.get(page_of("rep")), "team_id") == str(cast.teams["north"])
    answer = admin.post(f"{page_of('rep')}/team", data={"team_id": str(cast.teams["south"])})
    assert (answer.status_code, answer.location) == (303, page_of("rep"))
    page = admin.get(page_of("rep"))
    assert chosen(page, "team_id") == str(cast.teams["south"])
    assert statements(page) <= 8
    for wrong in ("", "nonsense", "00000000-0000-0000-0000-000000000000"):
        assert admin.post(f"{page_of('rep')}/team", data={"team_id": wrong}).status_code == 422


def test_teams_are_helped_and_no_more(client_for: ClientFor, page_of: PageOf, cast: Cast) -> None:
    admin, south = client_for("admin"), str(cast.teams["south"])
    admin.post(f"{page_of('rep')}/helped-teams", data={"team_id": south})
    assert flashed(admin.get(page_of("rep"))) == "Rita Rep helps “South” now."
    assert f"/helped-teams/{south}/end" in admin.get(page_of("rep")).text
    own = admin.post(f"{page_of('colleague')}/helped-teams", data={"team_id": south})
    assert (own.status_code, "their own team already" in own.text) == (422, True)
    assert admin.post(f"{page_of('rep')}/helped-teams/{south}/end").status_code == 303
    assert admin.post(f"{page_of('rep')}/helped-teams/{south}/end").status_code == 404
    assert client_for("rep").post(f"{page_of('rep')}/helped-teams", data={"team_id": south}).status_code == 403


def test_working_hours_are_set_by_admins_and_by_oneself(client_for: ClientFor, page_of: PageOf) -> None:
    data = {"mon_from": "09:00", "mon_to": "18:00", "fri_from": "09:00", "fri_to": "13:30"}
    for who in ("admin", "rep"):
        browser = client_for(who)
        assert browser.post(f"{page_of('rep')}/hours", data=data).status_code == 303
        page = browser.get(page_of("rep"))
        assert (value(page, "mon_to"), value(page, "fri_to"), value(page, "tue_from")) == ("18:00", "13:30", "")
        assert browser.post(f"{page_of('rep')}/hours", data={}).status_code == 303
        assert value(browser.get(page_of("rep")), "mon_to") == ""


def test_hours_and_substitute_are_told_in_a_line(client_for: ClientFor, page_of: PageOf, cast: Cast) -> None:
    weekdays = {
        f"{day}_{end}": at
        for day in ("mon", "tue", "wed", "thu", "fri")
        for end, at in (("from", "09:00"), ("to", "17:00"))
    }
    rep = client_for("rep")
    rep.post(f"{page_of('rep')}/hours", data={**weekdays, "sun_from": "10:00", "sun_to": "14:00"})
    rep.post(f"{page_of('rep')}/substitute", data={"substitute_id": str(cast["teammate"].member_id)})
    for who in ("rep", "admin", "viewer"):
        page = client_for(who).get(page_of("rep"))
        assert "Working hours: Mon–Fri 09:00–17:00, Sun 10:00–14:00" in page.text
        assert "Substitute: Tom Teammate" in page.text
        assert statements(page) <= 8
    assert "Working hours:" not in client_for("viewer").get(page_of("teammate")).text


@pytest.mark.parametrize(
    ("days", "line"),
    [
        ({}, ""), ({"tue": ["08:00", "12:00"]}, "Tue 08:00–12:00"),
        ({"mon": ["09:00", "17:00"], "tue": ["09:00", "17:00"]}, "Mon, Tue 09:00–17:00"),
        ({"mon": ["09:00", "17:00"], "wed": ["09:00", "17:00"]}, "Mon 09:00–17:00, Wed 09:00–17:00"),
        ({day: ["09:00", "18:00"] for day in WEEKDAYS}, "Mon–Sun 09:00–18:00"),
    ],
)  # fmt: skip
def test_days_worked_alike_stand_together(days: dict[str, list[str]], line: str) -> None:
    assert hours_line(days) == line


@pytest.mark.parametrize(
    ("data", "field", "said"),
    [
        ({"mon_from": "09:00"}, "mon_to", "needed"), ({"mon_to": "09:00"}, "mon_to", "needed"),
        ({"mon_from": "18:00", "mon_to": "09:00"}, "mon_to", "after the beginning"),
        ({"mon_from": "09:00", "mon_to": "09:00"}, "mon_to", "after the beginning"),
        ({"sun_from": "25:00", "sun_to": "26:00"}, "sun_to", "cannot be used"),
    ],
)  # fmt: skip
def test_wrong_hours_are_told_and_kept(
    client_for: ClientFor, page_of: PageOf, data: dict[str, str], field: str, said: str
) -> None:
    page = client_for("rep").post(f"{page_of('rep')}/hours", data=data)
    assert page.status_code == 422
    assert said in errors(page)[field]
    for name, sent in data.items():
        assert value(page, name) == sent


def test_a_substitute_is_another_active_member_and_leads_not_back(
    client_for: ClientFor, page_of: PageOf, cast: Cast
) -> None:
    rep, tom, admin = client_for("rep"), client_for("teammate"), client_for("admin")
    data = {"substitute_id": str(cast["teammate"].member_id)}
    assert rep.post(f"{page_of('rep')}/substitute", data=data).status_code == 303
    assert value(rep.get(page_of("rep")), "substitute_id_text") == "Tom Teammate"
    assert "Tom Teammate" in client_for("viewer").get(page_of("rep")).text
    back = tom.post(f"{page_of('teammate')}/substitute", data={"substitute_id": str(cast["rep"].member_id)})
    assert "leads back" in errors(back)["substitute_id"]
    own = rep.post(f"{page_of('rep')}/substitute", data={"substitute_id": str(cast["rep"].member_id)})
    assert "leads back" in errors(own)["substitute_id"]
    admin.post(f"{page_of('teammate')}/freezing")
    frozen = client_for("admin").post(f"{page_of('colleague')}/substitute", data=data)
    assert errors(frozen)["substitute_id"] == "Choose an active member."
    written = admin.post(f"{page_of('rep')}/substitute", data={"substitute_id_text": "Carl Colleague"})
    assert written.status_code == 303, "without a script the name alone is sent"
    assert admin.post(f"{page_of('rep')}/substitute", data={"substitute_id": ""}).status_code == 303
    assert value(rep.get(page_of("rep")), "substitute_id") == ""


@pytest.mark.parametrize("what", ["hours", "substitute", "team"])
def test_others_arrange_nothing_for_a_colleague(client_for: ClientFor, page_of: PageOf, what: str) -> None:
    answer = client_for("teammate").post(f"{page_of('rep')}/{what}", data={"mon_from": "09:00", "mon_to": "10:00"})
    assert answer.status_code == 403
    assert f"{page_of('rep')}/{what}" not in client_for("teammate").get(page_of("rep")).text


def test_an_admin_arranges_nothing_for_an_owner(client_for: ClientFor, page_of: PageOf, cast: Cast) -> None:
    answer = client_for("admin").post(f"{page_of('owner')}/team", data={"team_id": str(cast.teams["south"])})
    assert answer.status_code == 403
