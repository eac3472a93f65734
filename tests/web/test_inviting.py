"""Who may invite whom, and what is told when it cannot be."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from saas_crm.access.rules import INVITATIONS_PER_WORKSPACE
from tests.support.clients import Browser
from tests.support.installation import Installation
from tests.support.mailbox import Mailbox
from tests.web.pages import errors, value
from tests.web.test_invitations import EMAIL, invited

__all__ = ["invited"]
ClientFor = Callable[..., Browser]


@pytest.mark.parametrize(
    ("email", "role", "field", "said"),
    [
        ("", "rep", "email", "needed"), ("nonsense", "rep", "email", "@"),
        (EMAIL, "", "role_id", "Choose a role"),
        (EMAIL, "00000000-0000-0000-0000-000000000000", "role_id", "Choose a role"),
    ],
)  # fmt: skip
def test_an_invitation_that_cannot_be_sent_is_explained(
    client_for: ClientFor, role_ids: dict[str, str], email: str, role: str, field: str, said: str
) -> None:
    data = {"email": email, "role_id": role_ids.get(role, role)}
    answer = client_for("owner").post("/acme/settings/members/invitations", data=data)
    assert answer.status_code == 422
    assert said in errors(answer)[field]
    assert value(answer, "email") == email


def test_one_address_is_invited_once(
    invited: Callable[..., str], client_for: ClientFor, role_ids: dict[str, str]
) -> None:
    invited()
    data = {"email": EMAIL.upper(), "role_id": role_ids["rep"]}
    answer = client_for("owner").post("/acme/settings/members/invitations", data=data)
    assert answer.status_code == 422
    assert "open invitation already" in answer.text.partition("Left out")[2]
    member = client_for("owner").post(
        "/acme/settings/members/invitations", data={**data, "email": "viewer@acme.example"}
    )
    assert member.status_code == 422
    assert "a member already" in member.text.partition("Left out")[2]


def test_only_an_owner_invites_owners(client_for: ClientFor, role_ids: dict[str, str]) -> None:
    page = client_for("admin").get("/acme/settings/members/invite")
    assert role_ids["owner"] not in page.text
    assert role_ids["owner"] in client_for("owner").get("/acme/settings/members/invite").text
    data = {"email": EMAIL, "role_id": role_ids["owner"]}
    assert client_for("admin").post("/acme/settings/members/invitations", data=data).status_code == 422


@pytest.mark.parametrize("who", ["manager", "rep", "viewer"])
def test_others_do_not_invite(client_for: ClientFor, role_ids: dict[str, str], who: str) -> None:
    data = {"email": EMAIL, "role_id": role_ids["rep"]}
    assert client_for(who).post("/acme/settings/members/invitations", data=data).status_code == 403
    assert "Invite people" not in client_for(who).get("/acme/settings/members").text
    assert client_for(who).get("/acme/settings/members/invite").status_code == 403


def test_inviting_waits_for_ones_own_address(
    client_for: ClientFor, role_ids: dict[str, str], installation: Installation, mailbox: Mailbox
) -> None:
    with installation.place.owner() as connection:
        connection.execute("UPDATE public.users SET email_verified_at = NULL WHERE email = 'owner@acme.example'")
    owner = client_for("owner")
    page = owner.get("/acme/settings/members/invite")
    assert "First confirm that owner@acme.example is yours" in page.text
    data = {"email": EMAIL, "role_id": role_ids["rep"]}
    answer = owner.post("/acme/settings/members/invitations", data=data)
    assert answer.status_code == 422
    assert mailbox.arrived() == []


def test_a_workspace_cannot_mail_without_end(
    client_for: ClientFor, role_ids: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert INVITATIONS_PER_WORKSPACE.free == 100
    few = type(INVITATIONS_PER_WORKSPACE)(free=2, first=60, longest=60)
    monkeypatch.setattr("saas_crm.access.invitations.INVITATIONS_PER_WORKSPACE", few)
    owner = client_for("owner")
    data = [{"email": f"n{number}@new.example", "role_id": role_ids["rep"]} for number in range(3)]
    statuses = [owner.post("/acme/settings/members/invitations", data=one).status_code for one in data]
    assert statuses == [303, 303, 422]
