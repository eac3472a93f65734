"""Whom another role, another team or a move of a team touches is shown first; it is done once that was confirmed."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from html import unescape

import pytest
from sqlalchemy import select

from saas_crm.access.models import Member, Role, Team
from saas_crm.access.permissions import CurrentMember
from tenants.db import db, new_id
from tests.support.cast import Cast
from tests.support.clients import Browser
from tests.support.making import Maker
from tests.web.pages import chosen, heading, value

ClientFor = Callable[..., Browser]
Acting = Callable[[str], AbstractContextManager[CurrentMember]]
HTMX = {"HX-Request": "true"}


@pytest.fixture
def records(make: Maker) -> None:
    """Something of the rep's and of the colleague's that others may gain or lose."""
    make.company("rep", name="Ada")
    make.company("owner", owner="colleague", name="Bea")


def kept(page: str) -> list[tuple[str, str]]:
    """Return the fields of the form that asks."""
    form = page[page.index('name="confirmed"') - 400 :]
    return re.findall(r'<input type="hidden" name="([a-z_]+)" value="([^"]*)">', form[: form.index("</form>")])


def told(page: str) -> str:
    """Return the line that says what was chosen."""
    return unescape(re.findall(r'<p><strong class="wrap">([^<]+)</strong></p>', page)[0])


def team_of(acting: Acting, cast: Cast, who: str) -> str:
    with acting("owner"):
        query = select(Team.name).join(Member, Member.team_id == Team.id).where(Member.id == cast[who].member_id)
        return str(db.session.scalar(query))


@pytest.mark.newest
@pytest.mark.usefixtures("records")
def test_another_team_asks_first(client_for: ClientFor, cast: Cast, acting: Acting) -> None:
    admin, here = client_for("admin"), f"/acme/settings/members/{cast['rep'].member_id}/team"
    asked = admin.post(here, data={"team_id": str(cast.teams["south"])})
    assert heading(asked) == "Before you save"
    assert "Tom Teammate" in asked.text
    assert team_of(acting, cast, "rep") == "North"
    again = admin.post(here, data=dict(kept(asked.text)))
    assert again.status_code == 303
    assert team_of(acting, cast, "rep") == "South"


@pytest.mark.newest
@pytest.mark.usefixtures("records")
def test_another_role_asks_first(client_for: ClientFor, cast: Cast, acting: Acting) -> None:
    admin, here = client_for("admin"), f"/acme/settings/members/{cast['rep'].member_id}/role"
    with acting("owner"):
        viewer = db.session.scalars(select(Role.id).where(Role.key == "viewer")).one()
    asked = admin.post(here, data={"role_id": str(viewer)})
    assert heading(asked) == "Before you save"
    assert admin.post(here, data=dict(kept(asked.text))).status_code == 303
    with acting("owner"):
        assert db.session.scalar(select(Member.role_id).where(Member.id == cast["rep"].member_id)) == viewer


@pytest.mark.newest
@pytest.mark.usefixtures("records")
def test_many_at_once_ask_once(client_for: ClientFor, cast: Cast, acting: Acting) -> None:
    ids = [str(cast[who].member_id) for who in ("rep", "teammate")]
    changes = {"members": ids, "what": "team", "team_id": str(cast.teams["south"])}
    admin = client_for("admin")
    asked = admin.post("/acme/settings/members/changes", data=changes)
    assert heading(asked) == "Before you save"
    assert [value for name, value in kept(asked.text) if name == "members"] == ids
    assert told(asked.text) == "Team: South\N{NO-BREAK SPACE}· 2 people"
    answer = admin.post("/acme/settings/members/changes", data={**changes, "confirmed": "1"})
    assert answer.status_code == 303
    assert {team_of(acting, cast, who) for who in ("rep", "teammate")} == {"South"}


@pytest.mark.newest
@pytest.mark.usefixtures("records")
def test_for_whom_it_is_refused_is_left_out_of_what_is_foreseen(client_for: ClientFor, cast: Cast) -> None:
    """An admin takes no owner's role: only the manager is reckoned with, and an id of nobody changes nothing."""
    admin, here = client_for("admin"), "/acme/settings/members/changes"
    role_id = next(value for value in re.findall(r'value="([0-9a-f-]{36})"[^>]*>Viewer', admin.get(
        "/acme/settings/members").text))  # fmt: skip
    ids = [str(cast[who].member_id) for who in ("owner", "manager")]
    asked = admin.post(here, data={"members": [*ids, str(new_id())], "what": "role", "role_id": role_id})
    assert heading(asked) == "Before you save"
    assert "Olivia Owner" not in asked.text
    assert told(asked.text) == "Role: Viewer\N{NO-BREAK SPACE}· 1 person"
    alone = admin.post(here, data={"members": ids[:1], "what": "role", "role_id": role_id})
    assert alone.status_code == 303, "nobody is touched: told, and not asked"


@pytest.mark.usefixtures("records")
def test_a_team_that_is_dragged_is_asked_about_on_a_page_of_its_own(
    client_for: ClientFor, cast: Cast, acting: Acting
) -> None:
    admin = client_for("admin")
    move = {"team_id": str(cast.teams["south"]), "parent_id": str(cast.teams["north"])}
    dragged = admin.post("/acme/settings/teams/moves", data=move, headers=HTMX)
    assert dragged.status_code == 204
    asked = admin.get(dragged.headers["HX-Redirect"])
    assert heading(asked) == "Before you save"
    assert "Mona Manager" in asked.text
    assert told(asked.text) == "Part of: North"
    assert {"confirmed": "1", **move}.items() <= dict(kept(asked.text)).items()
    assert admin.post("/acme/settings/teams/moves", data=dict(kept(asked.text))).status_code == 303
    with acting("owner"):
        assert db.session.scalar(select(Team.parent_id).where(Team.name == "South")) == cast.teams["north"]


@pytest.mark.usefixtures("records")
def test_a_leader_a_helper_and_a_wall_are_asked_about(client_for: ClientFor, cast: Cast, acting: Acting) -> None:
    """Each opens or hides records: who gains and who loses is told before, and Undo does not ask again."""
    admin, south = client_for("admin"), f"/acme/settings/teams/{cast.teams['south']}"
    manager = str(cast["manager"].member_id)
    for address, data in (
        (south, {"name": "South", "manager_id": manager, "version": "1"}),
        (f"{south}/helpers", {"helper_id": manager}),
    ):
        asked = admin.post(address, data=data)
        assert heading(asked) == "Before you save"
        assert "Mona Manager" in asked.text
        with acting("owner"):
            assert db.session.scalar(select(Team.manager_id).where(Team.name == "South")) is None
    asked = admin.post(south, data={"name": "South", "manager_id": manager})
    assert admin.post(south, data=dict(kept(asked.text))).status_code == 303
    with acting("owner"):
        assert db.session.scalar(select(Team.manager_id).where(Team.name == "South")) == cast["manager"].member_id


@pytest.mark.usefixtures("records")
def test_closing_a_team_asks_first_and_undoing_it_does_not(client_for: ClientFor, cast: Cast) -> None:
    admin, teams = client_for("admin"), "/acme/settings/teams"
    north = f"{teams}/{cast.teams['north']}"
    away = {"member_id": str(cast["viewer"].member_id), "confirmed": "1"}
    assert admin.post(f"{teams}/{cast.teams['south']}/members", data=away).status_code == 303
    asked = admin.post(f"{north}/closing")
    assert heading(asked) == "Before you save"
    assert "Vera Viewer" in asked.text
    assert "Close this team to others" in admin.get(north).text
    assert admin.post(f"{north}/closing", data={"confirmed": "1"}).status_code == 303
    page = admin.get(north).text
    assert "Closed to other teams" in page
    undo = re.search(r'action="([^"]*opening[^"]*confirmed[^"]*)"', page)
    assert undo is not None
    assert admin.post(unescape(undo[1])).status_code == 303
    assert "Closed to other teams" not in admin.get(north).text


@pytest.mark.usefixtures("records")
def test_people_of_a_team_are_asked_about_on_its_page_too(client_for: ClientFor, cast: Cast, acting: Acting) -> None:
    admin, south = client_for("admin"), f"/acme/settings/teams/{cast.teams['south']}"
    rep = str(cast["rep"].member_id)
    assert heading(admin.post(f"{south}/members", data={"member_id": rep})) == "Before you save"
    assert team_of(acting, cast, "rep") == "North"
    assert admin.post(f"{south}/members", data={"member_id": rep, "confirmed": "1"}).status_code == 303
    assert team_of(acting, cast, "rep") == "South"


@pytest.mark.newest
def test_fields_that_close_or_open_are_told_by_name(client_for: ClientFor, cast: Cast, acting: Acting) -> None:
    """Nobody needs to own a record for that: whoever no longer sees any number loses something."""
    admin = client_for("admin")
    with acting("owner"):
        rep = db.session.scalars(select(Role).where(Role.key == "rep")).one()
        blind = Role(id=new_id(), name="Blind", permissions={
            **rep.permissions, "contact.phone": "hidden", "contact.mobile": "hidden", "company.email": "masked",
            "opportunity.amount": "read-only",
        })  # fmt: skip
        db.session.add(blind)
        blind_id, role_id = str(blind.id), rep.id
    ids = [str(cast[who].member_id) for who in ("rep", "teammate")]
    asked = admin.post("/acme/settings/members/changes", data={"members": ids, "what": "role", "role_id": blind_id})
    assert heading(asked) == "Before you save"
    for words in ("Rita Rep", "Tom Teammate", "2 members lose access.", "No longer see", "Contacts: Mobile, Phone",
                  "Now see only in part", "Companies: E-mail", "No longer change", "Deals: Amount"):  # fmt: skip
        assert words in asked.text, words
    one = f"/acme/settings/members/{ids[0]}/role"
    assert admin.post(one, data={"role_id": blind_id, "confirmed": "1"}).status_code == 303
    back = admin.post(one, data={"role_id": str(role_id)})
    for words in ("1 member gains access.", "See again", "Contacts: Mobile, Phone", "Can change again"):
        assert words in back.text, words
    page = f"/acme/settings/roles/{role_id}"
    saving = admin.post(page, data={"name": "Sales rep", "version": "1", "rule__contact__birthday": "hidden"})
    assert heading(saving) == "Before you save"
    assert "Contacts: Birthday" in saving.text
    assert "Rita Rep" not in saving.text, "she has another role now"


@pytest.mark.usefixtures("records")
def test_the_way_back_is_the_form_with_what_was_typed(client_for: ClientFor, cast: Cast, acting: Acting) -> None:
    admin = client_for("admin")
    with acting("owner"):
        role_id = db.session.scalars(select(Role.id).where(Role.key == "admin")).one()
        rep_id = db.session.scalars(select(Role.id).where(Role.key == "rep")).one()
    page, typed = f"/acme/settings/roles/{rep_id}", {"name": "Callers", "company__read": "own", "version": "1"}
    asked = admin.post(page, data={**typed, "rule__contact__phone": "hidden"})
    assert "Back to change it" in asked.text
    back = admin.post(page, data={**dict(kept(asked.text)), "again": "1"})
    assert back.status_code == 200
    assert value(back, "name") == "Callers"
    assert chosen(back, "company__read") == "own"
    assert chosen(back, "rule__contact__phone") == "hidden"
    assert value(back, "version") == "1"
    assert heading(admin.get(page)) == "Sales rep", "nothing is saved"
    south = f"/acme/settings/teams/{cast.teams['south']}"
    manager = {"name": "Far south", "manager_id": str(cast["manager"].member_id), "manager_id_text": "Mona Manager"}
    asked = admin.post(south, data=manager)
    back = admin.post(south, data={**dict(kept(asked.text)), "again": "1"})
    assert value(back, "name") == "Far south"
    assert "Mona Manager" in back.text
    member = f"/acme/settings/members/{cast['rep'].member_id}/role"
    back = admin.post(member, data={"role_id": str(role_id), "again": "1", "confirmed": "1"})
    assert chosen(back, "role_id") == str(role_id)
    assert admin.post(south, data={"again": "1"}).status_code == 200
    assert client_for("rep").post(page, data={**typed, "again": "1"}).status_code == 403


def test_what_touches_nobody_is_done_at_once(client_for: ClientFor, cast: Cast, acting: Acting) -> None:
    here = f"/acme/settings/members/{cast['rep'].member_id}/team"
    assert client_for("admin").post(here, data={"team_id": str(cast.teams["south"])}).status_code == 303
    assert team_of(acting, cast, "rep") == "South"


@pytest.mark.usefixtures("records")
def test_what_is_wrong_is_told_before_anybody_is_asked(client_for: ClientFor, cast: Cast) -> None:
    admin = client_for("admin")
    move = {"team_id": str(cast.teams["north"]), "parent_id": str(cast.teams["north"])}
    refused = admin.post("/acme/settings/teams/moves", data=move)
    assert refused.status_code == 422
    assert heading(refused) != "Before you save"
