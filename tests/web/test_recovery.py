"""Forgotten passwords, confirmed addresses, changed passwords, and the links that do it."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from flask import Flask

from saas_crm.access.queries import user_by_id
from saas_crm.access.sessions import open_sessions
from tests.support.cast import PASSWORD, Cast
from tests.support.clients import Browser, browser_of
from tests.support.installation import Installation
from tests.support.mailbox import Mailbox, body, queued
from tests.support.signing_in import enter
from tests.web.pages import errors, heading, summary, words

ClientFor = Callable[..., Browser]
NEW = "another horse battery"


@pytest.fixture
def nobody(client_for: ClientFor) -> Browser:
    return client_for(None)


def test_a_forgotten_password_is_set_anew_by_mail(
    nobody: Browser, mailbox: Mailbox, cast: Cast, client_for: ClientFor
) -> None:
    former = client_for("rep")
    assert nobody.post("/forgot", data={"email": "REP@acme.example"}).status_code == 200
    link = mailbox.link("rep@acme.example", "/reset/")
    assert heading(nobody.get(link)) == "Set a new password"
    answer = nobody.post(link, data={"password": NEW})
    assert (answer.status_code, answer.location) == (303, "/acme/")
    assert nobody.get("/acme/").status_code == 200
    assert former.get("/acme/").status_code == 302, "all browsers of before are signed out"
    assert enter(browser_of(nobody.application, None)).status_code == 422
    assert enter(browser_of(nobody.application, None), password=NEW).status_code == 303
    [_told] = [mail for mail in mailbox.arrived("rep@acme.example") if mail["Subject"] == "Your password was changed"]


def test_the_answer_is_the_same_for_an_unknown_address(nobody: Browser, mailbox: Mailbox) -> None:
    known = nobody.post("/forgot", data={"email": "rep@acme.example"})
    unknown = nobody.post("/forgot", data={"email": "nobody@nowhere.example"})
    assert known.status_code == unknown.status_code == 200
    assert words(known).replace("rep@acme.example", "X") == words(unknown).replace("nobody@nowhere.example", "X")
    assert known.headers["Server-Timing"].split("sql")[1] == unknown.headers["Server-Timing"].split("sql")[1]
    assert [mail["To"] for mail in mailbox.arrived()] == ["rep@acme.example"]


def test_a_link_works_once_and_says_so(nobody: Browser, mailbox: Mailbox) -> None:
    nobody.post("/forgot", data={"email": "rep@acme.example"})
    link = mailbox.link("rep@acme.example", "/reset/")
    nobody.post(link, data={"password": NEW})
    for answer in (nobody.get(link), nobody.post(link, data={"password": "third horse battery"})):
        assert answer.status_code == 410
        assert heading(answer) == "This link was used already"
        assert 'href="/forgot"' in answer.text
    assert enter(browser_of(nobody.application, None), password=NEW).status_code == 303


def test_a_new_password_ends_the_other_links(nobody: Browser, mailbox: Mailbox) -> None:
    for _ in range(2):
        nobody.post("/forgot", data={"email": "rep@acme.example"})
        mailbox.arrived()
    first, second = (
        next(word for word in body(mail).split() if "/reset/" in word) for mail in mailbox.arrived("rep@acme.example")
    )
    nobody.post(second, data={"password": NEW})
    assert nobody.get(first).status_code == 410


def test_looking_at_a_link_does_not_use_it_up(nobody: Browser, mailbox: Mailbox) -> None:
    """Mail servers open links to look for harm."""
    nobody.post("/forgot", data={"email": "rep@acme.example"})
    link = mailbox.link("rep@acme.example", "/reset/")
    for _ in range(3):
        assert nobody.get(link).status_code == 200
    assert nobody.post(link, data={"password": NEW}).status_code == 303


@pytest.mark.parametrize("purpose", ["reset", "verify"])
def test_old_and_unknown_links_say_what_to_do(
    nobody: Browser, mailbox: Mailbox, installation: Installation, purpose: str, client_for: ClientFor
) -> None:
    assert heading(nobody.get(f"/{purpose}/nonsense")) == "We do not know this link"
    _unverify(installation)
    client_for("rep").post("/profile/verification")
    nobody.post("/forgot", data={"email": "rep@acme.example"})
    mailbox.arrived()
    links = [w for mail in mailbox.arrived("rep@acme.example") for w in body(mail).split() if f"/{purpose}/" in w]
    with installation.place.owner() as connection:
        connection.execute("UPDATE public.mailed_tokens SET expires_at = now() - interval '1 minute'")
    for answer in (nobody.get(links[0]), nobody.post(links[0], data={"password": NEW})):
        assert answer.status_code == 410
        assert heading(answer) == "This link is too old"


def test_a_weak_new_password_is_explained_and_the_link_stays_good(nobody: Browser, mailbox: Mailbox) -> None:
    nobody.post("/forgot", data={"email": "rep@acme.example"})
    link = mailbox.link("rep@acme.example", "/reset/")
    for weak in ("", "short", "rep@acme.example", "Rita Rep"):
        answer = nobody.post(link, data={"password": weak})
        assert answer.status_code == 422
        assert errors(answer)["password"]
    assert nobody.post(link, data={"password": NEW}).status_code == 303


def test_links_are_not_mailed_without_end(nobody: Browser, installation: Installation) -> None:
    for _ in range(3):
        assert nobody.post("/forgot", data={"email": "rep@acme.example"}).status_code == 200
    answer = nobody.post("/forgot", data={"email": "rep@acme.example"})
    assert answer.status_code == 429
    assert "Too many attempts" in summary(answer)
    assert [name for name, _ in queued(installation)].count("access.mail_reset") == 3


@pytest.mark.parametrize("email", ["", "nobody", "a@b\x00.example", "x" * 300 + "@y.example"])
def test_what_is_no_address_is_refused(nobody: Browser, email: str) -> None:
    assert nobody.post("/forgot", data={"email": email}).status_code == 422


def test_an_address_is_confirmed_by_the_button_behind_the_link(
    client_for: ClientFor, nobody: Browser, mailbox: Mailbox, installation: Installation, app: Flask, cast: Cast
) -> None:
    _unverify(installation)
    rep = client_for("rep")
    assert "Not confirmed yet" in rep.get("/profile").text
    assert rep.post("/profile/verification").status_code == 303
    link = mailbox.link("rep@acme.example", "/verify/")
    page = nobody.get(link)
    assert "Is rep@acme.example yours?" in page.text
    assert "It was not me" not in rep.get(link).text, "who signed up themselves"
    with app.app_context():
        assert user_by_id(cast["rep"].user_id).email_verified_at is None, "looking is not confirming"
    assert heading(nobody.post(link)) == "Your address is confirmed"
    assert heading(nobody.get(link)) == "Your address is confirmed"
    assert heading(nobody.post(link)) == "Your address is confirmed"
    with app.app_context():
        assert user_by_id(cast["rep"].user_id).email_verified_at is not None


def test_who_did_not_sign_up_is_told_who_did_and_takes_the_address_back(
    client_for: ClientFor, nobody: Browser, mailbox: Mailbox, installation: Installation, app: Flask, cast: Cast
) -> None:
    _unverify(installation)
    stranger = client_for("rep")
    stranger.post("/profile/verification")
    link = mailbox.link("rep@acme.example", "/verify/")
    for page in (nobody.get(link), client_for("admin").get(link)):
        assert "Rita Rep signed up with it." in page.text
        [way] = re.findall(r'href="(/forgot[^"]*)"', page.text)
    assert 'value="rep@acme.example"' in nobody.get(way).text
    nobody.post("/forgot", data={"email": "rep@acme.example"})
    assert nobody.post(mailbox.link("rep@acme.example", "/reset/"), data={"password": NEW}).status_code == 303
    assert stranger.get("/profile").status_code == 302
    with app.app_context():
        assert user_by_id(cast["rep"].user_id).email_verified_at is not None


def test_the_confirmation_is_not_mailed_without_end_nor_needlessly(
    client_for: ClientFor, mailbox: Mailbox, installation: Installation
) -> None:
    rep = client_for("rep")
    rep.post("/profile/verification")
    assert mailbox.arrived() == []
    _unverify(installation)
    for _ in range(5):
        rep.post("/profile/verification")
    assert len(mailbox.arrived("rep@acme.example")) == 3


def test_a_password_is_changed_with_the_present_one(
    client_for: ClientFor, app: Flask, cast: Cast, mailbox: Mailbox
) -> None:
    rep, other = client_for("rep"), client_for("rep")
    token = rep.read_session()["_user_id"]
    answer = rep.post("/profile/password", data={"current": PASSWORD, "password": NEW})
    assert (answer.status_code, answer.location) == (303, "/profile")
    assert rep.get("/profile").status_code == 200
    assert rep.read_session()["_user_id"] != token
    assert other.get("/profile").status_code == 302, "the other browsers are signed out"
    with app.app_context():
        assert len(open_sessions(cast["rep"].user_id)) == 1
    assert enter(client_for(None), password=NEW).status_code == 303
    assert mailbox.arrived("rep@acme.example")[0]["Subject"] == "Your password was changed"


def test_a_wrong_present_password_changes_nothing_and_counts(client_for: ClientFor) -> None:
    rep = client_for("rep")
    for _ in range(5):
        answer = rep.post("/profile/password", data={"current": "wrong", "password": NEW})
        assert answer.status_code == 422
        assert errors(answer) == {"current": "This is not your present password."}
    assert rep.post("/profile/password", data={"current": PASSWORD, "password": NEW}).status_code == 429


def test_a_weak_new_password_is_refused(client_for: ClientFor) -> None:
    answer = client_for("rep").post("/profile/password", data={"current": PASSWORD, "password": "Rita Rep"})
    assert answer.status_code == 422
    assert "password" in errors(answer)


def _unverify(installation: Installation) -> None:
    with installation.place.owner() as connection:
        connection.execute("UPDATE public.users SET email_verified_at = NULL WHERE email = 'rep@acme.example'")
