"""Step-up: the password again before who may do what is changed, and nothing of the form is lost."""

from __future__ import annotations

import time
from collections.abc import Callable
from html import unescape

import pytest
from flask import Flask
from sqlalchemy import select
from werkzeug.test import TestResponse

from saas_crm.access.models import Role
from saas_crm.edge.proof import is_needed_for
from tenants.db import db, tenant_scope
from tests.leaks.forms import Forms
from tests.support.cast import PASSWORD, Cast
from tests.support.clients import Browser, browser_of
from tests.support.signing_in import enter
from tests.web.pages import errors, heading

ClientFor = Callable[..., Browser]
TOKENS, PROOF = "/acme/settings/tokens", "/profile/proof"
ASKED = {"name": "The till & <shop>", "days": "90"}
TAKES_PROOF = {
    "account.add_own_passkey", "account.ask_email_change", "account.remove_own_passkey",
    "account.invite_from_setup", "settings_members.invite",
    "settings_members.change_many", "settings_members.change_role", "settings_members.reset_two_factor",
    "settings_roles.create", "settings_roles.update", "settings_roles.restore", "settings_roles.delete",
    "settings_security.update", "settings_security.update_entry", "settings_security.update_sso",
    "settings_security.forget_sso",
    "settings_tokens.create",
    "settings_archives.ask", "settings_archives.download", "settings_deletion.ask", "settings_address.update",
    "settings_domain.update", "settings_domain.remove", "support.allow", "billing.change", "billing.close",
}  # fmt: skip


def fields_of(page: TestResponse, action: str) -> dict[str, str]:
    """Return what the form that goes there holds."""
    [form] = [form for form in Forms(page.text).forms if ("POST", action) in form.targets]
    return {field.name: field.value for field in form.fields}


@pytest.fixture
def late(client_for: ClientFor) -> Callable[[str], Browser]:
    """A browser whose owner gave their password longer ago than ten minutes."""

    def make(who: str) -> Browser:
        browser = client_for(who)
        browser.write_session({**browser.read_session(), "proved": int(time.time()) - 601})
        return browser

    return make


def test_what_takes_the_password_again(app: Flask) -> None:
    """What the API asks devices for follows from this: tests/mobile_api/test_proof.py."""
    found = {name for name, view in app.view_functions.items() if is_needed_for(view)}
    assert {name for name in found if not name.startswith("api.")} == TAKES_PROOF


def test_a_copy_of_the_cookie_of_before_has_no_proof(late: Callable[[str], Browser], app: Flask) -> None:
    """The proof stands in the cookie that is sent back with it, and not beside the session in the database."""
    browser, thief = late("rep"), browser_of(app, None)
    thief.write_session(browser.read_session())
    assert browser.post(TOKENS, data={**ASKED, "proof_password": PASSWORD}).status_code == 201
    assert browser.post(TOKENS, data={**ASKED, "name": "Another"}).status_code == 201
    assert thief.post(TOKENS, data=ASKED).status_code == 403


def test_what_the_address_says_comes_back_too(late: Callable[[str], Browser], cast: Cast) -> None:
    """The way back after locking somebody out names them in its address."""
    admin, rep = late("admin"), cast["rep"].member_id
    here = "/acme/settings/members/changes"
    admin.post(here, data={"what": "freeze", "members": str(rep), "confirmed": "1", "proof_password": PASSWORD})
    admin.write_session({**admin.read_session(), "proved": int(time.time()) - 601})
    undo = f"{here}?what=thaw&members={rep}"
    assert undo in unescape(admin.get("/acme/settings/members").text)
    asked = admin.post(undo)
    assert asked.status_code == 403
    form = fields_of(asked, undo)
    assert admin.post(undo, data={**form, "proof_password": PASSWORD}).status_code == 303
    assert "Let in again: Rita Rep" in admin.get("/acme/settings/members").text


def test_the_form_comes_back_and_is_done_with_the_password(late: Callable[[str], Browser]) -> None:
    browser = late("rep")
    asked = browser.post(TOKENS, data=ASKED)
    assert asked.status_code == 403
    assert heading(asked) == "Your password, please"
    assert asked.headers["Cache-Control"] == "no-store"
    kept = fields_of(asked, TOKENS)
    assert {name: kept[name] for name in ASKED} == ASKED
    done = browser.post(TOKENS, data={**kept, "proof_password": PASSWORD})
    assert done.status_code == 201
    assert "The till &amp; &lt;shop&gt;" in done.text
    assert PASSWORD not in done.text
    assert browser.post(TOKENS, data=ASKED).status_code == 201, "once in ten minutes is enough"


def test_a_wrong_password_does_nothing_and_keeps_the_form(late: Callable[[str], Browser]) -> None:
    browser = late("rep")
    wrong = browser.post(TOKENS, data={**ASKED, "proof_password": "not this one"})
    assert wrong.status_code == 422
    assert errors(wrong)["proof_password"] == "This is not your present password."
    assert fields_of(wrong, TOKENS)["name"] == ASKED["name"]
    assert "not this one" not in wrong.text
    assert browser.post(TOKENS, data=ASKED).status_code == 403


def test_guesses_wait(late: Callable[[str], Browser]) -> None:
    browser = late("rep")
    for _number in range(5):
        assert browser.post(TOKENS, data={**ASKED, "proof_password": "no"}).status_code == 422
    waits = browser.post(TOKENS, data={**ASKED, "proof_password": PASSWORD})
    assert waits.status_code == 429
    assert int(waits.headers["Retry-After"]) >= 1


def test_who_has_just_signed_in_is_not_asked(client_for: ClientFor) -> None:
    browser = client_for(None)
    enter(browser)
    assert browser.post(TOKENS, data=ASKED).status_code == 201


def test_a_part_of_a_page_is_led_to_a_page_of_its_own(late: Callable[[str], Browser]) -> None:
    browser = late("rep")
    headers = {"HX-Request": "true", "HX-Current-URL": f"http://localhost{TOKENS}"}
    part = browser.post(TOKENS, data=ASKED, headers=headers)
    assert part.status_code == 403
    address = part.headers["HX-Redirect"]
    assert address == f"{PROOF}?next=%2Facme%2Fsettings%2Ftokens"
    assert heading(browser.get(address)) == "Your password, please"
    assert browser.post(PROOF, data={"next": TOKENS, "proof_password": "no"}).status_code == 422
    assert browser.post(PROOF, data={"next": TOKENS, "proof_password": PASSWORD}).location == TOKENS
    assert browser.post(TOKENS, data=ASKED, headers=headers).status_code == 201


@pytest.mark.parametrize("after", ["https://evil.example/", "//evil.example/", "javascript:alert(1)"])
def test_it_never_leads_to_another_site(late: Callable[[str], Browser], after: str) -> None:
    browser = late("rep")
    asked = browser.get(PROOF, query_string={"next": after})
    assert "next" not in fields_of(asked, PROOF)
    assert 'href="/profile"' in asked.text
    assert browser.post(PROOF, data={"next": after, "proof_password": PASSWORD}).location == "/acme/"


def test_who_may_not_is_told_so_and_not_asked(late: Callable[[str], Browser], cast: Cast) -> None:
    address = f"/acme/settings/members/{cast['colleague'].member_id}/role"
    refused = late("rep").post(address, data={})
    assert refused.status_code == 403
    assert heading(refused) != "Your password, please"
    assert late("outsider").post(address, data={}).status_code == 404
    nobody = browser_of(late("rep").application, None)
    assert nobody.post(address, data={}).status_code in (302, 400)


def test_a_form_from_elsewhere_is_refused_before_the_password_is_asked(late: Callable[[str], Browser]) -> None:
    answer = late("rep").post(TOKENS, data=ASKED, csrf=False)
    assert answer.status_code == 400
    assert "The till" not in answer.text


def test_a_role_goes_on_to_its_preview_with_what_was_chosen(
    late: Callable[[str], Browser], app: Flask, cast: Cast
) -> None:
    with app.app_context(), tenant_scope(cast.tenants["acme"]):
        role_id = str(db.session.scalar(select(Role.id).where(Role.key == "viewer")))
    browser, address = late("owner"), f"/acme/settings/members/{cast['rep'].member_id}/role"
    asked = browser.post(address, data={"role_id": role_id})
    done = browser.post(address, data={**fields_of(asked, address), "proof_password": PASSWORD})
    assert done.status_code in (200, 303)
    assert "proof_password" not in done.text, "the preview's form does not carry the password"


def test_nobody_makes_an_owner_of_a_stranger_from_a_browser_left_open(
    late: Callable[[str], Browser], app: Flask, cast: Cast
) -> None:
    """An invitation gives a role as a change of it does; each line comes back behind the password."""
    with app.app_context(), tenant_scope(cast.tenants["acme"]):
        role_id = str(db.session.scalar(select(Role.id).where(Role.key == "owner")))
    browser, address = late("owner"), "/acme/settings/members/invitations"
    strangers = ["first@stranger.example", "second@stranger.example"]
    sent = {"email": strangers, "role_id": [role_id] * 2, "team_id": ["", ""]}
    asked = browser.post(address, data=sent)
    assert (asked.status_code, heading(asked)) == (403, "Your password, please")
    assert not any(each in browser.get("/acme/settings/members").text for each in strangers)
    assert all(f'name="email" value="{each}"' in asked.text for each in strangers)
    assert browser.post(address, data={**sent, "proof_password": PASSWORD}).status_code == 303
    assert all(each in browser.get("/acme/settings/members").text for each in strangers)
