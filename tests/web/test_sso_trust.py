"""Whom a workspace trusts to say who its members are: who decides it, what that opens, and when it ends."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from sqlalchemy import select
from werkzeug.test import TestResponse

from saas_crm.access.shared_models import User
from saas_crm.core.audit import AuditEntry
from tenants.db import SHARED, db, tenant_scope
from tests.support.cast import Cast
from tests.support.clients import Browser
from tests.support.identity_provider import IdentityProvider, identity_provider
from tests.support.installation import Installation
from tests.support.mailbox import Mailbox
from tests.support.signing_in import enter
from tests.web.pages import errors, value, words
from tests.web.sso import PAGE, come_in, decided, refused

ClientFor = Callable[..., Browser]
On = Callable[..., None]


@pytest.fixture
def other(running_provider: IdentityProvider) -> Iterator[IdentityProvider]:
    with identity_provider() as another:
        yield another


def test_only_an_owner_says_which_provider_it_is(
    client_for: ClientFor, provider: IdentityProvider, other: IdentityProvider, on: On
) -> None:
    """A provider names any member: who chooses it comes in as an owner."""
    admin = client_for("admin")
    first = admin.post(PAGE, data=decided(provider))
    assert (first.status_code, set(errors(first))) == (422, {"issuer"})
    assert "Only an owner decides" in errors(first)["issuer"]
    on()
    same = {"client_secret": ""}
    for changed in (
        {"issuer": other.issuer, **same}, {"issuer": other.issuer}, {"client_id": "other", **same}, {"client_id": "x"},
        {"client_secret": "another"},
    ):  # fmt: skip
        answer = admin.post(PAGE, data={**decided(provider), **changed})
        assert answer.status_code == 422, changed
        assert "issuer" in errors(answer), changed
    assert admin.post(PAGE, data=decided(provider, enabled="", **same)).status_code == 303, "all else is theirs, too"
    assert admin.get(PAGE).text.count("readonly") == 1 + 2, "the address to register, and what an owner chose"
    assert client_for("owner").get(PAGE).text.count("readonly") == 1
    assert 'name="client_secret"' not in admin.get(PAGE).text


@pytest.mark.parametrize("changed", ["issuer", "client_id"])
def test_the_secret_is_sent_to_no_other_provider(
    client_for: ClientFor, provider: IdentityProvider, other: IdentityProvider, on: On, changed: str
) -> None:
    on()
    asked = {**decided(provider), "client_secret": "", changed: other.issuer if changed == "issuer" else "another"}
    answer = client_for("owner").post(PAGE, data=asked)
    assert (answer.status_code, set(errors(answer))) == (422, {"client_secret"})


def test_a_secret_that_was_typed_is_asked_for_again_after_an_error(
    client_for: ClientFor, provider: IdentityProvider, on: On
) -> None:
    on()
    answer = client_for("owner").post(PAGE, data=decided(provider, client_secret="the new one", domains="x!"))
    assert answer.status_code == 422
    assert "Type the new secret once more" in answer.text
    assert "the new one" not in answer.text
    mended = owner_form(answer, decided(provider, client_secret=""))
    refused_again = client_for("owner").post(PAGE, data=mended)
    assert (refused_again.status_code, set(errors(refused_again))) == (422, {"client_secret"})
    assert client_for("owner").post(PAGE, data={**mended, "client_secret": "the new one"}).status_code == 303


def owner_form(page: TestResponse, said: dict[str, str]) -> dict[str, str]:
    """Return what a form sends, with what it hides."""
    return {**said, **{name: value(page, name) for name in ("version", "secret_typed")}}


@pytest.mark.parametrize("page", [PAGE, "/acme/settings/security/entry"])
def test_a_form_that_was_refused_keeps_the_version_it_was_made_of(
    client_for: ClientFor, provider: IdentityProvider, on: On, page: str
) -> None:
    on()
    owner = client_for("owner")
    good = decided(provider, client_secret="") if page == PAGE else {"session_hours": "12"}
    owner.post(page, data={**good, "session_hours": "8"})
    version = value(owner.get(page), "version")
    assert client_for("owner").post(page, data={**good, "mandatory": "1", "version": version}).status_code == 303
    wrong = owner.post(page, data={**good, "domains": "x!", "networks": "x!", "version": version})
    assert (wrong.status_code, value(wrong, "version")) == (422, version)
    assert owner.post(page, data={**good, "version": value(wrong, "version")}).status_code == 409


@pytest.mark.parametrize(
    "after", [{"enabled": ""}, {"client_id": "another", "client_secret": "x"}, {"enabled": "", "twice": "1"}], ids=str
)
def test_sessions_end_with_the_provider_that_vouched_for_them(
    client_for: ClientFor, provider: IdentityProvider, on: On, after: dict[str, str]
) -> None:
    on()
    browser = client_for(None)
    come_in(browser, provider)
    on(client_secret="", mandatory="1")
    assert browser.get("/acme/companies").status_code == 200, "another decision ends nothing"
    asked = {name: said for name, said in {**decided(provider, client_secret=""), **after}.items() if said}
    assert client_for("owner").post(PAGE, data=asked).status_code == 303
    if "twice" in after:
        on(client_secret="")
    led = browser.get("/acme/companies")
    assert (led.status_code, led.location.partition("?")[0]) == (302, "/signin")
    assert client_for("rep").get("/acme/companies").status_code == 200, "who gave a password stays"


def test_who_came_by_another_provider_may_not_lock_all_others_out(
    client_for: ClientFor, provider: IdentityProvider, on: On, app: Flask, cast: Cast
) -> None:
    on()
    provider.be("admin@acme.example")
    admin = client_for(None)
    come_in(admin, provider)
    admin.write_session({**admin.read_session(), "proved": int(time.time())})
    asked = decided(provider, client_secret="", mandatory="1")
    assert admin.post(PAGE, data={**asked, "client_id": "another"}).status_code == 422
    assert admin.post(PAGE, data=asked).status_code == 303


def test_what_one_workspace_says_is_told_in_no_other(
    client_for: ClientFor, provider: IdentityProvider, on: On, app: Flask, cast: Cast, mailbox: Mailbox,
    jobs: Callable[[], list[str]],
) -> None:  # fmt: skip
    on()
    client_for("rep").post("/signup", data={
        "company": "Second", "slug": "second", "locale": "en", "country": "US", "currency": "USD", "timezone": "UTC",
    })  # fmt: skip
    browser = client_for(None)
    come_in(browser, provider)
    browser.post("/signout")
    jobs()
    told = {}
    for slug in ("acme", "second"):
        with app.app_context(), tenant_scope(app.extensions["directory"].by_slug(slug)):
            acts = db.session.scalars(select(AuditEntry.action).where(AuditEntry.resource == "session")).all()
            told[slug] = {act for act in acts if act in ("sign_in", "sign_out")}
    assert told == {"acme": {"sign_in", "sign_out"}, "second": set()}


def test_a_browser_known_by_a_provider_is_a_new_one_to_the_password(
    client_for: ClientFor, provider: IdentityProvider, on: On, mailbox: Mailbox
) -> None:
    on()
    enter(client_for(None))
    browser = client_for(None)
    come_in(browser, provider)
    come_in(browser, provider)
    letters = [mail for mail in mailbox.arrived("rep@acme.example") if "new device" in mail["Subject"]]
    assert len(letters) == 1, "once for the browser, not at each sign-in"
    browser.post("/signout")
    enter(browser)
    assert [mail for mail in mailbox.arrived("rep@acme.example") if "new device" in mail["Subject"]]


def test_a_provider_that_knows_the_browser_is_no_proof(
    client_for: ClientFor, provider: IdentityProvider, on: On
) -> None:
    on()
    browser = client_for(None)
    come_in(browser, provider)
    assert browser.post("/acme/settings/tokens", data={"name": "x"}).location.startswith("/acme/sso?"), "not even now"
    provider.lies = {"claims": {"auth_time": int(time.time()) - 3_600}}
    answer = come_in(browser, provider, proof="1")
    assert refused(answer)
    assert "did not ask you" in words(answer)
    provider.lies = {"claims": {"auth_time": None}}
    assert refused(come_in(browser, provider, proof="1"))
    provider.lies = {}
    come_in(browser, provider, proof="1")
    assert browser.post("/acme/settings/tokens", data={"name": "x"}).status_code == 201


@pytest.mark.parametrize("kind", ["read_only", "closed"])
def test_a_workspace_that_is_not_open_lets_in_whom_it_lets_read(
    client_for: ClientFor, provider: IdentityProvider, on: On, installation: Installation, cast: Cast, app: Flask,
    role_ids: dict[str, str], kind: str,
) -> None:  # fmt: skip
    on(domains="acme.example", role_id=role_ids["viewer"])
    cause, status = ("billing", "read_only") if kind == "read_only" else ("deletion", "suspended")
    tenant_id = cast.tenants["acme"].id
    with installation.place.owner() as connection:
        connection.execute("UPDATE public.tenants SET status = %s WHERE id = %s", (status, tenant_id))
        connection.execute(
            "INSERT INTO public.suspensions (tenant_id, cause, kind) VALUES (%s, %s, %s)", (tenant_id, cause, kind)
        )
    app.extensions["directory"].forget()
    try:
        page = client_for(None).get("/signin?next=%2Facme%2F")
        assert "/acme/sso?next=%2Facme%2F" in page.text
        for who, seen in (("rep", 200 if kind == "read_only" else 403), ("owner", 200)):
            provider.be(f"{who}@acme.example")
            browser = client_for(None)
            assert come_in(browser, provider).status_code == 303
            assert browser.get("/acme/companies").status_code == seen, who
        provider.be("new@acme.example")
        assert refused(come_in(client_for(None), provider)), "nobody joins"
    finally:
        app.extensions["directory"].forget()
    with app.app_context(), db.engines[SHARED].connect() as connection:
        assert connection.scalar(select(User.id).where(User.email == "new@acme.example")) is None


def test_a_former_address_leads_on_who_came_by_the_provider(
    client_for: ClientFor, provider: IdentityProvider, on: On
) -> None:
    on()
    browser = client_for(None)
    come_in(browser, provider)
    page = client_for("owner").get("/acme/settings/address")
    assert "/acme/sso/callback" in page.text, "the provider has to be told"
    assert client_for("owner").post("/acme/settings/address", data={"slug": "apex"}).status_code == 303
    assert browser.get("/acme/contacts").location == "/apex/contacts"
    assert "/apex/sso?next=%2Facme%2Fcontacts" in client_for(None).get("/signin?next=%2Facme%2Fcontacts").text
