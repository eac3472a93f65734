"""Every page, with data in it: accessible in both themes, within the phone's width, light enough for a phone's line.

A page is loaded once, on the phone, and looked at in many ways there and as a desktop shows it; what it weighs is asked
as it is loaded, from nothing. A route that answers GET and is in no list of `every_page` fails the test: it is either a
page, to be looked at, or named in NO_PAGES.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask

from saas_crm.privacy.defaults import CUSTOMERS
from tests.browser.every_page import (
    ALONE,
    BY_SSO,
    HANDING_OVER,
    INSIDE,
    LISTS,
    NO_PAGES,
    OUTSIDE,
    PRIVACY,
    addresses,
)
from tests.browser.eyes import Eyes
from tests.support.cast import Cast
from tests.support.clients import Browser
from tests.support.installation import Installation
from tests.support.mailbox import Mailbox
from tests.support.making import Maker

GERMAN = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft Maschinenbau GmbH"
CHINESE = "华东精密机械制造股份有限公司上海浦东新区外高桥保税区分公司"


@pytest.fixture
def made(make: Maker) -> dict[str, Any]:
    """Make a little of everything, with names that do not fit; return the values that addresses need."""
    fields = {"phone": "+1 650 253 0000", "city": "Oberammergau", "tags": "Bestandskunde, VIP"}
    company = make.company("owner", name=GERMAN, **fields)
    make.company("owner", name=CHINESE)
    contact = make.contact("owner", name="王小明", company_id=str(company.id), mobile="+1 650 253 0001")
    deal = make.deal("owner", name=f"Umbau {GERMAN}", amount="1,250,000.50", company_id=str(company.id))
    make.deal("rep", amount="900", outcome="won")
    ids = {"company_id": str(company.id), "contact_id": str(contact.id), "opportunity_id": str(deal.id)}
    make.activity("owner", kind="task", subject="Angebot nachfassen", due_at="2026-01-05T09:00", **ids)
    call = make.activity("owner", kind="call", body=f"{CHINESE} " * 8, **ids)
    member, stage = make.member_id("colleague"), make.stages()[0]
    others = {"member_id": str(member), "stage_id": str(stage.id), "pipeline_id": str(stage.pipeline_id)}
    others["team_id"] = str(make.team_id("north"))
    others |= {"role_id": make.own_role("owner", GERMAN), "kind": "company", "record_id": str(company.id)}
    return {**ids, **others, "activity_id": str(call.id), "section": "opportunities"}


@pytest.fixture
def mailed(client_for: Callable[..., Browser], mailbox: Mailbox, installation: Installation) -> tuple[str, ...]:
    """Have links mailed; return the pages behind them, and that of the last mail."""
    with installation.place.owner() as connection:
        connection.execute("UPDATE public.users SET email_verified_at = NULL WHERE email = 'rep@acme.example'")
    owner, rep, nobody = client_for("owner"), client_for("rep"), client_for(None)
    role = re.findall(r'<option value="([0-9a-f-]{36})"', owner.get("/acme/settings/members").text)[0]
    owner.post("/acme/settings/members/invitations", data={"email": "nina@new.example", "role_id": role})
    invitation = mailbox.link("nina@new.example", "/invitations/")
    rep.post("/profile/verification")
    verification = mailbox.link("rep@acme.example", "/verify/")
    nobody.post("/forgot", data={"email": "rep@acme.example"})
    reset = mailbox.link("rep@acme.example", "/reset/")
    letter = re.findall(r"/dev/mail/[0-9]+", nobody.get("/dev/mail").text)[0]
    return invitation, verification, reset, letter


def test_no_page_is_left_out(app: Flask) -> None:
    rules = [rule for rule in app.url_map.iter_rules() if "GET" in (rule.methods or ())]
    answering = {rule.endpoint for rule in rules if not rule.rule.startswith("/api/")} | {
        "api_documents.docs",
        "api_documents.docs_section",
    }
    pages = set().union(*INSIDE.values(), HANDING_OVER, PRIVACY, ALONE, OUTSIDE, BY_SSO)
    parts = set().union(*NO_PAGES.values())
    assert answering - pages - parts == set(), "in no list"
    assert (pages | parts) - answering == set(), "in a list, but not in the product"
    assert pages & parts == set()


def handed_over(owner: Browser, make: Maker) -> str:
    """Let the owner hand all that is theirs over to the admin; return the hand-over's id."""
    hand_over_id, member, other = str(uuid4()), make.member_id("owner"), make.member_id("admin")
    plan = {"from_id": str(member), "by": "one", "to_one": str(other), "closed": "1", "record_id": hand_over_id}
    assert owner.post("/acme/hand-overs", data=plan).status_code == 303
    return hand_over_id


def answered_and_held(owner: Browser, contact_id: str) -> None:
    """Note a contact's answers, and a duty to keep them."""
    for channel, answer in (("email", "yes"), ("phone", "no")):
        said = {"channel": channel, "purpose": ["marketing", "sales"], "source": "event", "answer": answer}
        assert owner.post(f"/acme/contacts/{contact_id}/privacy", data={**said, "note": GERMAN}).status_code == 303
    assert owner.post(f"/acme/contacts/{contact_id}/hold", data={"reason": CHINESE}).status_code == 303


def kept_privately(owner: Browser, contact_id: str) -> dict[str, str]:
    """Erase a contact and open the register; return the values that the addresses of privacy need."""
    done = owner.post(f"/acme/contacts/{contact_id}/erasure", data={"name": "王小明", "reason": "request"})
    assert done.status_code == 303
    assert owner.post("/acme/settings/privacy/link", data={"open": "1"}).status_code == 303
    [link] = re.findall(r"privacy-register/([\w-]{30,})", owner.get("/acme/settings/privacy").text)[:1]
    return {"processing_id": str(CUSTOMERS), "erasure_id": done.location.rpartition("/")[2], "token": link}


@pytest.mark.parametrize("part", INSIDE)
def test_pages_inside(app: Flask, eyes_of: Callable[..., Eyes], made: dict[str, Any], part: str) -> None:
    eyes = eyes_of("owner")
    for address in addresses(app, INSIDE[part], made, "/acme"):
        eyes.look(address)
    assert eyes.found == []


def test_pages_of_handing_over(
    app: Flask, eyes_of: Callable[..., Eyes], made: dict[str, Any], make: Maker, client_for: Callable[..., Browser]
) -> None:
    """Of the owner's to the admin; the wizard's second page is looked at as it comes from the first."""
    eyes, member, other = eyes_of("admin"), make.member_id("owner"), make.member_id("admin")
    empty = tuple(addresses(app, {"hand_overs.index": ("",), "hand_overs.received": ("",)}, {}, "/acme"))
    for address in (*empty, first := f"/acme/hand-overs/new?from={member}"):
        eyes.look(address)
    eyes.page.goto(first)  # a tab that was a phone has its mouse again
    eyes.page.get_by_label("Who takes over").first.select_option(str(other))
    with eyes.page.expect_navigation(url="**/preview"):
        eyes.page.get_by_role("button", name="See who gets what").click()
    eyes.see("preview")
    hand_over_id = handed_over(client_for("owner"), make)
    mine = f"/acme/handed-to-me?hand_over={hand_over_id}"
    for address in (*addresses(app, HANDING_OVER, {**made, "hand_over_id": hand_over_id}, "/acme"), mine):
        eyes.look(address)
    assert eyes.found == []


def test_pages_of_privacy(
    app: Flask, eyes_of: Callable[..., Eyes], made: dict[str, Any], client_for: Callable[..., Browser]
) -> None:
    """Empty at first; then with a duty to keep, answers, an erasure and a link for everybody."""
    eyes, owner = eyes_of("owner"), client_for("owner")
    for address in addresses(app, {"privacy.index": ("",), "privacy.certificates": ("",)}, {}, "/acme"):
        eyes.look(address)
    contact = f"/acme/contacts/{made['contact_id']}"
    answered_and_held(owner, made["contact_id"])
    for address in (contact, f"{contact}/privacy", f"{contact}/erasure"):
        eyes.look(address)
    assert owner.post(f"{contact}/hold/lift").status_code == 303
    values = kept_privately(owner, made["contact_id"])
    for address in addresses(app, PRIVACY, values, "/acme"):
        eyes.look(address)
    assert eyes.found == []


def test_pages_of_a_person(app: Flask, eyes_of: Callable[..., Eyes]) -> None:
    eyes = eyes_of("owner")
    for address in addresses(app, ALONE, {}):
        eyes.look(address)
    eyes.look("/acme/nowhere", there=False)
    assert eyes.found == []


def test_pages_outside(app: Flask, eyes_of: Callable[..., Eyes], mailed: tuple[str, ...]) -> None:
    eyes = eyes_of(None)
    gone = addresses(app, OUTSIDE, {"token": "unknown", "stamp": 0})
    for address in (*gone, "/acme/invitations/unknown", "/nowhere", *mailed):
        eyes.look(address, there=address in mailed)
    assert eyes.found == []


def test_the_way_to_single_sign_on(
    app: Flask, cast: Cast, eyes_of: Callable[..., Eyes], client_for: Callable[..., Browser], installation: Installation
) -> None:
    """As it is where a link from elsewhere leads; the provider itself is never asked."""
    said = {"issuer": "https://id.example", "client_id": "crm", "client_secret": "of both"}
    assert client_for("owner").post("/acme/settings/security/sso", data=said).status_code == 303
    with installation.place.owner() as connection:
        connection.execute(f"UPDATE {cast.tenants['acme'].schema_name}.identity_providers SET enabled = true")
    eyes = eyes_of(None)
    for address in addresses(app, BY_SSO, {}, "/acme"):
        eyes.look(address)
    assert eyes.found == []


def test_pages_with_nothing_in_them(app: Flask, eyes_of: Callable[..., Eyes]) -> None:
    eyes = eyes_of("rep")
    for address in addresses(app, {**LISTS, "settings_tokens.index": ("",)}, {}, "/acme"):
        eyes.look(address)
    assert eyes.found == []
