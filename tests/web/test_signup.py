"""Signing a company up: the form, what helps while it is filled in, and the workspace afterwards."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from saas_crm.access import signing_up
from saas_crm.access.queries import member_of_user, user_by_email
from saas_crm.access.rules import SIGN_UPS_PER_ADDRESS
from saas_crm.access.sessions import workspaces_of
from tenants.db import tenant_scope
from tests.support.cast import PASSWORD, Cast
from tests.support.clients import Browser, browser_of
from tests.support.installation import Installation
from tests.support.mailbox import Mailbox, body, queued
from tests.web.pages import chosen, errors, heading, summary, value

FORM = {
    "company": "Nordwind GmbH", "slug": "nordwind", "name": "Mara Lindqvist", "email": "Mara@Nordwind.example",
    "password": "correct horse battery", "locale": "en", "country": "AT", "place_of": "AT", "currency": "EUR",
    "timezone": "Europe/Vienna",
}  # fmt: skip
ClientFor = Callable[..., Browser]


@pytest.fixture
def nobody(client_for: ClientFor) -> Browser:
    return client_for(None)


def sign_up(browser: Browser, **changes: str) -> TestResponse:
    return browser.post("/signup", data={**FORM, **changes})


def test_a_company_signs_up_and_works_at_once(nobody: Browser, app: Flask, mailbox: Mailbox) -> None:
    answer = sign_up(nobody)
    assert (answer.status_code, answer.location) == (303, "/nordwind/setup")
    page = nobody.get("/nordwind/setup")
    assert page.status_code == 200
    assert heading(page) == "Your workspace is ready"
    assert nobody.get("/nordwind/").status_code == 200
    with app.app_context():
        user = user_by_email("mara@nordwind.example")
        tenant = app.extensions["directory"].by_slug("nordwind")
        assert user is not None
        assert (tenant.name, tenant.country, tenant.currency) == ("Nordwind GmbH", "AT", "EUR")
        with tenant_scope(tenant):
            owner = member_of_user(user.id)
        assert owner is not None
        assert (owner.role_key, owner.name, owner.timezone) == ("owner", "Mara Lindqvist", "Europe/Vienna")
    mail = mailbox.arrived("mara@nordwind.example")[0]
    assert mail["Subject"] == "Confirm your e-mail address"
    assert "/verify/" in body(mail)


def test_the_session_of_before_is_worth_nothing(nobody: Browser, app: Flask) -> None:
    nobody.get("/signup")
    planted = nobody.get_cookie("session")
    assert planted is not None
    before = nobody.read_session()
    sign_up(nobody)
    assert nobody.read_session().get("csrf_token") != before["csrf_token"]
    stranger = browser_of(app, None)
    stranger.set_cookie("session", planted.value)
    assert stranger.get("/nordwind/").status_code == 302


def test_everything_wrong_is_told_at_once_and_what_was_typed_stays(nobody: Browser) -> None:
    answer = sign_up(nobody, company="", slug="Nord Wind!", email="mara", password="short", country="ZZ")
    assert answer.status_code == 422
    found = errors(answer)
    assert set(found) == {"company", "slug", "email", "password", "country"}
    assert found["slug"] == "Use only small letters a to z, digits and hyphens."
    assert found["password"] == "Use at least 8 characters; a few words are easy to remember."
    assert answer.text.count("easy to remember") == 2, "by its field, in the place of the hint, and in the summary"
    assert value(answer, "name") == "Mara Lindqvist"
    assert value(answer, "slug") == "Nord Wind!"
    assert "short" not in answer.text
    assert "Company: This is needed." in summary(answer)


@pytest.mark.parametrize(
    ("password", "message"),
    [
        ("1234567", "Use at least 8 characters"),
        ("1234567890", "Everybody tries this"),
        ("aaaaaaaaaaaaaaa", "Everybody tries this"),
        ("mara@nordwind.example", "hardly more than your name"),
        ("Mara Lindqvist 7", "hardly more than your name"),
        ("nordwind-2026", "hardly more than your name"),
        ("Iloveyou1!", "too easy to guess"),
        ("x" * 129, "at most 128"),
    ],
)
def test_weak_passwords_are_explained(nobody: Browser, password: str, message: str) -> None:
    answer = sign_up(nobody, password=password)
    assert answer.status_code == 422
    assert message in errors(answer)["password"]


@pytest.mark.parametrize("letters", [64, 128])
def test_long_passwords_are_taken_whole(nobody: Browser, letters: int, app: Flask) -> None:
    """All of them count: one letter less at the end opens nothing."""
    password = ("Drei Birnen, vier Kähne und ein sehr langer Satz über das Wetter. " * 3)[: letters - 1] + "!"
    assert len(password) == letters
    assert sign_up(nobody, password=password).status_code == 303
    for typed, status in ((password[:-1], 422), (password, 303)):
        data = {"email": FORM["email"], "password": typed}
        assert browser_of(app, None).post("/signin", data=data).status_code == status


@pytest.mark.parametrize("slug", ["acme", "api", "photos", "language", "ab", "-x-", "1st", ""])
def test_an_address_that_cannot_be_had_is_refused(nobody: Browser, slug: str) -> None:
    answer = sign_up(nobody, slug=slug)
    assert answer.status_code == 422
    assert errors(answer)["slug"]


def test_two_at_once_for_one_address_one_gets_it(app: Flask) -> None:
    """Both pass the check while typing; the database decides, and the other one is told beside the field."""
    answers: list[TestResponse] = []
    start = threading.Barrier(2)

    def run(number: int) -> None:
        browser = browser_of(app, None)
        browser.get("/signup")
        start.wait()
        answers.append(sign_up(browser, slug="samesame", email=f"p{number}@twins.example"))

    threads = [threading.Thread(target=run, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answer.status_code for answer in answers) == [303, 422]
    refused = next(answer for answer in answers if answer.status_code == 422)
    assert "Somebody has this address" in errors(refused)["slug"]


def test_a_taken_address_found_only_by_the_database_is_told_too(
    nobody: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("web.public.signup.slug_taken", lambda slug: False)
    answer = sign_up(nobody, slug="acme")
    assert answer.status_code == 422
    assert "Somebody has this address" in errors(answer)["slug"]


def test_two_at_once_with_one_new_email_one_is_told(nobody: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    sign_up(nobody)
    second = Browser(nobody.application, nobody.application.response_class)
    monkeypatch.setattr(signing_up, "user_by_email", lambda email: None)
    answer = sign_up(second, slug="nordwind-2")
    assert answer.status_code == 422
    assert "has a sign-in with another password" in errors(answer)["email"]


def test_somebody_with_a_sign_in_makes_a_further_workspace(
    nobody: Browser, app: Flask, cast: Cast, mailbox: Mailbox
) -> None:
    answer = sign_up(nobody, email="rep@acme.example", password=PASSWORD)
    assert answer.status_code == 303
    with app.app_context():
        names = [workspace.name for workspace in workspaces_of(cast["rep"].user_id)]
        tenant = app.extensions["directory"].by_slug("nordwind")
        with tenant_scope(tenant):
            member = member_of_user(cast["rep"].user_id)
    assert names == ["Acme Instruments", "Nordwind GmbH"]
    assert member is not None
    assert member.name == "Rita Rep"
    assert mailbox.arrived("rep@acme.example") == []


def test_a_wrong_password_makes_nothing_and_counts_as_a_guess(nobody: Browser, app: Flask) -> None:
    for _ in range(5):
        answer = sign_up(nobody, email="rep@acme.example", password="not the right one")
        assert answer.status_code == 422
    assert "another password" in errors(answer)["email"]
    assert sign_up(nobody, email="rep@acme.example", password=PASSWORD).status_code == 429
    guess = browser_of(app, None).post("/signin", data={"email": "rep@acme.example", "password": PASSWORD})
    assert guess.status_code == 429


def test_many_sign_ups_from_one_address_must_wait(nobody: Browser) -> None:
    for _ in range(SIGN_UPS_PER_ADDRESS.free):
        sign_up(nobody, slug="acme2", email="rep@acme.example", password="not the right one")
    answer = sign_up(nobody)
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) > 0
    assert "Too many attempts" in summary(answer)
    assert value(answer, "company") == "Nordwind GmbH"


def test_a_signed_in_person_is_not_asked_who_they_are(client_for: ClientFor, app: Flask, cast: Cast) -> None:
    browser = client_for("viewer")
    page = browser.get("/signup")
    assert "viewer@acme.example" in page.text
    assert 'name="password"' not in page.text
    answer = sign_up(browser, slug="veras-own")
    assert answer.location == "/veras-own/setup"
    assert browser.get("/veras-own/setup").status_code == 200


def test_without_a_spare_it_waits_asks_for_more_and_keeps_the_words(
    nobody: Browser, installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(signing_up, "PATIENCE_SECONDS", 0.3)
    with installation.place.owner() as connection:
        connection.execute("UPDATE public.tenants SET status = 'making' WHERE status = 'spare'")
    answer = sign_up(nobody)
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "5"
    assert value(answer, "company") == "Nordwind GmbH"
    assert "we are making room" in answer.text
    assert "tenants.make_spares" in {name for name, _ in queued(installation)}
    with installation.place.owner() as connection:
        connection.execute("UPDATE public.tenants SET status = 'spare' WHERE status = 'making'")
    assert sign_up(nobody).status_code == 303


def test_it_waits_for_a_spare_that_is_being_made(
    nobody: Browser, installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    with installation.place.owner() as connection:
        connection.execute("UPDATE public.tenants SET status = 'making' WHERE status = 'spare'")

    def make_one(_seconds: float) -> None:
        with installation.place.owner() as connection:
            connection.execute("UPDATE public.tenants SET status = 'spare' WHERE status = 'making'")

    monkeypatch.setattr("saas_crm.access.signing_up.time.sleep", make_one)
    assert sign_up(nobody).status_code == 303


def test_the_form_follows_the_browser(nobody: Browser) -> None:
    page = nobody.get("/signup", headers={"Accept-Language": "de-AT,de;q=0.9"})
    assert (chosen(page, "country"), chosen(page, "currency")) == ("AT", "EUR")
    page = nobody.get("/signup", headers={"Accept-Language": "zh-TW"})
    assert (chosen(page, "locale"), chosen(page, "country")) == ("zh_Hant", "TW")
    assert chosen(page, "timezone") == "Asia/Taipei"


def test_no_page_is_cached_by_others(nobody: Browser) -> None:
    first = nobody.get("/signup")
    assert "private" in first.headers["Cache-Control"]
    assert "no-store" in nobody.get("/signup").headers["Cache-Control"]
