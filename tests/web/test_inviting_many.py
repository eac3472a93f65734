"""Inviting many: pasted, looked over line by line, sent; bad lines stay and say why."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape

import pytest
from werkzeug.test import TestResponse

from saas_crm.access.rules import INVITATIONS_PER_WORKSPACE
from tests.support.cast import Cast
from tests.support.clients import Browser
from tests.support.mailbox import Mailbox
from tests.web.pages import errors, flashed, heading, summary, value
from tests.web.test_invitations import EMAIL, invited

__all__ = ["invited"]
ClientFor = Callable[..., Browser]
Roles = dict[str, str]
PAGE, SEND = "/acme/settings/members/invite", "/acme/settings/members/invitations"


def lines(page: TestResponse) -> list[tuple[str, str]]:
    """Return what each line shows: the address as typed, and what is wrong with it."""
    found = []
    for item in re.findall(r'<li class="offer-line.*?</li>', page.text, re.S):
        typed = re.search(r'name="email"[^>]*?value="([^"]*)"', item)
        wrong = re.search(r'class="field-error"[^>]*-error">(?:<svg.*?</svg>)?<span>(.*?)</span>', item, re.S)
        found.append((typed[1] if typed else "", wrong[1] if wrong else ""))
    return found


def test_a_pasted_list_is_looked_over_and_sent(
    client_for: ClientFor, role_ids: Roles, cast: Cast, mailbox: Mailbox
) -> None:
    owner = client_for("owner")
    pasted = "Ann Lee <ann@new.example>, bob@new.example;\nCarla@NEW.example"
    data = {"addresses": pasted, "role_id": role_ids["rep"], "team_id": str(cast.teams["south"])}
    step = owner.post(PAGE, data=data)
    assert step.status_code == 200
    assert [wrong for _, wrong in lines(step)] == ["", "", ""]
    assert "3 invitations are ready to be sent." in step.text
    assert mailbox.arrived() == [], "nothing is sent before the second step"
    data = {
        "email": ["ann@new.example", "bob@new.example", "carla@new.example"],
        "role_id": [role_ids["rep"], role_ids["manager"], role_ids["viewer"]],
        "team_id": [str(cast.teams["south"]), str(cast.teams["north"]), ""],
    }  # fmt: skip
    answer = owner.post(SEND, data=data)
    assert (answer.status_code, answer.location) == (303, "/acme/settings/members")
    assert flashed(owner.get("/acme/settings/members")) == "3 people are invited."
    link = mailbox.link("bob@new.example", "/invitations/")
    client_for(None).post(link, data={"name": "Bob New", "password": "correct horse battery"})
    page = owner.get("/acme/settings/members?q=bob")
    assert "Manager" in page.text
    assert "North" in page.text


def test_each_bad_line_says_what_is_wrong(invited: Callable[..., str], client_for: ClientFor, role_ids: Roles) -> None:
    invited()
    pasted = f"new@new.example\nnonsense\nrep@acme.example\n{EMAIL}\nNew@new.example"
    page = client_for("owner").post(PAGE, data={"addresses": pasted, "role_id": role_ids["rep"]})
    assert page.status_code == 200
    assert lines(page) == [
        ("nonsense", "An e-mail address has an @ in it, as in name@example.com."), ("new@new.example", ""),
    ]  # fmt: skip
    left_out = page.text.partition("Left out")[2]
    for email, why in (
        ("rep@acme.example", "This person is a member already."),
        (EMAIL, "This address has an open invitation already."),
        ("new@new.example", "This address is in the list twice."),
    ):
        assert email in left_out
        assert why in left_out
    assert "1 line needs your attention. The others are sent without it." in page.text
    opened = re.findall(r'<details class="offer"( open)?>', page.text)
    assert opened == [" open", ""], "what is wrong stands open and first, the others are folded"


def test_good_lines_go_and_bad_ones_stay_typed(client_for: ClientFor, role_ids: Roles, mailbox: Mailbox) -> None:
    data = {"email": ["good@new.example", "bad@"], "role_id": [role_ids["rep"]] * 2, "team_id": ["", ""]}
    page = client_for("owner").post(SEND, data=data)
    assert page.status_code == 200
    assert "1 person is invited." in page.text
    assert lines(page) == [("bad@", "This is not an e-mail address. Please check it.")]
    assert len(mailbox.arrived("good@new.example")) == 1
    again = client_for("owner").post(SEND, data={"email": ["bad@"], "role_id": [role_ids["rep"]], "team_id": [""]})
    assert again.status_code == 422


def test_a_line_can_be_left_out(client_for: ClientFor, role_ids: Roles, mailbox: Mailbox) -> None:
    data = {"email": ["a@new.example", "b@new.example"], "role_id": [role_ids["rep"]] * 2, "skip": "0"}
    assert client_for("owner").post(SEND, data=data).status_code == 303
    assert [mail["To"] for mail in mailbox.arrived()] == ["b@new.example"]


@pytest.mark.parametrize(("count", "status"), [(100, 200), (101, 422)])
def test_at_most_a_hundred_at_once(client_for: ClientFor, role_ids: Roles, count: int, status: int) -> None:
    pasted = "\n".join(f"n{number}@new.example" for number in range(count))
    page = client_for("owner").post(PAGE, data={"addresses": pasted, "role_id": role_ids["rep"]})
    assert page.status_code == status
    if status == 422:
        assert "At most 100 addresses at once." in summary(page)
        assert "n100@new.example" in page.text, "what was typed is kept"


def test_nothing_written_is_told(client_for: ClientFor, role_ids: Roles) -> None:
    page = client_for("owner").post(PAGE, data={"addresses": " , ", "role_id": role_ids["rep"]})
    assert page.status_code == 422
    assert errors(page) == {"addresses": "Write at least one e-mail address."}


def test_the_limit_holds_for_many_too_and_then_nobody_is_invited(
    client_for: ClientFor, role_ids: Roles, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = type(INVITATIONS_PER_WORKSPACE)(free=2, first=60, longest=60)
    monkeypatch.setattr("saas_crm.access.invitations.INVITATIONS_PER_WORKSPACE", few)
    data = {"email": [f"n{n}@new.example" for n in range(3)], "role_id": [role_ids["rep"]] * 3}
    page = client_for("owner").post(SEND, data=data)
    assert page.status_code == 422
    assert "Too many attempts" in summary(page)
    assert [typed for typed, _ in lines(page)] == data["email"]
    assert mailbox.arrived() == []
    assert client_for("owner").post(SEND, data={key: value[:2] for key, value in data.items()}).status_code == 303


def test_an_admin_makes_no_owner_by_a_list(client_for: ClientFor, role_ids: Roles, mailbox: Mailbox) -> None:
    data = {"email": ["a@new.example", "b@new.example"], "role_id": [role_ids["owner"], role_ids["rep"]]}
    page = client_for("admin").post(SEND, data=data)
    assert errors(page) == {"role_id": "Only an owner can invite owners."}
    assert [mail["To"] for mail in mailbox.arrived()] == ["b@new.example"]


@pytest.mark.parametrize("who", ["manager", "rep", "viewer"])
def test_others_invite_nobody(client_for: ClientFor, role_ids: Roles, who: str) -> None:
    data = {"addresses": EMAIL, "email": EMAIL, "role_id": role_ids["rep"]}
    assert client_for(who).post(PAGE, data=data).status_code == 403
    assert client_for(who).post(SEND, data=data).status_code == 403


def test_the_setup_page_still_invites_one(client_for: ClientFor, role_ids: Roles, mailbox: Mailbox) -> None:
    owner = client_for("owner")
    answer = owner.post("/acme/setup/invitations", data={"email": EMAIL, "role_id": role_ids["rep"]})
    assert (answer.status_code, answer.location) == (303, "/acme/setup")
    assert heading(client_for(None).get(mailbox.link(EMAIL, "/invitations/"))) == "Join Acme Instruments"


def test_who_needs_no_invitation_holds_up_nobody(client_for: ClientFor, role_ids: Roles, mailbox: Mailbox) -> None:
    data = {"email": ["rep@acme.example", "fresh@new.example", "fresh@new.example"], "role_id": [role_ids["rep"]] * 3}
    answer = client_for("owner").post(SEND, data=data)
    assert answer.status_code == 303
    assert flashed(client_for("owner").get("/acme/settings/members")) == ""
    assert [mail["To"] for mail in mailbox.arrived("fresh@new.example")] == ["fresh@new.example"]
    nobody = client_for("owner").post(PAGE, data={"addresses": "rep@acme.example", "role_id": role_ids["rep"]})
    assert "Nobody is left to invite" in nobody.text


def test_open_invitations_tell_their_team(client_for: ClientFor, role_ids: Roles, cast: Cast) -> None:
    sent = {"email": ["one@new.example"], "role_id": [role_ids["rep"]], "team_id": [str(cast.teams["south"])]}
    client_for("owner").post(SEND, data=sent)
    card = client_for("owner").get("/acme/settings/members").text.partition("Open invitations")[2]
    assert "Sales rep · South" in card.replace("\n", " ")


@pytest.mark.parametrize(("typed", "name"), [
    ("Bert Zwei <{}>", "Bert Zwei"), ('"Zwei, Bert" <{}>', "Bert Zwei"), ("Zwei, Bert <{}>", "Bert Zwei"),
    ("王小明 <{}>", "王小明"), ("{}", ""), ("<{}>", ""), ("x@y.example <{}>", ""),
])  # fmt: skip
def test_the_name_beside_an_address_is_filled_in(
    client_for: ClientFor, role_ids: Roles, mailbox: Mailbox, typed: str, name: str
) -> None:
    email = "bert.zwei@new.example"
    step = client_for("owner").post(PAGE, data={"addresses": typed.format(email), "role_id": role_ids["rep"]})
    [(line, wrong)] = lines(step)
    assert wrong == ""
    sent = {"email": [unescape(line)], "role_id": [role_ids["rep"]]}
    assert client_for("owner").post(SEND, data=sent).status_code == 303
    page = client_for(None).get(mailbox.link(email, "/invitations/"))
    assert page.status_code == 200
    assert value(page, "name") == name


def test_a_name_in_a_link_is_only_a_word_in_a_field(client_for: ClientFor, role_ids: Roles, mailbox: Mailbox) -> None:
    client_for("owner").post(SEND, data={"email": ["x@new.example"], "role_id": [role_ids["rep"]]})
    link = mailbox.link("x@new.example", "/invitations/").partition("?")[0]
    page = client_for(None).get(f"{link}?name=%22%3E%3Cscript%3E%00{'y' * 500}")
    assert "<script>y" not in page.text
    assert len(value(page, "name")) <= 200
