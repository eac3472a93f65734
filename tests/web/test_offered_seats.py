"""A seat is offered in teams the inviter reaches: nobody lets a second self into a closed unit."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from uuid import UUID

import pytest

from saas_crm.access.models import Member, Team
from saas_crm.access.permissions import CurrentMember
from saas_crm.core.clock import now
from tenants.db import db, new_id
from tests.support.clients import Browser, Phone
from tests.support.mailbox import Mailbox
from tests.support.making import Maker

Acting = Callable[[str], AbstractContextManager[CurrentMember]]
EMAIL = "second-self@new.example"


@pytest.fixture
def inviter(acting: Acting, make: Maker) -> Callable[[str], str]:
    """Let the rep invite, so far; returns their role."""

    def give(scope: str) -> str:
        role = make.own_role(company__read="team", member__read="all", team__read="all", member__create=scope)
        with acting("owner"):
            db.session.get_one(Member, make.member_id("rep")).role_id = UUID(role)
        return role

    return give


@pytest.fixture
def teams(acting: Acting, make: Maker) -> dict[str, str]:
    """A closed unit, a team below the rep's, and those there are."""
    root, north = make.team_id("root"), make.team_id("north")
    vault, below = new_id(), new_id()
    with acting("owner"):
        db.session.add(Team(id=vault, name="Vault", parent_id=root, path=[root, vault], closed_at=now()))
        db.session.add(Team(id=below, name="Below", parent_id=north, path=[root, north, below]))
    return {"vault": str(vault), "below": str(below), "north": str(north), "south": str(make.team_id("south"))}


@pytest.mark.parametrize(
    ("scope", "allowed"),
    [("all", {"north", "below", "south"}), ("subtree", {"north", "below"}), ("team", {"north"}), ("own", {"north"})],
)
def test_where_a_seat_is_offered(
    scope: str, allowed: set[str], inviter: Callable[[str], str], teams: dict[str, str],
    api_for: Callable[[str], Phone],
) -> None:  # fmt: skip
    role = inviter(scope)
    answers = {
        name: api_for("rep").post(
            "/invitations", json={"email": f"{name}@new.example", "role_id": role, "team_id": team_id}
        )
        for name, team_id in teams.items()
    }
    assert {name for name, answer in answers.items() if answer.status_code == 201} == allowed
    assert {answer.status_code for answer in answers.values()} == {201, 422}


def test_a_team_that_was_closed_meanwhile(
    inviter: Callable[[str], str], teams: dict[str, str], api_for: Callable[[str], Phone], mailbox: Mailbox,
    client_for: Callable[[str | None], Browser], acting: Acting,
) -> None:  # fmt: skip
    role = inviter("all")
    body = {"email": EMAIL, "role_id": role, "team_id": teams["south"]}
    assert api_for("rep").post("/invitations", json=body).status_code == 201
    link = mailbox.link(EMAIL, "/invitations/")
    with acting("owner"):
        db.session.get_one(Team, UUID(teams["south"])).closed_at = now()
    person = {"name": "Nina New", "password": "correct horse battery"}
    assert client_for(None).post(link, data=person).status_code >= 400
    with acting("owner"):
        db.session.get_one(Team, UUID(teams["south"])).closed_at = None
    assert client_for(None).post(link, data=person).status_code == 303
