"""The second step of signing in: nothing opens before it, and nothing goes round it."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select, update

from saas_crm.access.factors.models import PendingSignIn
from saas_crm.access.models import Role
from saas_crm.access.sessions import open_sessions
from saas_crm.core.clock import now
from tenants.db import SHARED, db, tenant_scope
from tests.support.acts import acts
from tests.support.cast import PASSWORD, Cast
from tests.support.clients import Browser, Phone, browser_of
from tests.support.mailbox import Mailbox
from tests.support.second_factor import AuthApp, with_app
from tests.support.signing_in import enter
from tests.web.pages import errors, flashed, heading, summary, value

ClientFor = Callable[..., Browser]
CODE = "/signin/code"


@pytest.fixture
def nobody(client_for: ClientFor) -> Browser:
    return client_for(None)


@pytest.fixture
def phone(app: Flask, cast: Cast) -> AuthApp:
    """The rep's phone, with an authenticator app."""
    return with_app(app, cast["rep"])


def test_password_and_code_sign_in(nobody: Browser, phone: AuthApp) -> None:
    answer = enter(nobody)
    assert (answer.status_code, answer.location) == (303, CODE)
    page = nobody.get(CODE)
    assert heading(page) == "Confirm that it is you"
    assert 'autocomplete="one-time-code"' in page.text
    assert page.headers["Cache-Control"].startswith("no-store")
    answer = nobody.post(CODE, data={"code": phone.code()})
    assert (answer.status_code, answer.location) == (303, "/acme/")
    assert nobody.get("/acme/").status_code == 200


def test_there_is_no_session_before_the_code(nobody: Browser, phone: AuthApp, app: Flask, cast: Cast) -> None:
    with app.app_context():
        before = len(open_sessions(cast["rep"].user_id))
        enter(nobody)
        assert len(open_sessions(cast["rep"].user_id)) == before
    assert nobody.get("/acme/").status_code == 302
    assert nobody.get("/profile").status_code == 302
    assert "_user_id" not in nobody.read_session()


def test_who_has_no_second_factor_is_asked_for_none(nobody: Browser, phone: AuthApp) -> None:
    assert enter(nobody, "viewer@acme.example").location == "/acme/"


def test_a_wrong_password_does_not_tell_of_the_second_factor(nobody: Browser, phone: AuthApp) -> None:
    wrong = enter(nobody, password="not this one")
    other = enter(browser_of(nobody.application, None), "viewer@acme.example", password="not this one")
    assert wrong.status_code == other.status_code == 422
    assert summary(wrong) == summary(other)


def test_it_leads_on_to_where_one_wanted_to_go(nobody: Browser, phone: AuthApp) -> None:
    answer = enter(nobody, next="/acme/companies?q=a")
    assert answer.location == f"{CODE}?next=%2Facme%2Fcompanies%3Fq%3Da"
    page = nobody.get(answer.location)
    assert nobody.post(CODE, data={"code": phone.code(), "next": value(page, "next")}).location == "/acme/companies?q=a"


@pytest.mark.parametrize("after", ["https://evil.example/", "//evil.example/", "/\\evil.example"])
def test_it_never_leads_to_another_site(nobody: Browser, phone: AuthApp, after: str) -> None:
    assert enter(nobody, next=after).location == CODE
    assert nobody.post(CODE, data={"code": phone.code(), "next": after}).location == "/acme/"


def test_a_code_works_once(nobody: Browser, phone: AuthApp, app: Flask) -> None:
    code, other = phone.code(), browser_of(app, None)
    enter(nobody)
    enter(other)
    assert nobody.post(CODE, data={"code": code}).status_code == 303
    again = other.post(CODE, data={"code": code})
    assert again.status_code == 422
    assert errors(again)["code"] == "This code does not fit, or was used before."
    assert other.get("/acme/").status_code == 302


def test_of_the_same_code_at_one_moment_one_is_taken(nobody: Browser, phone: AuthApp, app: Flask) -> None:
    code, browsers = phone.code(), [browser_of(app, None) for _number in range(4)]
    for browser in browsers:
        enter(browser)
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda browser: browser.post(CODE, data={"code": code}).status_code, browsers))
    assert answers.count(303) == 1


def test_guesses_at_codes_must_wait_longer_and_longer(nobody: Browser, phone: AuthApp, app: Flask) -> None:
    enter(nobody)
    for _number in range(5):
        assert nobody.post(CODE, data={"code": phone.code(100)}).status_code == 422
    answer = nobody.post(CODE, data={"code": phone.code()})
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) >= 1
    assert "Too many attempts" in summary(answer)
    elsewhere = browser_of(app, None)
    assert enter(elsewhere).location == CODE, "the right password forgives no wrong codes"
    assert elsewhere.post(CODE, data={"code": phone.code()}).status_code == 429


def test_without_a_password_there_is_nothing_to_confirm(nobody: Browser, phone: AuthApp) -> None:
    assert nobody.get(f"{CODE}?next=/acme/").location == "/signin?next=%2Facme%2F"
    assert nobody.post(CODE, data={"code": phone.code()}).location == "/signin"
    assert "Please sign in again" in flashed(nobody.get("/signin"))


def test_after_ten_minutes_one_begins_anew(nobody: Browser, phone: AuthApp, app: Flask) -> None:
    enter(nobody)
    with app.app_context(), db.engines[SHARED].begin() as connection:
        connection.execute(update(PendingSignIn).values(expires_at=now() - timedelta(seconds=1)))
    assert nobody.post(CODE, data={"code": phone.code()}).location == "/signin"
    assert nobody.get("/acme/").status_code == 302


def test_a_stolen_cookie_is_worth_nothing_in_another_browser_nor_afterwards(
    nobody: Browser, phone: AuthApp, app: Flask
) -> None:
    enter(nobody)
    stolen = nobody.read_session()
    thief = browser_of(app, None)
    thief.write_session(stolen)
    answer = thief.post(CODE, data={"code": phone.code()}, headers={"User-Agent": "Another/1.0"})
    assert answer.location == "/signin"
    assert nobody.post(CODE, data={"code": phone.code()}).status_code == 303
    late = browser_of(app, None)
    late.write_session(stolen)
    assert late.post(CODE, data={"code": phone.code(1)}).location == "/signin"
    assert late.get("/acme/").status_code == 302


def test_another_password_meanwhile_ends_it(nobody: Browser, phone: AuthApp, mailbox: Mailbox, app: Flask) -> None:
    enter(nobody)
    other = browser_of(app, None)
    other.post("/forgot", data={"email": "rep@acme.example"})
    other.post(mailbox.link("rep@acme.example", "/reset/"), data={"password": "another horse battery"})
    assert nobody.post(CODE, data={"code": phone.code()}).location == "/signin"


def test_the_session_is_a_new_one(nobody: Browser, phone: AuthApp, app: Flask) -> None:
    nobody.write_session({"_user_id": "planted", "csrf_token": "planted", "more": "planted"})
    enter(nobody)
    assert "more" not in nobody.read_session()
    nobody.post(CODE, data={"code": phone.code()})
    found = nobody.read_session()
    assert found["_user_id"] != "planted"
    assert found.get("csrf_token") != "planted"
    assert "pending" not in found


def test_two_tabs(nobody: Browser, phone: AuthApp) -> None:
    """The second tab's password replaces the first one's; whichever gives the code, both are signed in then."""
    enter(nobody, next="/acme/companies")
    enter(nobody, next="/acme/deals")
    first = nobody.post(CODE, data={"code": phone.code(), "next": "/acme/companies"})
    assert first.location == "/acme/companies"
    second = nobody.post(CODE, data={"code": phone.code(), "next": "/acme/deals"})
    assert (second.status_code, second.location) == (303, "/acme/deals")
    assert nobody.get(f"{CODE}?next=/acme/deals").location == "/acme/deals"


def test_a_recovery_code_works_once_and_is_told(nobody: Browser, phone: AuthApp, mailbox: Mailbox, app: Flask) -> None:
    enter(nobody)
    page = nobody.get(f"{CODE}?with=recovery")
    assert "Type one of the recovery codes" in page.text
    assert nobody.post(CODE, data={"code": phone.codes[0].lower(), "with": "recovery"}).location == "/acme/"
    mails = [mail["Subject"] for mail in mailbox.arrived("rep@acme.example")]
    assert "A recovery code was used" in mails
    other = browser_of(app, None)
    enter(other)
    refused = other.post(CODE, data={"code": phone.codes[0], "with": "recovery"})
    assert refused.status_code == 422
    assert "Recovery code" in refused.text


def test_the_last_three_codes_are_counted(nobody: Browser, phone: AuthApp, app: Flask) -> None:
    for code in phone.codes[:7]:
        browser = browser_of(app, None)
        enter(browser)
        browser.post(CODE, data={"code": code})
    assert "You have 3 recovery codes left" in flashed(browser.get("/acme/"))


def test_a_forgotten_password_does_not_go_round_it(nobody: Browser, phone: AuthApp, mailbox: Mailbox) -> None:
    nobody.post("/forgot", data={"email": "rep@acme.example"})
    answer = nobody.post(mailbox.link("rep@acme.example", "/reset/"), data={"password": "another horse battery"})
    assert (answer.status_code, answer.location) == (303, CODE)
    assert nobody.get("/acme/").status_code == 302
    assert "Your new password is set." in flashed(nobody.get(CODE))
    assert nobody.post(CODE, data={"code": phone.code()}).location == "/acme/"


def test_an_invitation_does_not_go_round_it(app: Flask, cast: Cast, client_for: ClientFor, mailbox: Mailbox) -> None:
    phone, email = with_app(app, cast["outsider"]), "outsider@other.example"
    with app.app_context(), tenant_scope(cast.tenants["acme"]):
        role_id = str(db.session.scalar(select(Role.id).where(Role.key == "rep")))
    client_for("owner").post("/acme/settings/members/invitations", data={"email": email, "role_id": role_id})
    link, browser = mailbox.link(email, "/invitations/"), client_for(None)
    answer = browser.post(link, data={"password": PASSWORD})
    assert answer.location.startswith(CODE)
    assert browser.get("/acme/").status_code == 302
    page = browser.get(answer.location)
    assert browser.post(CODE, data={"code": phone.code(), "next": value(page, "next")}).location == link
    assert browser.get("/acme/").status_code == 404, "not a member yet"
    assert browser.post(link).location == "/acme/"
    assert browser.get("/acme/").status_code == 200


def test_a_program_needs_the_code_too(phone: AuthApp, api_for: Callable[..., Phone]) -> None:
    api = api_for(None, slug="acme")
    asked = {"email": "rep@acme.example", "password": PASSWORD, "name": "Till"}
    needed = api.post("/tokens", json=asked)
    assert (needed.status_code, needed.json["type"]) == (401, "urn:saas-crm:problem:second-factor-needed")
    wrong = api.post("/tokens", json={**asked, "code": phone.code(100)})
    assert (wrong.status_code, wrong.json["type"]) == (401, "urn:saas-crm:problem:sign-in-refused")
    asked_with_it = {**asked, "code": phone.code()}  # one of them: half a minute may end between
    assert api.post("/tokens", json=asked_with_it).status_code == 201
    assert api.post("/tokens", json=asked_with_it).status_code == 401, "each code once"
    unknown = api.post("/tokens", json={**asked, "password": "not this one"})
    assert unknown.json["type"] == "urn:saas-crm:problem:sign-in-refused"


def test_the_workspaces_log_tells_of_refused_codes(
    nobody: Browser, phone: AuthApp, mailbox: Mailbox, acting: Callable[..., object]
) -> None:
    enter(nobody)
    nobody.post(CODE, data={"code": "000000" if phone.code() != "000000" else "111111"})
    nobody.post(CODE, data={"code": phone.codes[3]})
    mailbox.arrived()
    found = [act.action for act in acts(acting, resource="session")]  # type: ignore[arg-type]
    assert set(found) >= {"code_refused", "recovery_code_used", "sign_in"}
