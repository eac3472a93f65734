"""The same by the API and by the command; and where mails and single sign-on lead."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event

from saas_crm.workspaces.domains.rules import LABEL
from tenants.db import SHARED, db
from tests.domains.conftest import DOMAIN, DomainBrowser
from tests.support.cast import Cast
from tests.support.clients import Phone, browser_of, phone_of
from tests.support.command import Call, call
from tests.support.identity_provider import IdentityProvider
from tests.support.mailbox import Mailbox, body
from tests.support.name_server import NameServer
from tests.web.conftest import provider, running_provider
from tests.web.sso import HERE, decided

__all__ = ["call", "provider", "running_provider"]
PATH = "/workspace/domain"


@pytest.fixture
def phone(served: Flask, cast: Cast) -> Phone:
    """The owner's program."""
    return phone_of(served, cast["owner"], "acme")


def test_a_look_reads_the_claim_once(phone: Phone, dns: NameServer, served: Flask) -> None:
    """And once more with its row held, when what was seen is noted."""
    phone.put(PATH, json={"domain": DOMAIN})
    asked: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        asked.append(statement)

    with served.app_context():
        engine = db.engines[SHARED]
    event.listen(engine, "before_cursor_execute", note)
    try:
        assert phone.post(f"{PATH}/check").json["found"] == "none"
    finally:
        event.remove(engine, "before_cursor_execute", note)
    assert len([each for each in asked if "public.tenant_domains.token" in each]) == 1, asked


def test_by_the_api(phone: Phone, dns: NameServer) -> None:
    empty = phone.get(PATH)
    assert (empty.json["domain"], empty.json["state"], empty.json["records"]) == (None, None, [])
    made = phone.put(PATH, json={"domain": "CRM.acme.test"})
    assert (made.status_code, made.json["domain"], made.json["state"], made.json["url"]) == (
        200, DOMAIN, "pending", None,
    )  # fmt: skip
    txt = made.json["records"][0]
    assert (txt["type"], txt["name"]) == ("TXT", f"{LABEL}.{DOMAIN}")
    assert phone.post(f"{PATH}/check").json["found"] == "none"
    lost = phone.put(PATH, json={"domain": "x.acme.test"}, headers={"If-Match": empty.headers["ETag"]})
    assert lost.status_code == 412
    dns.say(txt["name"], txt["value"])
    found = phone.post(f"{PATH}/check").json
    assert (found["found"], found["state"], found["url"]) == ("right", "verified", f"http://{DOMAIN}")
    assert phone.get("/sso").json["domain_redirect_uri"] == f"http://{DOMAIN}/sso/callback"
    assert phone.delete(PATH).status_code == 204
    assert phone.delete(PATH).status_code == 204, "sent twice it is gone all the same"
    assert phone.post(f"{PATH}/check").status_code == 404


def test_the_api_refuses_as_pages_do(phone: Phone, served: Flask, cast: Cast) -> None:
    refused = phone.put(PATH, json={"domain": "10.0.0.1"})
    assert refused.status_code == 422
    assert refused.json["errors"] == [
        {"pointer": "#/domain", "code": "domain_address",
         "detail": "Write a name such as crm.acme.example, not the numbers of a machine."}
    ]  # fmt: skip
    rep = phone_of(served, cast["rep"], "acme")
    assert rep.get(PATH).status_code == rep.put(PATH, json={"domain": DOMAIN}).status_code == 403
    assert rep.delete(PATH).status_code == rep.post(f"{PATH}/check").status_code == 403


def test_by_the_command(call: Call, dns: NameServer) -> None:
    def say(*arguments: str) -> tuple[int, str]:
        found = call("tenants", "domain", *arguments, DNS_SERVERS=dns.address)
        return found.exit_code, found.output

    assert say("acme") == (0, "acme has no domain of its own\n")
    assert say("acme", "--check")[0] == 1
    code, told = say("acme", "--set", DOMAIN)
    assert code == 0
    assert told.startswith(f"{DOMAIN}: pending\n  {LABEL}.{DOMAIN} TXT ")
    dns.say(f"{LABEL}.{DOMAIN}", told.split(" TXT ")[1].split()[0])
    assert say("acme", "--check")[1].startswith(f"the TXT record is there\n{DOMAIN}: verified\n")
    assert say("acme", "--remove") == (0, "acme has no domain of its own\n")
    assert say("acme", "--set", "localhost")[0] == 2
    assert say("acme", "--set", DOMAIN, "--remove")[0] == 2
    assert say("nowhere")[0] == 1


def test_mails_lead_to_the_domain(served: Flask, own: str, cast: Cast, mailbox: Mailbox) -> None:
    owner = phone_of(served, cast["owner"], "acme")
    role = next(one["id"] for one in owner.get("/roles").json["items"] if one["key"] == "rep")
    made = owner.post("/invitations", json={"email": "new@acme.example", "role_id": role})
    assert made.status_code == 201, made.text
    assert f"http://{DOMAIN}/invitations/" in body(mailbox.arrived("new@acme.example")[-1])
    path = mailbox.link("new@acme.example", "/invitations/")
    nobody = browser_of(served, None)
    assert nobody.get(path, base_url=f"http://{DOMAIN}").status_code == 200
    assert nobody.get(f"/acme{path}").status_code == 200, "and at the usual address"


def test_single_sign_on_comes_back_to_where_it_began(
    served: Flask, cast: Cast, provider: IdentityProvider, at_domain: Callable[..., DomainBrowser]
) -> None:
    owner = browser_of(served, cast["owner"])
    assert owner.post("/acme/settings/security/sso", data=decided(provider)).status_code == 303
    page = owner.get("/acme/settings/security/sso").text
    assert "http://localhost/acme/sso/callback" in page
    assert f"http://{DOMAIN}/sso/callback" in page
    browser = at_domain(None)
    assert 'href="/sso?next=' in browser.get("/signin?next=/companies").text
    led = browser.get("/sso?next=/companies", headers=HERE)
    assert led.status_code == 302
    back = provider.consent(led.location)
    assert provider.asked[-1]["redirect_uri"] == f"http://{DOMAIN}/sso/callback"
    answer = browser.get(back)
    assert (answer.status_code, answer.location) == (303, "/companies")
    assert browser.get("/companies").status_code == 200
