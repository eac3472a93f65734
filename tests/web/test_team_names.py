"""Two teams under one parent are never called the same, whoever asks, and also not at the same moment."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from threading import Thread
from typing import Any

import pytest
from sqlalchemy import func, select

from saas_crm.access.models import Team
from saas_crm.access.permissions import CurrentMember
from tenants.db import db, new_id
from tests.support.cast import Cast
from tests.support.clients import Browser, Phone
from tests.web.pages import value

ClientFor = Callable[..., Browser]
ApiFor = Callable[..., Phone]
Acting = Callable[[str], AbstractContextManager[CurrentMember]]
TEAMS = "/acme/settings/teams"
TAKEN = "There is a team of this name there already."


def named(acting: Acting, name: str) -> int:
    with acting("owner"):
        return db.session.scalar(select(func.count()).select_from(Team).where(Team.name == name)) or 0


def another(acting: Acting, name: str, parent_id: Any) -> Any:
    with acting("owner"):
        key = new_id()
        path = [*db.session.get_one(Team, parent_id).path, key]
        db.session.add(Team(id=key, name=name, parent_id=parent_id, path=path))
        return key


@pytest.mark.parametrize("name", ["Team North", " team  NORTH", "Ｔｅａｍ Ｎｏｒｔｈ"])
def test_a_name_that_is_there_is_refused_by_its_field(
    client_for: ClientFor, api_for: ApiFor, cast: Cast, acting: Acting, name: str
) -> None:
    with acting("owner"):
        db.session.get_one(Team, cast.teams["north"]).name = "Team North"
        root = str(db.session.get_one(Team, cast.teams["north"]).parent_id)
    admin, before = client_for("admin"), named(acting, "Team North")
    for path, sent in ((TEAMS, {"parent_id": root}), (f"{TEAMS}/{cast.teams['south']}", {"confirmed": "1"})):
        refused = admin.post(path, data={"name": name, **sent})
        assert refused.status_code == 422, path
        assert TAKEN in refused.text
        assert value(refused, "name").strip() == name.strip(), "what was typed is kept"
    body = {"name": name, "parent_id": root}
    problem = api_for("admin").post("/teams", json=body)
    assert (problem.status_code, problem.json["errors"][0]["pointer"]) == (422, "#/name"), problem.text
    assert named(acting, "Team North") == before
    assert admin.post(TEAMS, data={"name": name, "parent_id": str(cast.teams["south"])}).status_code == 303


def test_a_team_keeps_its_own_name_and_may_change_its_capitals(
    client_for: ClientFor, cast: Cast, acting: Acting
) -> None:
    here = f"{TEAMS}/{cast.teams['north']}"
    name = value(client_for("admin").get(here), "name")
    for called in (name, name.upper()):
        assert client_for("admin").post(here, data={"name": called, "confirmed": "1"}).status_code == 303
    assert named(acting, name.upper()) == 1


def test_a_long_name_is_refused(client_for: ClientFor, api_for: ApiFor, cast: Cast) -> None:
    root, long = str(cast.teams["south"]), "x" * 121
    assert client_for("admin").post(TEAMS, data={"name": long, "parent_id": root}).status_code == 422
    assert client_for("admin").post(f"{TEAMS}/{root}", data={"name": long, "confirmed": "1"}).status_code == 422
    assert api_for("admin").post("/teams", json={"name": long, "parent_id": root}).status_code == 422
    assert client_for("admin").post(TEAMS, data={"name": "x" * 120, "parent_id": root}).status_code == 303


def test_a_team_is_not_moved_beside_its_namesake(
    client_for: ClientFor, api_for: ApiFor, cast: Cast, acting: Acting
) -> None:
    north, south = cast.teams["north"], cast.teams["south"]
    mine, _there = another(acting, "Field", north), another(acting, "Field", south)
    sent = {"team_id": str(mine), "parent_id": str(south), "confirmed": "1"}
    refused = client_for("admin").post(f"{TEAMS}/moves", data=sent)
    assert refused.status_code == 422
    assert "There is a team called “Field” there already." in refused.text
    version = api_for("admin").get(f"/teams/{mine}").headers["ETag"]
    problem = api_for("admin").patch(f"/teams/{mine}", json={"parent_id": str(south)}, headers={"If-Match": version})
    assert (problem.status_code, problem.json["errors"][0]["pointer"]) == (422, "#/parent_id"), problem.text


def test_deleting_a_team_puts_none_beside_its_namesake(client_for: ClientFor, cast: Cast, acting: Acting) -> None:
    with acting("owner"):
        root = db.session.get_one(Team, cast.teams["south"]).parent_id
    another(acting, "Field", cast.teams["south"])
    another(acting, "Field", root)
    refused = client_for("admin").post(f"{TEAMS}/{cast.teams['south']}/deletion", data={"move_up": "1"})
    assert refused.status_code == 422
    assert "Rename one of them first." in refused.text


def test_two_at_once_make_one(client_for: ClientFor, cast: Cast, acting: Acting) -> None:
    answers: list[int] = []

    def make() -> None:
        sent = {"name": "Quick", "parent_id": str(cast.teams["south"]), "record_id": str(new_id())}
        answers.append(client_for("admin").post(TEAMS, data=sent).status_code)

    def rename() -> None:
        sent = {"name": "QUICK", "confirmed": "1"}
        answers.append(client_for("owner").post(f"{TEAMS}/{child}", data=sent).status_code)

    child = another(acting, "Slow", cast.teams["south"])
    threads = [Thread(target=work) for work in (make, make, rename)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [303, 422, 422]
    assert named(acting, "Quick") + named(acting, "QUICK") == 1


def test_the_form_sent_twice_makes_one_team(client_for: ClientFor, cast: Cast, acting: Acting) -> None:
    sent = {"name": "Once", "parent_id": str(cast.teams["south"]), "record_id": str(new_id())}
    assert [client_for("admin").post(TEAMS, data=sent).status_code for _time in range(2)] == [303, 303]
    assert named(acting, "Once") == 1


def test_places_are_told_by_their_path(client_for: ClientFor, cast: Cast, acting: Acting) -> None:
    another(acting, "Field", cast.teams["north"])
    another(acting, "Field", cast.teams["south"])
    page = client_for("admin").get(f"{TEAMS}/{cast.teams['north']}/move").text
    assert "South ›</span>" in page
    invite = client_for("admin").get("/acme/settings/members/invite").text
    assert invite.count("Field (") == 2, "teams of one name are told apart where one chooses"
