"""Inviting and joining: new people, people with a sign-in, and links in every state."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from saas_crm.access.models import Invitation
from saas_crm.access.queries import member_of_user, user_by_email
from tenants.db import db, tenant_scope
from tests.support.cast import PASSWORD, Cast
from tests.support.clients import Browser
from tests.support.mailbox import Mailbox, body
from tests.web.pages import errors, heading, summary, value

ClientFor = Callable[..., Browser]
NEW = {"name": "Nina New", "password": "correct horse battery"}
EMAIL = "nina@new.example"


@pytest.fixture
def invited(client_for: ClientFor, mailbox: Mailbox, role_ids: dict[str, str]) -> Callable[..., str]:
    """Invite an address and return the path of the mailed link."""

    def invite(email: str = EMAIL, role: str = "rep") -> str:
        answer = client_for("owner").post(
            "/acme/settings/members/invitations", data={"email": email, "role_id": role_ids[role]}
        )
        assert answer.status_code == 303, errors(answer)
        return mailbox.link(email, "/invitations/")

    return invite


def test_a_new_person_joins(invited: Callable[..., str], client_for: ClientFor, app: Flask, cast: Cast) -> None:
    link = invited(role="manager")
    assert link.startswith("/acme/invitations/")
    nina = client_for(None)
    page = nina.get(link)
    assert heading(page) == "Join Acme Instruments"
    assert "Olivia Owner invites nina@new.example" in page.text
    assert "As Manager, team Acme Instruments" in page.text
    listed = client_for("owner").get("/acme/settings/members").text
    assert listed.index('href="#invitations"') < listed.index("Rita Rep") < listed.index('id="invitations"')
    assert re.search(r'href="#invitations">1 open invitation<', listed)
    answer = nina.post(link, data=NEW)
    assert (answer.status_code, answer.location) == (303, "/acme/")
    assert nina.get("/acme/").status_code == 200
    with app.app_context(), tenant_scope(cast.tenants["acme"]):
        user = user_by_email(EMAIL)
        assert user is not None
        assert user.email_verified_at is not None, "the link has proven the address"
        member = member_of_user(user.id)
        assert member is not None
        assert (member.name, member.role_key) == ("Nina New", "manager")
    assert client_for("viewer").get("/acme/settings/members").text.count("nina@new.example") == 1


def test_the_mail_says_who_and_where(invited: Callable[..., str], mailbox: Mailbox) -> None:
    invited()
    mail = mailbox.arrived(EMAIL)[0]
    assert mail["Subject"] == "Olivia Owner invites you to Acme Instruments"
    assert "owner@acme.example" in body(mail)


def test_somebody_with_a_sign_in_gives_its_password(
    invited: Callable[..., str], client_for: ClientFor, app: Flask, cast: Cast
) -> None:
    link = invited("outsider@other.example")
    browser = client_for(None)
    page = browser.get(link)
    assert "This address has a sign-in already" in page.text
    assert 'name="name"' not in page.text
    wrong = browser.post(link, data={"password": "wrong", "name": "Mallory"})
    assert wrong.status_code == 422
    assert errors(wrong) == {"password": "This is not the password of this address."}
    assert browser.post(link, data={"password": PASSWORD}).status_code == 303
    assert browser.get("/workspaces").text.count('class="choice"') == 2
    with app.app_context(), tenant_scope(cast.tenants["acme"]):
        member = member_of_user(cast["outsider"].user_id)
        assert member is not None
        assert member.name == "Otto Outsider"


def test_guesses_at_the_password_must_wait(invited: Callable[..., str], client_for: ClientFor) -> None:
    link = invited("outsider@other.example")
    browser = client_for(None)
    for _ in range(5):
        browser.post(link, data={"password": "wrong"})
    answer = browser.post(link, data={"password": PASSWORD})
    assert answer.status_code == 429
    assert "Too many attempts" in summary(answer)


def test_whoever_is_signed_in_joins_with_one_button(invited: Callable[..., str], client_for: ClientFor) -> None:
    link = invited("stranger@nowhere.example")
    browser = client_for("stranger")
    before = browser.read_session()["_user_id"]
    assert "You are signed in as stranger@nowhere.example." in browser.get(link).text
    assert browser.post(link).status_code == 303
    assert browser.get("/acme/").status_code == 200
    assert browser.read_session()["_user_id"] == before


def test_another_person_who_holds_the_link_does_not_get_in(invited: Callable[..., str], client_for: ClientFor) -> None:
    link = invited()
    browser = client_for("stranger")
    page = browser.get(link)
    assert "but the invitation is for nina@new.example" in page.text
    assert value(page, "next") == link
    assert browser.post(link, data=NEW).status_code == 422
    assert browser.get("/acme/").status_code == 404
    assert browser.post("/signout", data={"next": link}).location == link


def test_bad_input_is_told_and_kept(invited: Callable[..., str], client_for: ClientFor) -> None:
    link = invited()
    answer = client_for(None).post(link, data={"name": "Nina New", "password": "nina@new.example"})
    assert answer.status_code == 422
    assert set(errors(answer)) == {"password"}
    assert value(answer, "name") == "Nina New"
    answer = client_for(None).post(link, data={})
    assert set(errors(answer)) == {"name", "password"}


def test_a_used_link_says_so(invited: Callable[..., str], client_for: ClientFor) -> None:
    link = invited()
    client_for(None).post(link, data=NEW)
    for answer in (client_for(None).get(link), client_for(None).post(link, data=NEW)):
        assert answer.status_code == 410
        assert heading(answer) == "This invitation was accepted already"


def test_an_old_link_says_so(invited: Callable[..., str], client_for: ClientFor, app: Flask, cast: Cast) -> None:
    link = invited()
    _change(app, cast, "UPDATE {}.invitations SET expires_at = now() - interval '1 second'")
    answer = client_for(None).get(link)
    assert answer.status_code == 410
    assert heading(answer) == "This invitation is too old"
    assert client_for(None).post(link, data=NEW).status_code == 410
    assert "Expired" in client_for("owner").get("/acme/settings/members").text


def test_a_link_is_good_for_seven_days(
    invited: Callable[..., str], client_for: ClientFor, app: Flask, cast: Cast
) -> None:
    link = invited()
    found = _invitation(app, cast)
    assert timedelta(0) <= found.expires_at - found.created_at - timedelta(days=7) < timedelta(minutes=1)
    _change(app, cast, "UPDATE {}.invitations SET expires_at = expires_at - interval '6 days 23 hours'")
    assert client_for(None).get(link).status_code == 200
    _change(app, cast, "UPDATE {}.invitations SET expires_at = expires_at - interval '1 hour'")
    assert client_for(None).get(link).status_code == 410


def test_a_withdrawn_link_says_so(invited: Callable[..., str], client_for: ClientFor, app: Flask, cast: Cast) -> None:
    link = invited()
    owner = client_for("owner")
    address = f"/acme/settings/members/invitations/{_invitation(app, cast).id}/withdrawal"
    assert owner.post(address).status_code == 303
    assert owner.post(address).status_code == 404
    assert heading(client_for(None).get(link)) == "This invitation was withdrawn"
    assert client_for(None).post(link, data=NEW).status_code == 410


def test_a_newer_mail_replaces_the_older(
    invited: Callable[..., str], client_for: ClientFor, mailbox: Mailbox, app: Flask, cast: Cast
) -> None:
    old = invited()
    _change(app, cast, "UPDATE {}.invitations SET expires_at = now() - interval '1 second'")
    answer = client_for("owner").post(f"/acme/settings/members/invitations/{_invitation(app, cast).id}/mail")
    assert answer.status_code == 303
    new = mailbox.link(EMAIL, "/invitations/")
    assert heading(client_for(None).get(old)) == "We do not know this invitation"
    assert client_for(None).post(new, data=NEW).status_code == 303


def test_unknown_links_and_links_of_other_workspaces(invited: Callable[..., str], client_for: ClientFor) -> None:
    link = invited()
    assert client_for(None).get("/acme/invitations/nonsense").status_code == 410
    elsewhere = client_for(None).get(link.replace("/acme/", "/other/"))
    assert (elsewhere.status_code, heading(elsewhere)) == (410, "We do not know this invitation")
    assert client_for(None).get(link.removeprefix("/acme")).status_code == 404


@pytest.mark.parametrize(("status", "answered"), [("frozen", 422), ("removed", 303)])
def test_who_is_locked_out_is_not_let_in_by_an_invitation_of_before(
    invited: Callable[..., str], client_for: ClientFor, app: Flask, cast: Cast, status: str, answered: int
) -> None:
    """To another address of theirs, which they sign in with by now; who was removed comes back by one."""
    link = invited("another@address.example", role="admin")
    _change(app, cast, f"UPDATE {{}}.members SET status = '{status}' WHERE email = 'rep@acme.example'")
    _change(app, cast, "UPDATE {}.invitations SET email = 'rep@acme.example'")
    rep = client_for("rep")
    answer = rep.post(link)
    assert answer.status_code == answered
    if status == "frozen":
        assert "has locked you out for now" in summary(answer)
        assert "Your access is paused" in rep.get("/acme/").text
    else:
        assert rep.get("/acme/").status_code == 200


def test_a_member_keeps_the_role_they_have(
    invited: Callable[..., str], client_for: ClientFor, app: Flask, cast: Cast
) -> None:
    """The owner's own address was invited under an older spelling; the link must not make a viewer of them."""
    link = invited("someone@else.example", role="viewer")
    _change(app, cast, "UPDATE {}.invitations SET email = 'owner@acme.example'")
    assert client_for("owner").post(link).status_code == 303
    assert client_for("owner").get("/acme/settings/workspace").status_code == 200


def _invitation(app: Flask, cast: Cast) -> Invitation:
    with app.app_context(), tenant_scope(cast.tenants["acme"]):
        return db.session.scalars(select(Invitation)).one()


def _change(app: Flask, cast: Cast, statement: str) -> None:
    import psycopg

    url = app.extensions["settings"].owner_url
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(statement.format(cast.tenants["acme"].schema_name).encode())
