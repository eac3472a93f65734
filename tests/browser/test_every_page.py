"""Every page, with data in it: accessible in both themes, within the phone's width, light enough for a phone's line.

A page is loaded once, on the phone, and looked at in many ways there and as a desktop shows it; what it weighs is asked
as it is loaded, from nothing. A route that answers GET and is in no list here fails the test: it is either a page, to
be looked at, or named in NO_PAGES.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask

from saas_crm.privacy.defaults import CUSTOMERS
from tests.browser.eyes import Eyes
from tests.support.cast import Cast
from tests.support.clients import Browser
from tests.support.installation import Installation
from tests.support.mailbox import Mailbox
from tests.support.making import Maker

Ends = Mapping[str, tuple[str, ...]]

# endpoint: what stands behind its address, once for each look at it
LISTS: Ends = {
    "today.index": ("",), "companies.index": ("", "?q=nobody", "?filters=1"), "contacts.index": ("",),
    "board.index": ("", "?view=list"), "search.index": ("", "?q=maschinen"), "recycle_bin.index": ("",),
}  # fmt: skip
RECORDS: Ends = {
    "companies.show": ("?part=details",), "contacts.show": ("",), "opportunities.show": ("",),
    "activities.show": ("",),
    "sharing.show_company": ("",), "sharing.show_contact": ("",), "sharing.show_opportunity": ("",),
    "privacy.show": ("",), "privacy.preview": ("",), "privacy.everything": ("",),
}  # fmt: skip
HISTORIES: Ends = {
    "companies.company_history": ("",), "contacts.contact_history": ("",), "opportunities.deal_history": ("",),
    "activities.activity_history": ("",),
}  # fmt: skip
FORMS: Ends = {
    "companies.new": ("",), "companies.edit": ("",), "contacts.new": ("",), "contacts.edit": ("",),
    "opportunities.new": ("",), "opportunities.edit": ("",), "opportunities.closure": ("?outcome=lost", "?outcome=won"),
    "activities.new": ("",), "activities.edit": ("",), "activities.log": ("",),
}  # fmt: skip
SETTINGS: Ends = {
    "account.show_setup": ("",), "settings_workspace.index": ("",), "settings_workspace.edit": ("",),
    "settings_members.index": ("", "?q=nobody", "?filters=1"), "settings_members.show": ("",),
    "settings_members.show_invite": ("",), "settings_teams.index": ("",), "settings_teams.show": ("",),
    "settings_teams.choose_place": ("",), "settings_pipelines.index": ("",),
    "settings_pipelines.edit": ("",), "settings_pipelines.name": ("",), "settings_tokens.index": ("",),
    "settings_roles.index": ("",), "settings_roles.show": ("",), "settings_roles.new": ("",),
    "settings_roles.deletion": ("",), "settings_access.show": ("",),
    "settings_audit.index": ("", "?action=create", "?action=purge"), "settings_audit.keep": ("",),
    "settings_sharing.edit": ("",), "settings_security.edit": ("",), "settings_security.edit_entry": ("",),
    "settings_security.edit_sso": ("",),
    "exports.index": ("",),
    "api_documents.docs": ("",), "api_documents.docs_section": ("",),
}  # fmt: skip
WORKSPACE: Ends = {
    "settings_numbering.index": ("",), "settings_numbering.edit": ("",),
    "settings_address.edit": ("",), "settings_appearance.edit": ("",), "settings_archives.index": ("",),
    "settings_deletion.show": ("",), "support.show": ("",), "settings_domain.edit": ("",),
}  # fmt: skip
PRIVACY: Ends = {
    "privacy.index": ("",), "privacy.show_register": ("",), "privacy.new_entry": ("",), "privacy.edit_entry": ("",),
    "privacy.certificates": ("",), "privacy.certificate": ("",), "privacy.open_register": ("",),
}  # fmt: skip
HANDING_OVER: Ends = {
    "hand_overs.index": ("",), "hand_overs.new": ("",), "hand_overs.show": ("",), "hand_overs.show_briefs": ("",),
    "hand_overs.received": ("",),
}  # fmt: skip
INSIDE: Mapping[str, Ends] = {
    "lists": LISTS,
    "records": RECORDS,
    "histories": HISTORIES,
    "forms": FORMS,
    "settings": SETTINGS,
    "workspace": WORKSPACE,
}
ALONE: Ends = {
    "account.workspaces": ("",),
    "account.profile": ("",),
    "account.show_password_form": ("",),
    "account.show_browsers": ("",),
    "account.show_sign_ins": ("",),
    "account.show_passkeys": ("",),
    "account.show_proof": ("",),
    "account.show_email": ("",),
}
OUTSIDE: Ends = {
    "public.index": ("",), "public.show_signup": ("",), "account.show_sign_in": ("",), "account.show_forgot": ("",),
    "account.show_reset": ("",), "account.show_verify": ("",), "account.show_invitation": ("",),
    "dev_mail.index": ("",), "dev_mail.show": ("",),
}  # fmt: skip
BY_SSO: Ends = {"account.begin_sso": ("", "?next=/acme/companies")}
NO_PAGES = {
    "parts of pages": {
        "companies.filters", "companies.twins", "contacts.filters", "contacts.twins", "board.cards",
        "pickers.companies", "pickers.contacts", "pickers.customers", "pickers.members", "public.follow_country",
        "settings_members.filters", "settings_numbering.preview", "public.slug_state", "public.slug_suggestion",
    },
    "for paper": {
        "hand_overs.print_briefs", "hand_overs.print_received", "privacy.certificate_file", "privacy.register_file",
        "privacy.everything_pdf",
    },
    "for machines": {
        "today.manifest", "account.show_photo", "asked.may_serve", "health.healthz", "health.readyz", "metrics.metrics",
    },
    "only leads on": {
        "public.language", "settings_members.begin", "hand_overs.begin", "account.end_sso",
        "support.enter",
    },
    "files": {
        "exports.companies", "exports.contacts", "exports.opportunities", "exports.activity_file",
        "settings_audit.export", "privacy.everything_json", "settings_archives.download",
        "settings_appearance.show_logo", "settings_appearance.accent_style",
    },
    "looked at in test_two_factor": {
        "account.show_code_form", "account.show_two_factor", "account.show_app", "account.show_renewal",
        "account.show_removal",
    },
    "looked at in test_operators": {
        "operators.show_sign_in", "operators.show_code", "operators.show_set_up", "operators.index", "operators.show",
        "operators.capacity", "operators.list_acts", "operators.show_work",
        "operators.list_backups", "operators.show_backup", "operators.show_offer",
    },
    "looked at in test_billing_pages": {
        "billing.index", "billing.show_plans", "billing.list_invoices", "billing.show_change",
        "billing.show_cancellation", "billing.returned", "pricing.show",
    },
    "looked at in test_email_change": {"account.show_email_confirmation", "account.show_email_undo"},
    "looked at in test_styleguide": {"styleguide.show", "styleguide.error", "styleguide.pick"},
}  # fmt: skip
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


def addresses(app: Flask, ends: Ends, values: Mapping[str, Any], prefix: str = "") -> Iterator[str]:
    adapter = app.url_map.bind("localhost")
    kinds = {"sharing.show_contact": "contact_id", "sharing.show_opportunity": "opportunity_id"}
    for endpoint, behind in ends.items():
        named = {"record_id": values[kinds[endpoint]]} if endpoint in kinds else {}
        path = adapter.build(endpoint, {**values, **named}, append_unknown=False)
        yield from (f"{prefix}{path}{end}" for end in behind)


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
    for address in (*empty, f"/acme/hand-overs/new?from={member}"):
        eyes.look(address)
    eyes.page.get_by_label("Who takes over").first.select_option(str(other))
    eyes.page.get_by_role("button", name="See who gets what").click()
    eyes.page.wait_for_url("**/preview")
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
