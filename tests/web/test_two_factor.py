"""Two-factor sign-in in one's own pages: setting an app up, recovery codes, turning it off; a colleague's reset."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import unquote

import pytest
from flask import Flask
from sqlalchemy import select
from werkzeug.test import TestResponse

from saas_crm.access.factors.models import AuthenticatorApp, RecoveryCode
from saas_crm.access.factors.standing import factors_of
from saas_crm.access.sessions import start_session
from tenants.db import SHARED, db
from tests.support.acts import acts
from tests.support.cast import PASSWORD, Cast
from tests.support.clients import Browser, Phone, browser_of, statements
from tests.support.mailbox import Mailbox
from tests.support.second_factor import AuthApp, code_of, codes_in, with_app
from tests.support.signing_in import enter
from tests.web.pages import errors, heading, summary, value, words

ClientFor = Callable[..., Browser]
HOME, APP = "/profile/two-factor", "/profile/two-factor/app"


def begin(browser: Browser) -> str:
    """Give the password and return the key that the page shows."""
    assert browser.post(APP, data={"current": PASSWORD}).location == APP
    return value(browser.get(APP), "secret")


def confirm(browser: Browser, code: str) -> TestResponse:
    return browser.post(f"{APP}/confirmation", data={"code": code})


def is_on(app: Flask, cast: Cast, who: str = "rep") -> bool:
    with app.app_context():
        return factors_of(cast[who].user_id).on


def test_it_is_set_up_by_password_picture_and_code(
    client_for: ClientFor, mailbox: Mailbox, app: Flask, cast: Cast
) -> None:
    browser = client_for("rep")
    assert 'href="/profile/two-factor"' in browser.get("/profile").text
    assert "Set up an authenticator app" in browser.get(HOME).text
    secret = begin(browser)
    page = browser.get(APP)
    assert len(secret.replace(" ", "")) == 32
    assert "<svg" in page.text
    assert f"otpauth://totp/SaaS%20CRM:rep%40acme.example?secret={secret.replace(' ', '')}" in page.text
    assert page.headers["Cache-Control"] == "no-store"
    assert not is_on(app, cast), "nothing is asked before a code has fitted"
    done = confirm(browser, code_of(secret))
    assert done.status_code == 200
    assert done.headers["Cache-Control"] == "no-store"
    codes = codes_in(done)
    assert len(set(codes)) == 10
    assert all(code in unquote(done.text) for code in codes)
    assert is_on(app, cast)
    assert "10 codes left" in browser.get(HOME).text
    assert browser.get(APP).location == HOME
    assert [mail["Subject"] for mail in mailbox.arrived("rep@acme.example")] == ["Two-factor sign-in is on"]


def test_the_code_that_turned_it_on_does_not_sign_in(client_for: ClientFor) -> None:
    browser, other = client_for("rep"), client_for(None)
    secret = begin(browser)
    code = code_of(secret)
    confirm(browser, code)
    enter(other)
    assert other.post("/signin/code", data={"code": code}).status_code == 422
    assert other.post("/signin/code", data={"code": code_of(secret, 1)}).status_code == 303


def test_it_takes_the_password_again(client_for: ClientFor) -> None:
    browser = client_for("rep")
    wrong = browser.post(APP, data={"current": "not this one"})
    assert wrong.status_code == 422
    assert errors(wrong)["current"] == "This is not your present password."
    assert errors(browser.post(APP, data={}))["current"]
    assert browser.get(APP).location == HOME


def test_a_wrong_code_turns_nothing_on_and_guesses_wait(client_for: ClientFor, app: Flask, cast: Cast) -> None:
    browser = client_for("rep")
    secret = begin(browser)
    for _number in range(5):
        wrong = confirm(browser, code_of(secret, 50))
        assert wrong.status_code == 422
        assert "<svg" in wrong.text, "the picture is still there"
    assert confirm(browser, code_of(secret)).status_code == 429
    assert not is_on(app, cast)


def test_what_is_stored_is_sealed(client_for: ClientFor, app: Flask, cast: Cast) -> None:
    browser = client_for("rep")
    secret = begin(browser)
    codes = codes_in(confirm(browser, code_of(secret)))
    with app.app_context(), db.engines[SHARED].connect() as connection:
        kept = connection.scalar(select(AuthenticatorApp.secret))
        digests = connection.scalars(select(RecoveryCode.code_digest)).all()
    assert kept is not None
    assert secret.replace(" ", "").encode() not in kept
    assert len(digests) == len(codes) == 10
    assert not any(code.replace("-", "").encode() in digest for code in codes for digest in digests)


def test_an_app_in_use_is_not_replaced_unasked(client_for: ClientFor, app: Flask, cast: Cast) -> None:
    phone = with_app(app, cast["rep"])
    browser = client_for("rep")
    again = browser.post(APP, data={"current": PASSWORD})
    assert again.status_code == 422
    assert "is on already" in summary(again)
    assert confirm(browser, phone.code()).status_code == 422


@pytest.fixture
def phone(app: Flask, cast: Cast) -> AuthApp:
    return with_app(app, cast["rep"])


def test_new_codes_end_the_former_ones(client_for: ClientFor, phone: AuthApp, mailbox: Mailbox) -> None:
    browser = client_for("rep")
    assert heading(browser.get(f"{HOME}/codes")) == "Make new recovery codes"
    done = browser.post(f"{HOME}/codes", data={"current": PASSWORD, "code": phone.code()})
    codes = codes_in(done)
    assert len(codes) == 10
    assert not set(codes) & set(phone.codes)
    assert mailbox.arrived("rep@acme.example")[-1]["Subject"] == "You have new recovery codes"
    other = client_for(None)
    enter(other)
    assert other.post("/signin/code", data={"code": phone.codes[0]}).status_code == 422
    assert other.post("/signin/code", data={"code": codes[0]}).status_code == 303


@pytest.mark.parametrize("page", ["codes", "removal"])
def test_both_password_and_code_are_needed(client_for: ClientFor, phone: AuthApp, page: str, app: Flask) -> None:
    browser = client_for("rep")
    wrong = browser.post(f"{HOME}/{page}", data={"current": "not this one", "code": phone.code()})
    assert set(errors(wrong)) == {"current"}
    wrong = browser.post(f"{HOME}/{page}", data={"current": PASSWORD, "code": phone.code(50)})
    assert set(errors(wrong)) == {"code"}
    with app.app_context():
        assert factors_of(phone.user_id).codes_left == 10


def test_it_is_turned_off(client_for: ClientFor, phone: AuthApp, mailbox: Mailbox, app: Flask, cast: Cast) -> None:
    browser = client_for("rep")
    answer = browser.post(f"{HOME}/removal", data={"current": PASSWORD, "code": phone.code()})
    assert (answer.status_code, answer.location) == (303, HOME)
    assert not is_on(app, cast)
    assert mailbox.arrived("rep@acme.example")[-1]["Subject"] == "Two-factor sign-in is off"
    assert enter(client_for(None)).location == "/acme/"
    assert browser.get(f"{HOME}/removal").location == HOME
    assert browser.post(f"{HOME}/removal", data={"current": PASSWORD, "code": "123456"}).status_code == 422


def test_who_changes_a_factor_can_end_the_other_sessions_there(
    client_for: ClientFor, phone: AuthApp, app: Flask, cast: Cast
) -> None:
    """The offer is on the pages where factors are changed, and on the one that answers."""
    here, ending = client_for("rep"), 'action="/profile/browsers/end"'
    for path in (HOME, "/profile/passkeys"):
        assert ending not in here.get(path).text, "there is no other"
    elsewhere = browser_of(app, None)
    with app.app_context():
        token = start_session(cast["rep"].user_id, user_agent="", address="")
    elsewhere.write_session({"_user_id": token, "_fresh": True})
    assert elsewhere.get("/acme/").status_code == 200
    for path in (HOME, "/profile/passkeys"):
        page = here.get(path)
        assert ending in page.text
        assert "1 other browser is signed in as you" in words(page)
        assert statements(page) <= 8
    codes = here.post(f"{HOME}/codes", data={"current": PASSWORD, "code": phone.fresh_code()})
    assert ending in codes.text
    here.post("/profile/browsers/end")
    assert elsewhere.get("/acme/").status_code == 302
    assert here.get("/acme/").status_code == 200


def test_the_workspaces_log_tells_of_all_of_it(
    client_for: ClientFor, phone: AuthApp, mailbox: Mailbox, acting: Callable[..., object]
) -> None:
    browser = client_for("rep")
    browser.post(f"{HOME}/codes", data={"current": PASSWORD, "code": phone.code()})
    browser.post(f"{HOME}/removal", data={"current": PASSWORD, "code": phone.fresh_code()})
    confirm(browser, code_of(begin(browser)))
    mailbox.arrived()
    found = [act.action for act in acts(acting, resource="session")]  # type: ignore[arg-type]
    assert set(found) >= {"recovery_codes_made", "two_factor_off", "two_factor_on"}
    page = client_for("owner").get("/acme/settings/audit?action=two_factor_on")
    assert "Two-factor sign-in turned on" in page.text


@pytest.mark.newest
def test_a_colleague_who_lost_it_all_is_helped(
    client_for: ClientFor, phone: AuthApp, mailbox: Mailbox, app: Flask, cast: Cast, api_for: Callable[..., Phone],
    acting: Callable[..., object],
) -> None:  # fmt: skip
    theirs, address = client_for("rep"), f"/acme/settings/members/{cast['rep'].member_id}"
    admin = client_for("admin")
    page = admin.get(address)
    assert "Reset two-factor sign-in" in page.text
    assert statements(page) <= 8
    assert admin.post(f"{address}/two-factor/reset").location == address
    assert not is_on(app, cast)
    assert theirs.get("/acme/").status_code == 302, "signed out"
    told = mailbox.arrived("rep@acme.example")
    assert told[-1]["Subject"] == "Your two-factor sign-in was reset"
    assert api_for("rep").get("/me").status_code == 401
    assert "Reset two-factor sign-in" not in admin.get(address).text
    [act] = acts(acting, action="two_factor_reset")  # type: ignore[arg-type]
    assert (act.member_id, act.record_id) == (cast["admin"].member_id, cast["rep"].member_id)


@pytest.mark.parametrize(("who", "status"), [("manager", 403), ("viewer", 403), ("rep", 403), ("outsider", 404)])
def test_nobody_else_may_reset(
    client_for: ClientFor, phone: AuthApp, app: Flask, cast: Cast, who: str, status: int
) -> None:
    address = f"/acme/settings/members/{cast['rep'].member_id}/two-factor/reset"
    assert client_for(who).post(address).status_code == status
    assert is_on(app, cast)


def test_an_admin_resets_neither_an_owner_nor_themselves(client_for: ClientFor, app: Flask, cast: Cast) -> None:
    for who, status in (("owner", 403), ("admin", 422)):
        with_app(app, cast[who])
        address = f"/acme/settings/members/{cast[who].member_id}/two-factor/reset"
        assert client_for("admin").post(address).status_code == status
        assert is_on(app, cast, who)


def test_who_is_in_another_workspace_too_is_left_to_the_operator(
    client_for: ClientFor, phone: AuthApp, app: Flask, cast: Cast
) -> None:
    client_for("rep").post("/signup", data={
        "company": "Second", "slug": "second", "locale": "en", "country": "US", "currency": "USD", "timezone": "UTC",
    })  # fmt: skip
    answer = client_for("owner").post(f"/acme/settings/members/{cast['rep'].member_id}/two-factor/reset")
    assert answer.status_code == 422
    assert "belongs to other workspaces too" in summary(answer)
    assert is_on(app, cast)


def test_pages_of_ones_own_are_for_who_is_signed_in(app: Flask) -> None:
    nobody = browser_of(app, None)
    for page in (HOME, APP, f"{HOME}/codes", f"{HOME}/removal"):
        assert nobody.get(page).location.startswith("/signin?next=")
