"""The way back for who finds their address changed by somebody who got in."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import update

from saas_crm.access.factors.standing import factors_of
from saas_crm.access.queries import user_by_id
from saas_crm.access.shared_models import User
from tenants.db import SHARED, db
from tests.support.cast import PASSWORD, Cast
from tests.support.clients import Browser, Phone, browser_of
from tests.support.installation import Installation
from tests.support.mailbox import Mailbox, body, queued, run_jobs
from tests.support.second_factor import with_app
from tests.web.email_change import CONFIRM, FORMER, NEW, PAGE, UNDO, ask, changed
from tests.web.pages import errors, heading, words
from tests.web.passkeys import register
from tests.web.test_sign_in import enter

ClientFor = Callable[..., Browser]
SAFE = {"password": "vier lila hunde tanzen"}


def address_of(app: Flask, cast: Cast) -> str:
    with app.app_context():
        return str(user_by_id(cast["rep"].user_id).email)


def test_the_owner_takes_it_back(
    rep: Browser, nobody: Browser, mailbox: Mailbox, app: Flask, cast: Cast, api_for: Callable[..., Phone]
) -> None:
    changed(rep, mailbox)
    undo = mailbox.link(FORMER, UNDO)
    assert heading(nobody.get(undo)) == "Secure your sign-in"
    assert address_of(app, cast) == NEW, "looking is not undoing"
    assert nobody.post(undo, data=SAFE, csrf=False).status_code == 400
    for weak in ("", "short", FORMER):
        refused = nobody.post(undo, data={"password": weak})
        assert (refused.status_code, bool(errors(refused)["password"])) == (422, True)
    done = nobody.post(undo, data=SAFE)
    assert (done.status_code, done.location) == (303, "/acme/")
    assert address_of(app, cast) == FORMER
    assert rep.get("/profile").status_code == 302, "whoever did it is out"
    assert enter(browser_of(app, None), email=NEW).status_code == 422
    assert enter(browser_of(app, None), email=FORMER).status_code == 422
    assert enter(browser_of(app, None), email=FORMER, **SAFE).status_code == 303
    assert mailbox.arrived(NEW)[-1]["Subject"] == "The change of your e-mail address was undone"
    assert "Change of the e-mail address undone" in words(nobody.get("/profile/sign-ins"))
    for answer in (nobody.get(undo), nobody.post(undo, data=SAFE)):
        assert (answer.status_code, heading(answer)) == (410, "This link was used already")


def test_the_first_notice_stops_it_before_and_after(
    rep: Browser, nobody: Browser, mailbox: Mailbox, app: Flask, cast: Cast
) -> None:
    ask(rep)
    stop, link = mailbox.link(FORMER, UNDO), mailbox.link(NEW, CONFIRM)
    assert "stays rep@acme.example" in nobody.get(stop).text
    rep.post(link)
    assert "You get rep@acme.example back" in nobody.get(stop).text
    assert nobody.post(stop, data=SAFE).status_code == 303
    assert address_of(app, cast) == FORMER


def test_stopped_before_it_was_confirmed(
    rep: Browser, nobody: Browser, mailbox: Mailbox, client_for: ClientFor, app: Flask, cast: Cast
) -> None:
    ask(rep)
    stop, link = mailbox.link(FORMER, UNDO), mailbox.link(NEW, CONFIRM)
    assert nobody.post(stop, data=SAFE).status_code == 303
    assert nobody.post(link).status_code == 410, "also for who is signed in as the person"
    assert address_of(app, cast) == FORMER


def test_a_chain_of_changes_comes_back_to_its_beginning(
    rep: Browser, nobody: Browser, mailbox: Mailbox, app: Flask, cast: Cast
) -> None:
    changed(rep, mailbox)
    first = mailbox.link(FORMER, UNDO)
    changed(rep, mailbox, "third@elsewhere.example")
    theirs = mailbox.link(NEW, UNDO)
    assert nobody.post(first, data=SAFE).status_code == 303
    assert address_of(app, cast) == FORMER
    assert browser_of(app, None).post(theirs, data=SAFE).status_code == 410, "who came in cannot undo the undoing"
    assert address_of(app, cast) == FORMER


def test_nobody_else_takes_the_former_address_meanwhile(
    rep: Browser, mailbox: Mailbox, client_for: ClientFor, app: Flask, cast: Cast, installation: Installation
) -> None:
    changed(rep, mailbox)
    mate = client_for("teammate")
    ask(mate, FORMER)
    link = mailbox.link(FORMER, CONFIRM)
    assert mate.post(link).status_code == 422
    signup = {"name": "X", "email": FORMER, "password": SAFE["password"], "company": "Thieves", "slug": "thieves",
              "locale": "en", "country": "US"}  # fmt: skip
    refused = browser_of(app, None).post("/signup", data=signup)
    assert refused.status_code == 422
    assert "email" in errors(refused)
    with installation.place.owner() as connection:
        connection.execute("UPDATE public.email_changes SET undo_until = now() WHERE confirmed_at IS NOT NULL")
    assert mate.post(link).status_code == 303, "after seven days it is free"


def test_what_was_added_since_goes_and_what_was_there_is_asked_for(
    rep: Browser, nobody: Browser, mailbox: Mailbox, app: Flask, cast: Cast
) -> None:
    ask(rep)
    link, stop = mailbox.link(NEW, CONFIRM), mailbox.link(FORMER, UNDO)
    rep.post(link)
    register(rep)
    assert nobody.post(stop, data=SAFE).location == "/acme/", "nothing else is asked"
    with app.app_context():
        assert not factors_of(cast["rep"].user_id).on


def test_a_second_step_of_before_stays(rep: Browser, nobody: Browser, mailbox: Mailbox, app: Flask, cast: Cast) -> None:
    phone = with_app(app, cast["rep"])
    changed(rep, mailbox)
    asked = nobody.post(mailbox.link(FORMER, UNDO), data=SAFE)
    assert asked.location.startswith("/signin/code")
    assert nobody.get("/acme/").status_code == 302
    assert nobody.post("/signin/code", data={"code": phone.code()}).status_code == 303


def test_an_unconfirmed_address_gets_no_way_back(rep: Browser, mailbox: Mailbox, app: Flask, cast: Cast) -> None:
    """It may be a stranger's: somebody mistyped their own at the sign-up."""
    with app.app_context(), db.engines[SHARED].begin() as connection:
        connection.execute(update(User).where(User.id == cast["rep"].user_id).values(email_verified_at=None))
    changed(rep, mailbox)
    notices = mailbox.arrived(FORMER)
    assert len(notices) == 2
    assert not any(UNDO in body(mail) for mail in notices)


@pytest.mark.parametrize("locale", ["zh_Hans", "zh_Hant"])
def test_mails_speak_the_persons_language(rep: Browser, mailbox: Mailbox, app: Flask, cast: Cast, locale: str) -> None:
    with app.app_context(), db.engines[SHARED].begin() as connection:
        connection.execute(update(User).where(User.id == cast["rep"].user_id).values(locale=locale))
    changed(rep, mailbox)
    mails = [*mailbox.arrived(FORMER), *mailbox.arrived(NEW)]
    assert len(mails) == 3
    assert not any("address" in mail["Subject"] for mail in mails)


def test_too_late_and_forgotten(rep: Browser, nobody: Browser, mailbox: Mailbox, installation: Installation) -> None:
    assert heading(nobody.get(f"{UNDO}nonsense")) == "We do not know this link"
    changed(rep, mailbox)
    undo = mailbox.link(FORMER, UNDO)
    with installation.place.owner() as connection:
        connection.execute("UPDATE public.email_changes SET undo_until = now() - interval '1 minute'")
    assert heading(nobody.post(undo, data=SAFE)) == "This link is too old"
    with installation.place.owner() as connection:
        connection.execute("UPDATE public.email_changes SET undo_until = now() - interval '31 days'")
    from saas_crm.access.jobs import clean_up

    with installation.app.app_context():
        clean_up()
    with installation.place.owner() as connection:
        assert connection.execute("SELECT count(*) FROM public.email_changes").fetchone() == (0,)


def test_links_are_kept_as_hashes(rep: Browser, mailbox: Mailbox, installation: Installation) -> None:
    changed(rep, mailbox)
    undo = mailbox.link(FORMER, UNDO).rpartition("/")[2]
    with installation.place.owner() as connection:
        rows = connection.execute("SELECT e::text FROM public.email_changes e").fetchall()
    assert undo not in str(rows)
    assert PASSWORD not in str(rows)
    run_jobs(installation)
    assert queued(installation) == []
    assert rep.get(PAGE).status_code == 200
