"""Single sign-on against a real provider: who gets in, where to, and what that sign-in opens."""

from __future__ import annotations

from collections.abc import Callable

from flask import Flask
from sqlalchemy import select

from saas_crm.access.shared_models import User, UserSession
from saas_crm.access.tokens import token_hash
from tenants.db import SHARED, db
from tests.support.cast import PASSWORD, Cast
from tests.support.clients import Browser, Phone, browser_of
from tests.support.identity_provider import IdentityProvider
from tests.support.second_factor import with_app
from tests.support.signing_in import enter
from tests.web.pages import words
from tests.web.sso import BEGIN, come_in

ClientFor = Callable[..., Browser]


def test_a_member_comes_in_and_back_to_where_they_wanted(
    client_for: ClientFor, provider: IdentityProvider, on: Callable[..., None], jobs: Callable[[], list[str]]
) -> None:
    on()
    nobody = client_for(None)
    page = nobody.get(nobody.get("/acme/contacts").location)
    assert "/acme/sso?next=%2Facme%2Fcontacts" in page.text
    answer = come_in(nobody, provider, next="/acme/contacts")
    assert (answer.status_code, answer.location) == (303, "/acme/contacts")
    assert nobody.get("/acme/contacts").status_code == 200
    [asked] = provider.asked
    assert asked["code_challenge_method"] == "S256"
    assert len(asked["nonce"]) > 30
    assert asked["redirect_uri"].endswith("/acme/sso/callback")
    jobs()
    assert "by single sign-on" in words(client_for("owner").get("/acme/settings/audit"))


def test_it_opens_this_workspace_alone(
    client_for: ClientFor, provider: IdentityProvider, on: Callable[..., None], app: Flask, cast: Cast
) -> None:
    """Who runs a workspace says what its provider is: it must not open the person's other ones, nor their own pages."""
    on()
    client_for("rep").post("/signup", data={
        "company": "Second", "slug": "second", "locale": "en", "country": "US", "currency": "USD", "timezone": "UTC",
    })  # fmt: skip
    browser = client_for(None)
    come_in(browser, provider)
    assert browser.get("/acme/").status_code == 200
    own = ("/profile", "/profile/password", "/profile/email", "/profile/passkeys", "/profile/browsers")
    for path in ("/second/", "/workspaces", *own):
        answer = browser.get(path)
        assert (answer.status_code, answer.location.partition("?")[0]) == (302, "/signin"), path
    assert browser.post("/profile", data={"name": "Hijacked"}).status_code == 302
    with app.app_context(), db.engines[SHARED].connect() as connection:
        assert connection.scalar(select(User.name).where(User.id == cast["rep"].user_id)) == "Rita Rep"


def test_signing_out_ends_it(
    client_for: ClientFor, provider: IdentityProvider, on: Callable[..., None], app: Flask
) -> None:
    on()
    browser = client_for(None)
    come_in(browser, provider)
    kept = browser.read_session()
    browser.post("/signout")
    thief = browser_of(app, None)
    thief.write_session(kept)
    assert thief.get("/acme/").status_code == 302


def test_it_can_be_the_only_way_in_but_for_owners(
    client_for: ClientFor, api_for: Callable[..., Phone], provider: IdentityProvider, on: Callable[..., None]
) -> None:
    rep = client_for("rep")
    on(mandatory="1")
    led = rep.get("/acme/contacts")
    assert (led.status_code, led.location) == (302, "/acme/sso?next=%2Facme%2Fcontacts")
    assert client_for("owner").get("/acme/").status_code == 200
    assert api_for("rep").get("/companies").status_code == 401
    asked = {"email": "rep@acme.example", "password": PASSWORD, "name": "x"}
    answer = api_for(None, "acme").post("/tokens", json=asked)
    assert (answer.status_code, answer.json["type"]) == (401, "urn:saas-crm:problem:sign-in-over")
    browser = client_for(None)
    assert enter(browser).status_code == 303
    assert browser.get("/acme/").location.startswith(BEGIN)
    assert come_in(browser, provider).status_code == 303
    assert browser.get("/acme/").status_code == 200


def test_the_provider_answers_for_the_second_step(
    client_for: ClientFor, provider: IdentityProvider, on: Callable[..., None], app: Flask, cast: Cast
) -> None:
    on()
    with_app(app, cast["owner"])
    client_for("owner").post("/acme/settings/security", data={"who": "all", "days": "0"})
    browser = client_for(None)
    come_in(browser, provider)
    assert browser.get("/acme/").status_code == 200


def test_what_takes_a_proof_leads_back_to_the_provider(
    client_for: ClientFor, provider: IdentityProvider, on: Callable[..., None]
) -> None:
    on()
    browser = client_for(None)
    come_in(browser, provider)
    browser.write_session({**browser.read_session(), "proved": 0})
    led = browser.post(
        "/acme/settings/tokens", data={"name": "x"}, headers={"Referer": "http://localhost/acme/settings/tokens"}
    )
    assert (led.status_code, led.location) == (303, "/acme/sso?next=%2Facme%2Fsettings%2Ftokens&proof=1")
    come_in(browser, provider, proof="1")
    assert (provider.asked[-1]["prompt"], provider.asked[-1]["max_age"]) == ("login", "0")
    assert browser.post("/acme/settings/tokens", data={"name": "x"}).status_code == 201


def test_its_session_tells_where_it_is_good(
    client_for: ClientFor, provider: IdentityProvider, on: Callable[..., None], app: Flask, cast: Cast
) -> None:
    """The place is a part of the token, which is kept as a hash: it cannot be put for another one."""
    on()
    browser = client_for(None)
    come_in(browser, provider)
    token = str(browser.read_session()["_user_id"])
    assert token.startswith(f"sso.{cast.tenants['acme'].id.hex}.")
    for forged in (token.replace(cast.tenants["acme"].id.hex, cast.tenants["other"].id.hex), token.rpartition(".")[2]):
        thief = browser_of(app, None)
        thief.write_session({**browser.read_session(), "_user_id": forged})
        assert thief.get("/profile").status_code == 302
        assert thief.get("/acme/").status_code == 302
    with app.app_context(), db.engines[SHARED].connect() as connection:
        query = select(UserSession.user_id).where(UserSession.token_hash == token_hash(token))
        assert connection.scalar(query) == cast["rep"].user_id, "of the whole, and not of its last part"
