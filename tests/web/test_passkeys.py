"""Passkeys: added, named, removed; taken alone, as a second step and as proof; and what is refused."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update

from saas_crm.access.factors.models import Passkey, RecoveryCode
from saas_crm.access.factors.standing import factors_of
from saas_crm.access.models import Member
from tenants.db import SHARED, db, tenant_scope
from tests.support.cast import PASSWORD, Cast
from tests.support.clients import Browser, browser_of
from tests.support.mailbox import Mailbox
from tests.support.second_factor import with_app
from tests.support.security_key import SecurityKey, b64
from tests.web.pages import heading, summary
from tests.web.test_sign_in import enter
from tests.web.test_two_factor import codes_in

ClientFor = Callable[..., Browser]
PAGE, SIGN_IN, CODE = "/profile/passkeys", "/signin/passkey", "/signin/code/passkey"
REFUSED = "This passkey does not open anything here."


def options(browser: Browser, path: str) -> dict[str, Any]:
    answer = browser.post(path)
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    found: dict[str, Any] = answer.json
    return found


def register(browser: Browser, key: SecurityKey | None = None, name: str = "My phone", **lies: Any) -> SecurityKey:
    key = key or SecurityKey()
    answer = browser.post(
        PAGE, data={"name": name, "credential": key.make(options(browser, f"{PAGE}/options"), **lies)}
    )
    assert answer.status_code in (200, 303), summary(answer)
    return key


def sign_in(browser: Browser, key: SecurityKey, **lies: Any) -> Any:
    return browser.post(SIGN_IN, data={"credential": key.sign(options(browser, f"{SIGN_IN}/options"), **lies)})


@pytest.fixture
def nobody(client_for: ClientFor) -> Browser:
    return client_for(None)


@pytest.fixture
def key(client_for: ClientFor) -> SecurityKey:
    """The rep's passkey."""
    return register(client_for("rep"))


def rows(app: Flask, cast: Cast, who: str = "rep") -> list[Any]:
    with app.app_context(), db.engines[SHARED].connect() as connection:
        query = select(Passkey).where(Passkey.user_id == cast[who].user_id)
        return list(connection.execute(query).all())


def test_a_passkey_is_added_by_name_and_recovery_codes_are_shown_once(
    client_for: ClientFor, app: Flask, cast: Cast, mailbox: Mailbox
) -> None:
    rep = client_for("rep")
    assert f'href="{PAGE}"' in rep.get("/profile").text
    made = options(rep, f"{PAGE}/options")
    assert made["rp"] == {"id": "localhost", "name": "SaaS CRM"}
    assert made["user"]["id"] == b64(cast["rep"].user_id.bytes)
    assert made["authenticatorSelection"]["residentKey"] == "required"
    done = rep.post(PAGE, data={"name": "My phone", "credential": SecurityKey().make(made)})
    assert done.status_code == 200
    assert len(codes_in(done)) == 10
    assert "My phone" in rep.get(PAGE).text
    assert "10 codes left" in rep.get("/profile/two-factor").text
    assert "Your sign-in has a new passkey" in [mail["Subject"] for mail in mailbox.arrived("rep@acme.example")]
    second = rep.post(
        PAGE, data={"name": "Key ring", "credential": SecurityKey().make(options(rep, f"{PAGE}/options"))}
    )
    assert second.status_code == 303
    assert len(rows(app, cast)) == 2
    assert len(options(rep, f"{PAGE}/options")["excludeCredentials"]) == 2
    with app.app_context(), tenant_scope(cast.tenants["acme"]):
        assert db.session.scalar(select(Member.two_factor).where(Member.id == cast["rep"].member_id)) is True


def test_it_signs_in_without_a_password(nobody: Browser, key: SecurityKey, jobs: Callable[[], list[str]]) -> None:
    asked = options(nobody, f"{SIGN_IN}/options")
    assert asked["userVerification"] == "required"
    assert not asked.get("allowCredentials")
    answer = nobody.post(SIGN_IN, data={"credential": key.sign(asked), "next": "/acme/contacts"})
    assert (answer.status_code, answer.location) == (303, "/acme/contacts")
    assert nobody.get("/acme/contacts").status_code == 200
    jobs()
    assert "by passkey" in nobody.get("/profile/sign-ins").text


def test_the_password_alone_opens_nothing_then(nobody: Browser, key: SecurityKey) -> None:
    assert enter(nobody).location == "/signin/code"
    page = nobody.get("/signin/code")
    assert heading(page) == "Confirm that it is you"
    assert f'action="{CODE}"' in page.text
    asked = options(nobody, f"{CODE}/options")
    assert [found["id"] for found in asked["allowCredentials"]] == [b64(key.id)]
    key.verifies = False  # the password was the other factor
    answer = nobody.post(CODE, data={"credential": key.sign(asked)})
    assert (answer.status_code, answer.location) == (303, "/acme/")


def test_a_recovery_code_stands_in_for_it(client_for: ClientFor, nobody: Browser) -> None:
    rep = client_for("rep")
    made = rep.post(PAGE, data={"name": "x", "credential": SecurityKey().make(options(rep, f"{PAGE}/options"))})
    enter(nobody)
    assert nobody.post("/signin/code", data={"code": codes_in(made)[0]}).status_code == 303


def test_alone_it_takes_a_device_that_checks_its_owner(nobody: Browser, key: SecurityKey) -> None:
    key.verifies = False
    assert REFUSED in summary(sign_in(nobody, key))


@pytest.mark.parametrize(
    "lies",
    [{"origin": "https://evil.example"}, {"origin": "http://localhost.evil.example"}, {"domain": "evil.example"},
     {"challenge": b64(b"x" * 32)}, {"kind": "webauthn.create"}, {"user_handle": b64(b"y" * 16)}],
    ids=lambda lies: next(iter(lies)),
)  # fmt: skip
def test_what_was_signed_elsewhere_or_for_something_else_is_refused(
    nobody: Browser, key: SecurityKey, lies: dict[str, str]
) -> None:
    answer = sign_in(nobody, key, **lies)
    assert answer.status_code == 422
    assert REFUSED in summary(answer)
    assert nobody.get("/acme/").status_code == 302


def test_an_answer_is_good_once_even_with_the_cookie_of_before(app: Flask, nobody: Browser, key: SecurityKey) -> None:
    asked = options(nobody, f"{SIGN_IN}/options")
    cookie, answer = nobody.read_session(), key.sign(asked)
    assert nobody.post(SIGN_IN, data={"credential": answer}).status_code == 303
    thief = browser_of(app, None)
    thief.write_session(cookie)
    assert thief.post(SIGN_IN, data={"credential": answer}).status_code == 422
    thief.write_session(cookie)
    assert thief.post(SIGN_IN, data={"credential": key.sign(asked)}).status_code == 422, "a fresh signature neither"


def test_of_two_at_once_one_signs_in(app: Flask, nobody: Browser, key: SecurityKey) -> None:
    asked = options(nobody, f"{SIGN_IN}/options")
    cookie, answer = nobody.read_session(), key.sign(asked)

    def attempt(_number: int) -> int:
        browser = browser_of(app, None)
        browser.write_session(cookie)
        return int(browser.post(SIGN_IN, data={"credential": answer}).status_code)

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(attempt, range(4))) == [303, 422, 422, 422]


def test_a_challenge_is_of_one_browser_one_purpose_and_five_minutes(
    app: Flask, nobody: Browser, key: SecurityKey
) -> None:
    asked = options(nobody, f"{SIGN_IN}/options")
    stranger = browser_of(app, None)
    assert stranger.post(SIGN_IN, data={"credential": key.sign(asked)}).status_code == 422
    kept = nobody.read_session()
    kept["challenge-sign-in"][1] = int(time.time()) - 301
    nobody.write_session(kept)
    assert nobody.post(SIGN_IN, data={"credential": key.sign(asked)}).status_code == 422
    enter(nobody)
    second = options(nobody, f"{CODE}/options")
    assert nobody.post(SIGN_IN, data={"credential": key.sign(second)}).status_code == 422


def test_a_copied_key_is_noticed_by_its_counter(
    nobody: Browser, key: SecurityKey, client_for: ClientFor, jobs: Callable[[], list[str]]
) -> None:
    for count in (5, 6):
        assert sign_in(nobody, key, count=count).status_code == 303
        nobody.post("/signout")
    assert sign_in(nobody, key, count=6).status_code == 422
    assert sign_in(nobody, key, count=2).status_code == 422
    jobs()
    assert "Passkey refused" in client_for("rep").get("/profile/sign-ins").text


def test_devices_that_do_not_count_are_taken(nobody: Browser, key: SecurityKey) -> None:
    for _number in range(2):
        assert sign_in(nobody, key, count=0).status_code == 303
        nobody.post("/signout")


def test_anothers_passkey_is_no_second_step_and_no_proof(
    nobody: Browser, key: SecurityKey, client_for: ClientFor
) -> None:
    theirs = register(client_for("teammate"))
    enter(nobody)
    assert nobody.post(CODE, data={"credential": theirs.sign(options(nobody, f"{CODE}/options"))}).status_code == 422
    rep = client_for("rep")
    rep.write_session({**rep.read_session(), "proved": 0})
    asked = options(rep, f"{PAGE}/proof")
    refused = rep.post("/profile/proof", data={"proof_passkey": theirs.sign(asked)})
    assert refused.status_code == 422


@pytest.mark.parametrize("credential", ["", "x", "{}", '{"id": 1}', "[]", "null", "{" * 30_000])
def test_nonsense_is_refused(nobody: Browser, key: SecurityKey, client_for: ClientFor, credential: str) -> None:
    options(nobody, f"{SIGN_IN}/options")
    assert nobody.post(SIGN_IN, data={"credential": credential}).status_code == 422
    rep = client_for("rep")
    options(rep, f"{PAGE}/options")
    assert rep.post(PAGE, data={"name": "x", "credential": credential}).status_code == 422


def test_a_new_one_made_elsewhere_is_not_kept(client_for: ClientFor, app: Flask, cast: Cast) -> None:
    rep = client_for("rep")
    for lies in ({"origin": "https://evil.example"}, {"domain": "evil.example"}, {"challenge": b64(b"z" * 32)}):
        made = SecurityKey().make(options(rep, f"{PAGE}/options"), **lies)
        assert rep.post(PAGE, data={"name": "x", "credential": made}).status_code == 422
    assert rows(app, cast) == []


def test_nobody_registers_a_key_that_somebody_has(
    client_for: ClientFor, key: SecurityKey, app: Flask, cast: Cast
) -> None:
    mate = client_for("teammate")
    made = key.make(options(mate, f"{PAGE}/options"))
    assert mate.post(PAGE, data={"name": "x", "credential": made}).status_code == 422
    assert rows(app, cast, "teammate") == []


def test_adding_and_removing_takes_a_proof_which_a_passkey_gives(
    client_for: ClientFor, key: SecurityKey, app: Flask, cast: Cast
) -> None:
    rep = client_for("rep")
    rep.write_session({**rep.read_session(), "proved": 0})
    [kept] = rows(app, cast)
    asked = rep.post(f"{PAGE}/{kept.id}/removal")
    assert asked.status_code == 403
    assert 'name="proof_passkey"' in asked.text
    new = SecurityKey().make(options(rep, f"{PAGE}/options"))
    assert rep.post(PAGE, data={"name": "x", "credential": new}).status_code == 403
    proof = key.sign(options(rep, f"{PAGE}/proof"))
    done = rep.post(PAGE, data={"name": "Second", "credential": new, "proof_passkey": proof})
    assert done.status_code == 303
    assert rep.post(f"{PAGE}/{kept.id}/removal").status_code == 303, "for ten minutes"
    assert [row.name for row in rows(app, cast)] == ["Second"]


def test_it_is_renamed_and_removed_by_its_owner_alone(
    client_for: ClientFor, key: SecurityKey, app: Flask, cast: Cast
) -> None:
    [kept] = rows(app, cast)
    rep, mate = client_for("rep"), client_for("teammate")
    assert mate.post(f"{PAGE}/{kept.id}/name", data={"name": "Mine"}).status_code == 404
    assert mate.post(f"{PAGE}/{kept.id}/removal").status_code == 404
    unnamed = rep.post(f"{PAGE}/{kept.id}/name", data={"name": ""})
    assert unnamed.status_code == 422
    assert "This is needed." in summary(unnamed)
    assert rep.post(f"{PAGE}/{kept.id}/name", data={"name": "Other phone"}).status_code == 303
    assert rows(app, cast)[0].name == "Other phone"
    assert rep.post(f"{PAGE}/{kept.id}/removal").status_code == 303
    assert rep.post(f"{PAGE}/{kept.id}/removal").status_code == 404
    with app.app_context():
        assert not factors_of(cast["rep"].user_id).on
        with db.engines[SHARED].connect() as connection:
            codes = select(RecoveryCode).where(RecoveryCode.user_id == cast["rep"].user_id)
            assert connection.execute(codes).all() == []


def test_the_last_second_step_stays_where_a_workspace_asks_for_one(
    client_for: ClientFor, app: Flask, cast: Cast
) -> None:
    with_app(app, cast["owner"])
    assert client_for("owner").post("/acme/settings/security", data={"who": "all", "days": "0"}).status_code == 303
    rep = client_for("rep")
    led = rep.get("/acme/contacts")
    assert led.location.startswith("/profile/two-factor")
    assert "Passkeys…" in rep.get(led.location).text
    key = register(rep)
    assert rep.get("/acme/contacts").status_code == 200, "a passkey is a second step"
    [kept] = rows(app, cast)
    refused = rep.post(f"{PAGE}/{kept.id}/removal")
    assert refused.status_code == 422
    assert "Acme Instruments asks for two-factor sign-in" in summary(refused)
    register(rep, name="Another")
    assert rep.post(f"{PAGE}/{kept.id}/removal").status_code == 303
    assert key.count == 0


def test_the_last_app_stays_too(client_for: ClientFor, app: Flask, cast: Cast) -> None:
    with_app(app, cast["owner"])
    client_for("owner").post("/acme/settings/security", data={"who": "all", "days": "0"})
    phone, rep = with_app(app, cast["rep"]), client_for("rep")
    asked = {"current": PASSWORD, "code": phone.code()}
    refused = rep.post("/profile/two-factor/removal", data=asked)
    assert refused.status_code == 422
    assert "asks for two-factor sign-in" in summary(refused)
    register(rep)
    assert rep.post("/profile/two-factor/removal", data={**asked, "code": phone.fresh_code()}).status_code == 303
    with app.app_context():
        found = factors_of(cast["rep"].user_id)
    assert (found.app_since, found.passkeys, found.codes_left) == (None, 1, 10)


def test_new_recovery_codes_by_passkey(client_for: ClientFor, key: SecurityKey) -> None:
    rep = client_for("rep")
    assert "Use your passkey instead" in rep.get("/profile/two-factor/codes").text
    answer = key.sign(options(rep, f"{PAGE}/proof"))
    assert len(codes_in(rep.post("/profile/two-factor/codes", data={"credential": answer}))) == 10
    assert rep.post("/profile/two-factor/codes", data={"credential": answer}).status_code == 422


def test_an_admins_reset_takes_passkeys_too(client_for: ClientFor, key: SecurityKey, app: Flask, cast: Cast) -> None:
    answer = client_for("admin").post(f"/acme/settings/members/{cast['rep'].member_id}/two-factor/reset")
    if answer.status_code == 404:
        page = client_for("admin").get(f"/acme/settings/members/{cast['rep'].member_id}").text
        [path] = re.findall(r'action="([^"]*two-factor[^"]*)"', page)
        answer = client_for("admin").post(path)
    assert answer.status_code == 303
    assert rows(app, cast) == []
    assert enter(client_for(None)).location == "/acme/"


def test_where_the_address_is_a_number_there_are_none(app_with: Callable[..., Flask], client_for: ClientFor) -> None:
    by_number = app_with(base_url="http://127.0.0.1:8000")
    assert "Sign in with a passkey" not in client_for(None, of=by_number).get("/signin").text
    assert "bare network address" in client_for("rep", of=by_number).get(PAGE).text
    assert "Sign in with a passkey" in client_for(None).get("/signin").text


def test_it_is_in_the_workspaces_log(key: SecurityKey, client_for: ClientFor, jobs: Callable[[], list[str]]) -> None:
    jobs()
    assert "Passkey added" in client_for("owner").get("/acme/settings/audit").text


def test_the_counter_is_kept(nobody: Browser, key: SecurityKey, app: Flask, cast: Cast) -> None:
    sign_in(nobody, key, count=41)
    [kept] = rows(app, cast)
    assert kept.sign_count == 41
    assert kept.last_used_at is not None
    with app.app_context(), db.engines[SHARED].begin() as connection:
        connection.execute(update(Passkey).values(sign_count=50))
    nobody.post("/signout")
    assert sign_in(nobody, key, count=42).status_code == 422
