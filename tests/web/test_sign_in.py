"""Signing in and out: one answer and one work for all refusals, limits, sessions, where one goes then."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import update

from saas_crm.access import passwords, sign_in
from saas_crm.access.sessions import open_sessions
from saas_crm.access.shared_models import Throttle
from saas_crm.core.clock import now
from tenants.db import SHARED, db
from tests.support.cast import PASSWORD, Cast
from tests.support.clients import Browser, browser_of, statements
from tests.support.signing_in import enter
from tests.web.pages import errors, flashed, heading, summary, value, words

ClientFor = Callable[..., Browser]
REFUSED = "E-mail and password do not fit together."


@pytest.fixture
def nobody(client_for: ClientFor) -> Browser:
    return client_for(None)


def test_who_has_one_workspace_goes_straight_there(nobody: Browser) -> None:
    answer = enter(nobody, " Rep@ACME.example ")
    assert (answer.status_code, answer.location) == (303, "/acme/")
    assert nobody.get("/acme/").status_code == 200


def test_who_has_several_chooses(nobody: Browser, client_for: ClientFor) -> None:
    client_for("rep").post("/signup", data={
        "company": "Second", "slug": "second", "locale": "en", "country": "US", "currency": "USD", "timezone": "UTC",
    })  # fmt: skip
    assert enter(nobody).location == "/workspaces"
    page = nobody.get("/workspaces")
    assert 'href="/acme/"' in page.text
    assert 'href="/second/"' in page.text
    assert "/other/" not in page.text


def test_who_has_none_is_told_what_to_do(client_for: ClientFor) -> None:
    page = client_for("stranger").get("/workspaces")
    assert page.status_code == 200
    assert "You are in no workspace yet" in page.text


@pytest.mark.parametrize(
    ("after", "goes"),
    [
        ("/acme/companies?q=a&sort=name", "/acme/companies?q=a&sort=name"),
        ("https://evil.example/", "/acme/"), ("//evil.example/", "/acme/"), ("/\\evil.example", "/acme/"),
        ("javascript:alert(1)", "/acme/"), ("/\t/evil.example", "/acme/"), ("", "/acme/"),
    ],
)  # fmt: skip
def test_it_leads_back_but_never_to_another_site(nobody: Browser, after: str, goes: str) -> None:
    page = nobody.get("/signin", query_string={"next": after})
    kept = value(page, "next") if 'name="next"' in page.text else ""
    assert enter(nobody, next=kept).location == goes
    assert enter(browser_of(nobody.application, None), next=after).location == goes


def test_a_page_behind_the_sign_in_leads_there_and_back(nobody: Browser) -> None:
    answer = nobody.get("/acme/settings?x=1")
    assert answer.status_code == 302
    assert answer.location == "/signin?next=%2Facme%2Fsettings%3Fx%3D1"


def test_every_refusal_reads_the_same(nobody: Browser) -> None:
    wrong = enter(nobody, password="not this one")
    unknown = enter(nobody, email="nobody@nowhere.example", password="not this one")
    assert wrong.status_code == unknown.status_code == 422
    assert REFUSED in summary(wrong)
    assert words(wrong).replace("rep@acme.example", "X") == words(unknown).replace("nobody@nowhere.example", "X")
    assert value(wrong, "email") == "rep@acme.example"
    assert errors(wrong) == errors(unknown) == {}


def test_every_refusal_costs_the_same_work(nobody: Browser, monkeypatch: pytest.MonkeyPatch, app: Flask) -> None:
    """A password is verified exactly once either way, and as many statements run."""
    checked: list[bool] = []
    real = passwords.password_matches

    def spy(stored: str | None, password: str) -> bool:
        checked.append(stored is not None)
        return real(stored, password)

    monkeypatch.setattr(sign_in, "password_matches", spy)
    costs = []
    for email in ("rep@acme.example", "nobody@nowhere.example"):
        costs.append(enter(nobody, email=email, password="not this one").headers["Server-Timing"].split("sql")[1])
    assert checked == [True, False]
    assert costs[0] == costs[1]


def test_the_decoy_costs_as_much_as_a_real_hash() -> None:
    parameters = [passwords.hash_password("x").split("$")[1:4], passwords._nobodys().split("$")[1:4]]
    assert parameters[0] == parameters[1]


@pytest.mark.parametrize("data", [{}, {"email": "x"}, {"email": "a@b.example", "password": ""}, {"email": "a\x00@b.c"}])
def test_half_a_form_is_refused_beside_the_fields(nobody: Browser, data: dict[str, str]) -> None:
    answer = nobody.post("/signin", data=data)
    assert answer.status_code == 422
    assert errors(answer)


def test_guesses_at_one_account_must_wait_longer_and_longer(nobody: Browser) -> None:
    for _ in range(5):
        assert enter(nobody, password="no").status_code == 422
    waits = []
    for _ in range(2):
        answer = enter(nobody)
        assert answer.status_code == 429
        waits.append(int(answer.headers["Retry-After"]))
        assert "Too many attempts. Please wait" in summary(answer)
        _let_time_pass()
        assert enter(nobody, password="no").status_code == 422
    assert waits[1] > waits[0]


def test_an_unknown_account_must_wait_too(nobody: Browser) -> None:
    for _ in range(5):
        enter(nobody, email="nobody@nowhere.example")
    assert enter(nobody, email="nobody@nowhere.example").status_code == 429


def test_another_account_need_not_wait_and_success_forgives(nobody: Browser) -> None:
    for _ in range(4):
        enter(nobody, password="no")
    assert enter(nobody).status_code == 303
    other = browser_of(nobody.application, None)
    for _ in range(4):
        assert enter(other, password="no").status_code == 422
    assert enter(other, "viewer@acme.example").status_code == 303


def test_one_address_guessing_at_many_accounts_must_wait(nobody: Browser) -> None:
    for number in range(30):
        assert enter(nobody, email=f"n{number}@nowhere.example").status_code == 422
    assert enter(nobody).status_code == 429
    elsewhere = nobody.post(
        "/signin", data={"email": "rep@acme.example", "password": PASSWORD}, environ_base={"REMOTE_ADDR": "10.9.8.7"}
    )
    assert elsewhere.status_code == 303


def _let_time_pass() -> None:
    with db.engines[SHARED].begin() as connection:
        connection.execute(update(Throttle).values(blocked_until=now() - timedelta(seconds=1)))


@pytest.fixture(autouse=True)
def _context(app: Flask) -> object:
    """`_let_time_pass` and the look at sessions need the application."""
    with app.app_context():
        yield


def test_the_session_is_a_new_one(nobody: Browser) -> None:
    """Nothing that somebody else put into this browser lives on: no word of the session, no token of its forms."""
    nobody.get("/signin")
    nobody.csrf_token()
    planted = {**nobody.read_session(), "planted": "by somebody else"}
    nobody.write_session(planted)
    enter(nobody)
    cookie, session = nobody.get_cookie("session"), nobody.read_session()
    assert session["_user_id"]
    assert "planted" not in session
    assert session.get("csrf_token") != planted["csrf_token"]
    assert cookie is not None
    assert (cookie.http_only, cookie.same_site, cookie.path) == (True, "Lax", "/")
    assert cookie.max_age == timedelta(days=30).total_seconds() or cookie.expires is not None


def test_where_it_is_served_over_https_the_cookie_never_goes_without(app_with: Callable[..., Flask]) -> None:
    secure = app_with(base_url="https://crm.example")
    answer = secure.test_client().get("/signin", base_url="https://crm.example")
    cookie = next(value for name, value in answer.headers if name == "Set-Cookie")
    assert cookie.startswith("__Host-session=")
    assert "Secure" in cookie
    assert answer.headers["Strict-Transport-Security"]


def test_signing_in_again_ends_the_former_session(nobody: Browser, cast: Cast) -> None:
    before = len(open_sessions(cast["rep"].user_id))
    enter(nobody)
    enter(nobody)
    assert len(open_sessions(cast["rep"].user_id)) == before + 1


def test_signing_out_ends_the_session_for_good(nobody: Browser) -> None:
    enter(nobody)
    kept = nobody.get_cookie("session")
    answer = nobody.post("/signout")
    assert (answer.status_code, answer.location) == (303, "/signin")
    assert flashed(nobody.get("/signin")) == "You are signed out."
    assert kept is not None
    nobody.set_cookie("session", kept.value)
    assert nobody.get("/acme/").status_code == 302


def test_signing_out_needs_the_token_and_a_post(client_for: ClientFor) -> None:
    browser = client_for("rep")
    assert browser.get("/signout").status_code == 405
    refused = browser.post("/signout", csrf=False)
    assert refused.status_code == 400
    assert heading(refused) == "This page was open for too long"
    assert browser.get("/acme/").status_code == 200


def test_who_is_signed_in_needs_no_form(client_for: ClientFor) -> None:
    assert client_for("rep").get("/signin").location == "/acme/"
    assert client_for("rep").get("/").location == "/acme/"
    assert client_for("rep").get("/signin?next=/profile").location == "/profile"


@pytest.mark.parametrize(
    ("after", "asked"), [("/profile", 0), ("/workspaces", 0), ("/operator/", 0), ("/acme/", 2), ("/nobody-here/", 2)]
)
def test_where_one_goes_on_to_costs_little(client_for: ClientFor, after: str, asked: int) -> None:
    """Only a path that can be a workspace's is looked up: whether it has single sign-on, which its own page tells."""
    page = client_for(None).get("/signin", query_string={"next": after})
    assert page.status_code == 200
    assert statements(page) <= asked
