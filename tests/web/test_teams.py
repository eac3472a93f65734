"""The pages of the team tree and of one team."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest
from sqlalchemy.orm import undefer

from saas_crm.access.models import Member, Role, Team
from saas_crm.access.permissions import CurrentMember
from saas_crm.core.clock import now
from tenants.db import db, new_id
from tests.support.acts import acts
from tests.support.cast import Cast
from tests.support.clients import Browser, statements
from tests.support.making import Maker
from tests.web.pages import errors, flashed, heading, summary, value

ClientFor = Callable[..., Browser]
Acting = Callable[[str], AbstractContextManager[CurrentMember]]
PAGE = "/acme/settings/teams"
HTMX = {"HX-Request": "true"}


def test_everybody_sees_the_tree(client_for: ClientFor, cast: Cast) -> None:
    page = client_for("viewer").get(PAGE)
    assert page.status_code == 200
    assert re.findall(r'class="team-name tap"[^>]*>([^<]+)<', page.text) == ["Acme Instruments", "North", "South"]
    assert "Add a team" not in page.text
    assert "data-movable" not in page.text
    for key in ("north", "root"):
        assert client_for("viewer").get(f"{PAGE}/{cast.teams[key]}").status_code == 200
    assert "Rita Rep" in client_for("viewer").get(f"{PAGE}/{cast.teams['north']}").text


def test_a_team_is_added_renamed_and_led(client_for: ClientFor, cast: Cast) -> None:
    admin, north = client_for("admin"), f"{PAGE}/{cast.teams['north']}"
    data = {"name": "大区", "parent_id": str(cast.teams["north"])}
    assert admin.post(PAGE, data=data).status_code == 303
    assert flashed(admin.get(PAGE)) == "Team “大区” added."
    data = {"name": "Nord", "manager_id": str(cast["manager"].member_id)}
    assert admin.post(north, data=data).status_code == 303
    tree = admin.get(PAGE)
    assert "Nord" in tree.text
    assert "led by Mona Manager" in tree.text
    assert value(admin.get(north), "manager_id_text") == "Mona Manager"
    assert errors(admin.post(north, data={"name": ""}))["name"] == "This is needed."
    assert "name" in errors(admin.post(PAGE, data={"name": " ", "parent_id": str(cast.teams["north"])}))


@pytest.mark.parametrize("headers", [{}, HTMX])
def test_a_team_is_moved(client_for: ClientFor, cast: Cast, headers: dict[str, str]) -> None:
    admin, south = client_for("admin"), str(cast.teams["south"])
    data = {"team_id": str(cast.teams["north"]), "parent_id": south}
    answer = admin.post(f"{PAGE}/moves", data=data, headers=headers)
    assert answer.status_code == (200 if headers else 303)
    if headers:
        assert "<html" not in answer.text
        assert json.loads(answer.headers["HX-Trigger"])["toast"]["text"] == "“North” is in its new place."
    assert f'data-team="{cast.teams["north"]}" data-parent="{south}"' in admin.get(PAGE).text


@pytest.mark.parametrize("headers", [{}, HTMX])
def test_a_move_below_itself_is_refused_with_the_reason(
    client_for: ClientFor, cast: Cast, headers: dict[str, str]
) -> None:
    data = {"team_id": str(cast.teams["root"]), "parent_id": str(cast.teams["south"])}
    answer = client_for("admin").post(f"{PAGE}/moves", data=data, headers=headers)
    assert answer.status_code == 422
    assert "cannot be moved into itself" in answer.text
    for wrong in ({}, {"team_id": "x"}, {"team_id": str(cast.teams["north"]), "parent_id": ""}):
        assert client_for("admin").post(f"{PAGE}/moves", data=wrong).status_code == 422


def test_places_to_move_to_leave_out_what_is_below(client_for: ClientFor, cast: Cast) -> None:
    page = client_for("admin").get(f"{PAGE}/{cast.teams['north']}/move")
    assert page.status_code == 200
    assert f'value="{cast.teams["south"]}"' in page.text
    assert f'name="parent_id" value="{cast.teams["north"]}"' not in page.text
    data = {"team_id": str(cast.teams["north"]), "parent_id": "top"}
    assert client_for("admin").post(f"{PAGE}/moves", data=data).status_code == 303


def test_a_team_sent_twice_is_made_once(client_for: ClientFor, cast: Cast) -> None:
    admin = client_for("admin")
    data = {"name": "West", "parent_id": str(cast.teams["root"]), "record_id": value(admin.get(PAGE), "record_id")}
    assert [admin.post(PAGE, data=data).status_code for _ in range(2)] == [303, 303]
    assert admin.get(PAGE).text.count(">West<") == 1


def test_where_a_team_goes_is_foreseen_only_for_who_may_move_it(
    client_for: ClientFor, cast: Cast, acting: Acting, make: Maker
) -> None:
    make.company("colleague", name="Ada")
    north, south = (f"{PAGE}/{cast.teams[key]}/move" for key in ("north", "south"))
    asked = client_for("admin").get(f"{south}?parent_id={cast.teams['north']}")
    assert heading(asked) == "Before you save"
    told = client_for("admin").get(f"{south}?parent_id={cast.teams['south']}")
    assert "cannot be moved into itself" in told.text
    assert "Choose a team." in client_for("admin").get(f"{south}?parent_id={new_id()}").text
    with acting("owner"):
        role = Role(name="Team keepers", permissions={"team:read": "all", "team:update": "team"})
        db.session.add(role)
        db.session.flush()
        db.session.get_one(Member, make.member_id("rep")).role_id = role.id
    rep = client_for("rep")
    for path in (south, f"{south}?parent_id={cast.teams['north']}", f"{north}?parent_id={cast.teams['south']}"):
        assert rep.get(path).status_code == 403, path
    assert rep.get(north).status_code == 200


def test_people_come_and_go(client_for: ClientFor, cast: Cast) -> None:
    admin, south = client_for("admin"), f"{PAGE}/{cast.teams['south']}"
    rep = str(cast["rep"].member_id)
    assert admin.post(f"{south}/members", data={"member_id": rep}).status_code == 303
    assert "Rita Rep" in admin.get(south).text
    assert admin.post(f"{south}/members/{rep}/leaving").status_code == 303
    assert "Rita Rep" in admin.get(f"{PAGE}/{cast.teams['root']}").text
    assert admin.post(f"{south}/helpers", data={"helper_id_text": "Rita Rep"}).status_code == 303
    assert "helper_id" in errors(admin.post(f"{south}/helpers", data={"helper_id": rep}))
    assert admin.post(f"{south}/closing").status_code == 303
    assert admin.post(f"{south}/guests", data={"guest_id": rep}).status_code == 303
    page = admin.get(south)
    assert page.text.count("Rita Rep") >= 2
    assert statements(page) <= 8
    for what in ("helpers", "guests"):
        assert admin.post(f"{south}/{what}/{rep}/leaving").status_code == 303
        assert admin.post(f"{south}/{what}/{rep}/leaving").status_code == 404
        field = what.removesuffix("s") + "_id"
        assert field in errors(admin.post(f"{south}/{what}", data={f"{field}_text": "Nobody"}))
    assert admin.post(f"{south}/opening").status_code == 303
    assert "Close this team to others" in admin.get(south).text


def test_a_team_is_deleted_and_the_last_one_not(client_for: ClientFor, cast: Cast) -> None:
    admin = client_for("admin")
    full = admin.post(f"{PAGE}/{cast.teams['south']}/deletion")
    assert (full.status_code, "Move them first" in summary(full)) == (422, True)
    assert admin.post(f"{PAGE}/{cast.teams['south']}/deletion", data={"move_up": "1"}).status_code == 303
    assert admin.get(f"{PAGE}/{cast.teams['south']}").status_code == 404
    assert "Carl Colleague" in admin.get(f"{PAGE}/{cast.teams['root']}").text
    top = admin.post(f"{PAGE}/{cast.teams['root']}/deletion", data={"move_up": "1"})
    assert (top.status_code, "top of the tree" in summary(top)) == (422, True)


def test_deleting_a_closed_team_shows_first_who_comes_to_see_what_it_hid(
    client_for: ClientFor, acting: Acting, make: Maker, cast: Cast
) -> None:
    south, company = cast.teams["south"], make.company("colleague", name="Hidden Works")
    with acting("owner"):
        team = db.session.get_one(Team, south, options=[undefer(Team.closed_at), undefer(Team.manager_id)])
        team.closed_at, team.manager_id = now(), cast["manager"].member_id
        db.session.get_one(Member, cast["viewer"].member_id).team_id = cast.teams["north"]
    admin, here = client_for("admin"), f"{PAGE}/{south}"
    manager, viewer = client_for("manager"), client_for("viewer")
    assert viewer.get(f"/acme/companies/{company.id}").status_code == 404
    asked = admin.post(f"{here}/deletion", data={"move_up": "1"})
    assert heading(asked) == "Before you save"
    part = asked.text.split("Vera Viewer")[1].split("</li>")[0]
    assert re.search(r"Companies\s*<strong class=\"preview-gained\">\+1<", part)
    assert "Mona Manager" in asked.text, "who led it no longer does"
    assert admin.get(here).status_code == 200, "nothing has happened yet"
    assert viewer.get(f"/acme/companies/{company.id}").status_code == 404
    assert admin.post(f"{here}/deletion", data={"move_up": "1", "confirmed": "1"}).status_code == 303
    assert viewer.get(f"/acme/companies/{company.id}").status_code == 200
    assert manager.get(f"/acme/companies/{company.id}").status_code == 404
    (entry,) = acts(acting, action="purge", resource="team")
    assert set(entry.changes) == {"name", "parent_id", "path", "closed_at", "manager_id"}
    assert entry.changes["manager_id"] == [str(cast["manager"].member_id), None]
    assert entry.changes["closed_at"][0]


@pytest.mark.parametrize("who", ["manager", "rep", "viewer"])
def test_others_change_no_team(client_for: ClientFor, cast: Cast, who: str) -> None:
    browser, north, rep = client_for(who), f"{PAGE}/{cast.teams['north']}", cast["rep"].member_id
    inside = ("", "/closing", "/opening", "/deletion", "/members", "/helpers", "/guests", f"/helpers/{rep}/leaving")
    for address in (PAGE, f"{PAGE}/moves", *(north + end for end in inside)):
        assert browser.post(address, data={"name": "X"}).status_code == 403, address
    assert '<form class="stack' not in browser.get(north).text


def test_the_only_team_at_the_top_is_offered_no_other_place(client_for: ClientFor, cast: Cast) -> None:
    admin, root, north = client_for("admin"), cast.teams["root"], cast.teams["north"]
    tree = admin.get(PAGE).text
    assert f"{PAGE}/{root}/move" not in tree
    assert f"{PAGE}/{north}/move" in tree
    assert f"{PAGE}/{root}/move" not in admin.get(f"{PAGE}/{root}").text
    assert "There is no other place for it" in admin.get(f"{PAGE}/{root}/move").text
    assert "There is no other place for it" not in admin.get(f"{PAGE}/{north}/move").text


def test_the_way_out_of_a_team_names_where_it_leads(client_for: ClientFor, cast: Cast) -> None:
    page = client_for("admin").get(f"{PAGE}/{cast.teams['north']}").text
    assert "Move to “Acme Instruments”" in page
    assert "To the team above" not in page
    assert "Add as helper" in client_for("admin").get(f"/acme/settings/members/{cast['rep'].member_id}").text


def test_guests_are_chosen_from_those_who_do_not_see_it_yet(client_for: ClientFor, cast: Cast) -> None:
    admin, south = client_for("admin"), cast.teams["south"]
    assert admin.post(f"{PAGE}/{south}/closing", data={"confirmed": "1"}).status_code == 303
    assert "owners of the workspace, and whom a single record is shared with" in admin.get(f"{PAGE}/{south}").text
    here = f"/acme/pickers/members?outside={south}"
    assert f"outside={south}" in admin.get(f"{PAGE}/{south}").text
    answer = admin.get(here)
    assert statements(answer) <= 5
    assert "Rita Rep" in answer.text
    for name in ("Olivia Owner", "Carl Colleague", "Adam Admin"):  # the owner, who is in it, and who stands above it
        assert name not in answer.text, name
    guest = {"guest_id": str(cast["rep"].member_id), "confirmed": "1"}
    assert admin.post(f"{PAGE}/{south}/guests", data=guest).status_code == 303
    assert "Rita Rep" not in admin.get(here).text
    assert "Carl Colleague" in client_for("rep").get(here).text, "who may not choose guests is told nothing by it"
