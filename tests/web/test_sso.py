"""Single sign-on against a real provider: who gets in, where to, and what is refused."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from werkzeug.test import TestResponse

from saas_crm.access.models import IdentityProvider as Stored
from saas_crm.access.models import Member, Role
from saas_crm.access.shared_models import Membership, User, UserSession
from saas_crm.access.sso import talking
from tenants.db import SHARED, db, tenant_scope
from tests.support.cast import PASSWORD, Cast
from tests.support.clients import Browser, Phone, browser_of
from tests.support.identity_provider import CLIENT, SECRET, IdentityProvider, identity_provider
from tests.support.mailbox import Mailbox
from tests.support.second_factor import with_app
from tests.web.pages import errors, heading, words
from tests.web.test_sign_in import enter

ClientFor = Callable[..., Browser]
PAGE, BEGIN = "/acme/settings/security/sso", "/acme/sso"


@pytest.fixture(scope="module")
def running() -> Iterator[IdentityProvider]:
    with identity_provider() as provider:
        yield provider


@pytest.fixture
def provider(running: IdentityProvider) -> IdentityProvider:
    running.lies, running.codes, running.asked = {}, {}, []
    running.be("rep@acme.example")
    return running


def decided(provider: IdentityProvider, **more: str) -> dict[str, str]:
    return {"issuer": provider.issuer, "client_id": CLIENT, "client_secret": SECRET, "enabled": "1", **more}


@pytest.fixture
def on(client_for: ClientFor, provider: IdentityProvider) -> Callable[..., None]:
    def turn_on(**more: str) -> None:
        answer = client_for("owner").post(PAGE, data=decided(provider, **more))
        assert answer.status_code == 303, errors(answer)

    return turn_on


@pytest.fixture
def role_ids(app: Flask, cast: Cast) -> dict[str, str]:
    with app.app_context(), tenant_scope(cast.tenants["acme"]):
        return {str(key): str(role_id) for key, role_id in db.session.execute(select(Role.key, Role.id))}


def come_in(browser: Browser, provider: IdentityProvider, **query: str) -> TestResponse:
    led = browser.get(BEGIN, query_string=query)
    assert led.status_code == 302
    return browser.get(provider.consent(led.location))


def refused(answer: TestResponse) -> bool:
    return answer.status_code == 403 and heading(answer) == "Single sign-on did not work"


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
    for path in ("/second/", "/profile", "/profile/password", "/profile/passkeys", "/workspaces", "/profile/browsers"):
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


@pytest.mark.parametrize(
    "lies",
    [
        {"claims": {"iss": "http://127.0.0.1:1"}}, {"claims": {"aud": "another client"}}, {"claims": {"aud": None}},
        {"claims": {"aud": [CLIENT, "other"], "azp": "other"}}, {"claims": {"nonce": "of another time"}},
        {"claims": {"nonce": None}}, {"claims": {"exp": 1_600_000_000}}, {"claims": {"exp": None}},
        {"claims": {"email_verified": False}}, {"claims": {"email_verified": None}}, {"claims": {"email": None}},
        {"claims": {"sub": None}}, {"claims": {"at_hash": "AAAA"}}, {"key": True}, {"alg": "HS256"}, {"alg": "none"},
        {"configuration": {"issuer": "http://127.0.0.1:1"}}, {"configuration": {"jwks_uri": "http://127.0.0.1:1/k"}},
    ],
    ids=str,
)  # fmt: skip
def test_what_a_provider_must_not_say_is_refused(
    client_for: ClientFor, provider: IdentityProvider, on: Callable[..., None], lies: dict[str, Any]
) -> None:
    on()
    browser = client_for(None)
    led = browser.get(BEGIN)
    provider.lies = lies
    assert refused(browser.get(provider.consent(led.location)))
    assert browser.get("/acme/").status_code == 302


def test_an_answer_nobody_asked_for_is_refused(
    client_for: ClientFor, provider: IdentityProvider, on: Callable[..., None], app: Flask
) -> None:
    on()
    mine, victim = client_for(None), client_for(None)
    planted = provider.consent(mine.get(BEGIN).location)
    assert refused(victim.get(planted)), "the answer to another browser signs nobody in"
    assert refused(victim.get("/acme/sso/callback?code=x&state=y"))
    led = victim.get(BEGIN).location
    back = provider.consent(led)
    assert refused(victim.get(back.replace("state=", "state=x")))
    assert refused(victim.get(back)), "one question has one answer"
    led = victim.get(BEGIN).location
    kept = victim.read_session()
    victim.write_session({**kept, "sso": {**kept["sso"], "at": int(time.time()) - 601}})
    assert refused(victim.get(provider.consent(led)))
    led = victim.get(BEGIN).location
    mixed = provider.consent(led).replace("iss=http", "iss=https")
    assert refused(victim.get(mixed))
    led = victim.get(BEGIN).location
    stolen = provider.consent(led)
    kept = victim.read_session()
    victim.write_session({**kept, "sso": {**kept["sso"], "verifier": "another"}})
    assert refused(victim.get(stolen)), "a code is worth nothing without what it was asked with"


def test_an_answer_is_of_the_workspace_that_asked(
    client_for: ClientFor, provider: IdentityProvider, on: Callable[..., None]
) -> None:
    on()
    said = decided(provider)
    assert client_for("outsider").post("/other/settings/security/sso", data=said).status_code == 303
    browser = client_for(None)
    back = provider.consent(browser.get(BEGIN).location)
    assert refused_in_other(browser.get(back.replace("/acme/", "/other/")))
    assert browser.get("/other/").status_code == 302


def refused_in_other(answer: TestResponse) -> bool:
    return answer.status_code == 403


def test_only_members_and_invited_people_get_in(
    client_for: ClientFor, provider: IdentityProvider, on: Callable[..., None], app: Flask, cast: Cast
) -> None:
    on()
    provider.be("nobody@new.example")
    assert refused(come_in(client_for(None), provider))
    provider.be("outsider@other.example")
    assert refused(come_in(client_for(None), provider))
    provider.be("stranger@nowhere.example")
    assert refused(come_in(client_for(None), provider))
    with app.app_context(), db.engines[SHARED].connect() as connection:
        assert connection.scalar(select(User.id).where(User.email == "nobody@new.example")) is None
        acme = Membership.tenant_id == cast.tenants["acme"].id
        who = connection.scalars(select(Membership.user_id).where(acme)).all()
    assert cast["stranger"].user_id not in who


def test_who_is_invited_joins_by_it(
    client_for: ClientFor, api_for: Callable[..., Phone], provider: IdentityProvider, on: Callable[..., None],
    role_ids: dict[str, str], app: Flask, cast: Cast, mailbox: Mailbox,
) -> None:  # fmt: skip
    on()
    invited = {"email": "nina@new.example", "role_id": role_ids["viewer"]}
    assert api_for("owner").post("/invitations", json=invited).status_code == 201
    provider.be("nina@new.example", name="Nina New")
    browser = client_for(None)
    assert come_in(browser, provider).status_code == 303
    assert browser.get("/acme/").status_code == 200
    with app.app_context(), tenant_scope(cast.tenants["acme"]):
        row = db.session.execute(
            select(Member.name, Role.key)
            .join(Role, Role.id == Member.role_id)
            .where(Member.email == "nina@new.example")
        ).one()
    assert tuple(row) == ("Nina New", "viewer")
    with app.app_context(), db.engines[SHARED].connect() as connection:
        told = connection.scalar(select(User.email_verified_at).where(User.email == "nina@new.example"))
    assert told is None, "the provider's word is not ours"


def test_who_has_a_sign_in_elsewhere_is_not_pulled_in(
    client_for: ClientFor, api_for: Callable[..., Phone], provider: IdentityProvider, on: Callable[..., None],
    role_ids: dict[str, str],
) -> None:  # fmt: skip
    on(domains="other.example", role_id=role_ids["rep"])
    provider.be("outsider@other.example")
    assert refused(come_in(client_for(None), provider))
    api_for("owner").post("/invitations", json={"email": "outsider@other.example", "role_id": role_ids["rep"]})
    assert refused(come_in(client_for(None), provider)), "they accept by their own sign-in"


def test_people_of_named_domains_join_by_themselves(
    client_for: ClientFor, provider: IdentityProvider, on: Callable[..., None], role_ids: dict[str, str]
) -> None:
    on(domains="acme.example", role_id=role_ids["viewer"])
    provider.be("new@acme.example", name="New Colleague")
    browser = client_for(None)
    assert come_in(browser, provider).status_code == 303
    assert browser.get("/acme/").status_code == 200
    assert browser.post("/acme/companies", data={"name": "x"}).status_code == 403
    provider.be("new@evil-acme.example")
    assert refused(come_in(client_for(None), provider))


def test_from_then_on_the_providers_key_counts_and_not_the_address(
    client_for: ClientFor, provider: IdentityProvider, on: Callable[..., None]
) -> None:
    on()
    assert come_in(client_for(None), provider).status_code == 303
    provider.be("rep@acme.example", subject="somebody who got the address later")
    assert refused(come_in(client_for(None), provider))
    provider.be("renamed@elsewhere.example", subject="key of rep@acme.example")
    browser = client_for(None)
    assert come_in(browser, provider).status_code == 303
    assert "Rita Rep" in browser.get("/acme/").text


def test_who_is_locked_out_stays_out(
    client_for: ClientFor, provider: IdentityProvider, on: Callable[..., None], cast: Cast
) -> None:
    on()
    client_for("owner").post(f"/acme/settings/members/{cast['rep'].member_id}/freezing", data={"confirmed": "1"})
    assert refused(come_in(client_for(None), provider))


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
    assert (led.status_code, led.location) == (303, "/acme/sso?next=%2Facme%2Fsettings%2Ftokens")
    come_in(browser, provider)
    assert browser.post("/acme/settings/tokens", data={"name": "x"}).status_code == 201


def test_where_it_is_off_there_is_no_such_page(client_for: ClientFor) -> None:
    assert client_for(None).get(BEGIN).status_code == 404
    assert client_for(None).get("/acme/sso/callback?code=x").status_code == 404


def test_the_secret_is_sealed_and_never_shown(
    client_for: ClientFor, provider: IdentityProvider, on: Callable[..., None], app: Flask, cast: Cast
) -> None:
    on()
    with app.app_context(), tenant_scope(cast.tenants["acme"]):
        kept = db.session.scalar(select(Stored.client_secret))
    assert kept is not None
    assert SECRET.encode() not in kept
    owner = client_for("owner")
    assert SECRET not in owner.get(PAGE).text
    assert SECRET not in owner.get("/acme/settings/audit").text
    assert owner.post(PAGE, data=decided(provider, client_secret="")).status_code == 303
    assert come_in(client_for(None), provider).status_code == 303, "an empty secret leaves the one of before"


@pytest.mark.parametrize(
    ("said", "field"),
    [({"issuer": "not an address"}, "issuer"), ({"issuer": "http://127.0.0.1:1"}, "issuer"),
     ({"client_id": ""}, "client_id"), ({"client_secret": ""}, "client_secret"), ({"domains": "x!"}, "domains"),
     ({"domains": "acme.example"}, "role_id"),
     ({"issuer": "file:///etc/passwd"}, "issuer")],
)  # fmt: skip
def test_what_cannot_be_is_told_by_its_field(
    client_for: ClientFor, provider: IdentityProvider, said: dict[str, str], field: str
) -> None:
    answer = client_for("owner").post(PAGE, data={**decided(provider), **said})
    assert answer.status_code == 422
    assert set(errors(answer)) == {field}


def test_an_admin_does_not_lock_herself_out(client_for: ClientFor, provider: IdentityProvider) -> None:
    answer = client_for("admin").post(PAGE, data=decided(provider, mandatory="1"))
    assert answer.status_code == 422
    assert "Sign in by it yourself first" in words(answer)
    for who in ("manager", "rep", "viewer"):
        assert client_for(who).get(PAGE).status_code == 403
        assert client_for(who).post(PAGE, data=decided(provider)).status_code == 403


def test_a_provider_that_leads_elsewhere_is_not_followed(
    client_for: ClientFor, provider: IdentityProvider, on: Callable[..., None]
) -> None:
    on()
    provider.lies = {"redirect": f"{provider.issuer}/keys"}
    assert refused(client_for(None).get(BEGIN))


@pytest.mark.parametrize(
    "address",
    ["http://login.acme.example", "https://127.0.0.1/", "https://[::1]/", "https://10.0.0.8/",
     "https://169.254.169.254/", "https://[::ffff:127.0.0.1]/", "https://localhost/", "https:///x"],
)  # fmt: skip
def test_in_production_nothing_inside_is_asked(
    app_with: Callable[..., Flask], address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    production = app_with(environment="production", base_url="https://crm.example", mail_url=None)
    asked: list[Any] = []
    monkeypatch.setattr(talking.httpx, "Client", lambda **how: asked.append(how))
    with production.app_context(), pytest.raises(talking.ProviderFailed):
        talking.discover(address)
    assert asked == []


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
        assert connection.scalar(select(UserSession.id).where(UserSession.user_id == cast["rep"].user_id)) is not None
