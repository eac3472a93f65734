"""What a form is answered with that leads nowhere else: second steps, refusals, choices and what is shown once."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urljoin

import pytest
from flask import Flask

from saas_crm.workspaces.standing import suspend
from tenants.standing import Suspension
from tests.browser.eyes import Eyes
from tests.browser.test_every_page import CHINESE, GERMAN
from tests.support.cast import Cast
from tests.support.clients import Browser, session_cookie
from tests.support.identity_provider import identity_provider
from tests.support.installation import Installation
from tests.support.mailbox import Mailbox
from tests.support.making import Maker
from tests.web.sso import PAGE as SSO
from tests.web.sso import decided

EyesOf = Callable[..., Eyes]
ClientFor = Callable[..., Browser]
MEMBERS, SECURITY = "/acme/settings/members", "/acme/settings/security"


@pytest.fixture
def owned(make: Maker) -> dict[str, str]:
    """Records of a rep and of a colleague, so that a change of who may do what shows to others."""
    company = make.company("rep", name=GERMAN)
    make.company("owner", owner="colleague", name=CHINESE)
    contact = make.contact("rep", name="王小明", company_id=str(company.id))
    deal = make.deal("rep", name=f"Umbau {GERMAN}", amount="900", company_id=str(company.id))
    return {"company": str(company.id), "contact": str(contact.id), "deal": str(deal.id)}


@pytest.mark.newest
def test_second_steps(eyes_of: EyesOf, owned: dict[str, str], cast: Cast, role_ids: dict[str, str]) -> None:
    assert owned
    eyes, rep, teammate = eyes_of("owner"), cast["rep"].member_id, cast["teammate"].member_id
    eyes.page.goto(MEMBERS)
    south = {"team_id": str(cast.teams["south"])}
    eyes.send(f"{MEMBERS}/{rep}/team", south, status=200)
    eyes.send(f"{MEMBERS}/{rep}/role", {"role_id": role_ids["viewer"]}, status=200)
    both = [str(rep), str(teammate)]
    eyes.send(f"{MEMBERS}/changes", {"members": both, "what": "team", **south}, status=200)
    eyes.send(f"{MEMBERS}/changes", {"members": both, "what": "freeze"}, status=200)
    eyes.send("/acme/settings/teams/moves", {**south, "parent_id": str(cast.teams["north"])}, status=200)
    pasted = f"Ann Lee <ann@new.example>\nnonsense\nrep@acme.example\n{'long' * 12}@new.example"
    eyes.send(f"{MEMBERS}/invite", {"addresses": pasted, "role_id": role_ids["rep"]}, status=200)
    eyes.send(f"{SECURITY}/entry", {"networks": "10.0.0.0/8", "session_hours": "12"}, status=422)
    assert eyes.found == []


def test_forms_that_come_back(
    app: Flask, eyes_of: EyesOf, owned: dict[str, str], cast: Cast, client_for: ClientFor
) -> None:
    """With errors, with another's change of meanwhile, and with the question for a password."""
    eyes = eyes_of("rep")
    for here, sent in (
        ("companies", {"name": "", "website": "no address", "email": GERMAN, "phone": "x", "country": "XX"}),
        ("contacts", {"name": "", "email": "x", "birthday": "yesterday"}),
        ("deals", {"name": "", "amount": "a lot", "expected_close": "soon"}),
        ("activities", {"kind": "task", "subject": "", "due_at": "x"}),
    ):
        eyes.page.goto("/acme/companies")
        eyes.send(f"/acme/{here}", sent, status=422)
    for here, kind in (("companies", "company"), ("contacts", "contact"), ("deals", "deal")):
        changed = {"name": f"{CHINESE} {GERMAN}", "version": "1"}
        assert client_for("manager").post(f"/acme/{here}/{owned[kind]}", data=changed).status_code == 303
        eyes.send(f"/acme/{here}/{owned[kind]}", {"name": "Mine", "version": "1"}, status=409)
    late = {"_user_id": cast["rep"].session, "_fresh": True, "proved": int(time.time()) - 601}
    kept = {"name": app.config["SESSION_COOKIE_NAME"], "value": session_cookie(app, late)}
    eyes.page.goto("/acme/settings/tokens")
    eyes.page.context.add_cookies([{**kept, "url": urljoin(eyes.page.url, "/")}])
    eyes.page.goto("/acme/settings/tokens")
    eyes.send("/acme/settings/tokens", {"name": GERMAN[:60]}, status=403)
    eyes.page.goto("/profile/password")
    eyes.send("/profile/password", {"current": "wrong", "password": "short"}, status=422)
    assert eyes.found == []


def test_what_is_shown_once_and_settings_that_come_back(eyes_of: EyesOf, role_ids: dict[str, str]) -> None:
    eyes = eyes_of("owner")
    eyes.page.goto("/acme/settings/tokens")
    eyes.send("/acme/settings/tokens", {"name": GERMAN[:60]}, status=201)
    for address, sent in (
        ("settings/workspace", {"name": "", "locale": "xx", "currency": "x", "timezone": "x"}),
        ("settings/address", {"slug": "!"}),
        ("settings/appearance", {"whose": "own", "accent": "#ffd400"}),
        ("settings/roles", {"name": ""}),
        ("settings/teams", {"name": ""}),
        ("settings/security/sso", {"issuer": "not an address", "client_id": "", "domains": "x!"}),
        ("settings/privacy/register", {"name": ""}),
        ("settings/members/invitations", {"email": "x", "role_id": role_ids["rep"]}),
        ("settings/deletion", {"name": "another"}),
    ):
        eyes.page.goto("/acme/settings")
        eyes.send(f"/acme/{address}", sent, status=422)
    assert eyes.found == []


def test_ways_in_that_are_refused(
    eyes_of: EyesOf, mailbox: Mailbox, client_for: ClientFor, installation: Installation
) -> None:
    with installation.place.owner() as connection:
        connection.execute("UPDATE public.users SET email_verified_at = NULL WHERE email = 'rep@acme.example'")
    client_for("rep").post("/profile/verification")
    verification = mailbox.link("rep@acme.example", "/verify/")
    client_for(None).post("/forgot", data={"email": "rep@acme.example"})
    reset = mailbox.link("rep@acme.example", "/reset/")
    eyes = eyes_of(None)
    for address, sent, status in (
        ("/signin", {"email": "rep@acme.example", "password": "wrong"}, 422),
        ("/signup", {"company": "", "email": "x", "password": "short", "slug": "acme"}, 422),
        ("/forgot", {"email": f"{'long' * 12}@new.example"}, 200),
        (reset, {"password": "short"}, 422),
        (verification, {}, 200),
        ("/signin/passkey", {"credential": "{}"}, 422),
    ):
        eyes.page.goto("/signin")
        eyes.send(address, sent, status=status)
    assert eyes.found == []


def test_single_sign_on_that_did_not_work(eyes_of: EyesOf, client_for: ClientFor) -> None:
    with identity_provider() as provider:
        assert client_for("owner").post(SSO, data=decided(provider)).status_code == 303
    eyes = eyes_of(None)
    eyes.look("/signin?next=/acme/")
    for address in ("/acme/sso/callback?code=x&state=y", "/acme/sso"):
        eyes.look(address, there=False)
    assert eyes.found == []


def test_a_workspace_that_can_only_be_read_or_is_closed(
    eyes_of: EyesOf, owned: dict[str, str], installation: Installation
) -> None:
    eyes, here = eyes_of("rep"), f"/acme/companies/{owned['company']}"
    told: dict[str, Any] = {"reason": f"{CHINESE}: the invoice of May is open.", "ask": f"billing@{'long' * 9}.example"}
    suspend(installation.settings.database_url, "acme", Suspension("operator", "read_only", **told))
    for address in ("/acme/", "/acme/companies", "/acme/deals", here, "/acme/settings"):
        eyes.look(address)
    eyes.send(here, {"name": "Mine", "description": "Two lines\nof words", "version": "1"}, status=403)
    suspend(installation.settings.database_url, "acme", Suspension("operator", "closed", **told))
    eyes.look("/acme/companies", there=False)
    assert eyes.found == []
