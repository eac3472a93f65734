"""Passkeys: added, named, removed, given as proof, and asked for by workspaces."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask
from sqlalchemy import select

from saas_crm.access.factors import passkeys
from saas_crm.access.factors.models import RecoveryCode
from saas_crm.access.factors.standing import factors_of
from saas_crm.access.models import Member
from tenants.db import SHARED, db, tenant_scope
from tests.support.cast import PASSWORD, Cast
from tests.support.clients import Browser
from tests.support.mailbox import Mailbox
from tests.support.second_factor import codes_in, with_app
from tests.support.security_key import SecurityKey, b64
from tests.support.signing_in import enter
from tests.web.pages import summary
from tests.web.passkeys import CODE, PAGE, options, register, rows

ClientFor = Callable[..., Browser]


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


def test_adding_and_removing_takes_a_proof_which_a_passkey_gives(
    client_for: ClientFor, passkey: SecurityKey, app: Flask, cast: Cast
) -> None:
    rep = client_for("rep")
    rep.write_session({**rep.read_session(), "proved": 0})
    [kept] = rows(app, cast)
    asked = rep.post(f"{PAGE}/{kept.id}/removal")
    assert asked.status_code == 403
    assert 'name="proof_passkey"' in asked.text
    new = SecurityKey().make(options(rep, f"{PAGE}/options"))
    assert rep.post(PAGE, data={"name": "x", "credential": new}).status_code == 403
    proof = passkey.sign(options(rep, f"{PAGE}/proof"))
    done = rep.post(PAGE, data={"name": "Second", "credential": new, "proof_passkey": proof})
    assert done.status_code == 303
    assert rep.post(f"{PAGE}/{kept.id}/removal").status_code == 303, "for ten minutes"
    assert [row.name for row in rows(app, cast)] == ["Second"]


def test_it_is_renamed_and_removed_by_its_owner_alone(
    client_for: ClientFor, passkey: SecurityKey, app: Flask, cast: Cast
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
    register(rep)
    assert rep.get("/acme/contacts").status_code == 200, "a passkey is a second step"
    [kept] = rows(app, cast)
    refused = rep.post(f"{PAGE}/{kept.id}/removal")
    assert refused.status_code == 422
    assert "Acme Instruments asks for two-factor sign-in" in summary(refused)
    register(rep, name="Another")
    assert rep.post(f"{PAGE}/{kept.id}/removal").status_code == 303


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


def test_of_two_removed_at_once_one_stays_where_it_is_asked_for(client_for: ClientFor, app: Flask, cast: Cast) -> None:
    with_app(app, cast["owner"])
    client_for("owner").post("/acme/settings/security", data={"who": "all", "days": "0"})
    rep = client_for("rep")
    register(rep), register(rep, name="Second")
    paths = [f"{PAGE}/{row.id}/removal" for row in rows(app, cast)]
    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(lambda path: client_for("rep").post(path).status_code, paths)) == [303, 422]
    assert len(rows(app, cast)) == 1


def test_an_app_that_goes_while_passkeys_stay_turns_nothing_off(
    client_for: ClientFor, app: Flask, cast: Cast, mailbox: Mailbox
) -> None:
    phone, rep = with_app(app, cast["rep"]), client_for("rep")
    register(rep)
    rep.post("/profile/two-factor/removal", data={"current": PASSWORD, "code": phone.fresh_code()})
    subjects = [mail["Subject"] for mail in mailbox.arrived("rep@acme.example")]
    assert "Your authenticator app was removed from your sign-in" in subjects
    assert "Two-factor sign-in is off" not in subjects
    log = rep.get("/profile/sign-ins").text
    assert "Authenticator app removed" in log
    assert "Two-factor sign-in turned off" not in log
    assert enter(client_for(None)).location == "/signin/code"


@pytest.mark.parametrize(("path", "field"), [
    ("/profile/proof", "proof_passkey"), ("/profile/two-factor/codes", "credential")
])  # fmt: skip
def test_without_a_password_a_touch_is_no_proof(
    client_for: ClientFor, passkey: SecurityKey, path: str, field: str
) -> None:
    """A key in a browser left open would give away all recovery codes."""
    rep = client_for("rep")
    rep.write_session({**rep.read_session(), "proved": 0})
    passkey.verifies = False
    asked = options(rep, f"{PAGE}/proof")
    assert asked["userVerification"] == "required"
    assert rep.post(path, data={field: passkey.sign(asked)}).status_code == 422
    passkey.verifies = True
    good = rep.post(path, data={field: passkey.sign(options(rep, f"{PAGE}/proof"))})
    assert good.status_code in (200, 303)


def test_the_browser_is_told_how_to_reach_a_key(client_for: ClientFor, nobody: Browser) -> None:
    register(client_for("rep"), SecurityKey(transports=["usb", "nfc", "of tomorrow"]))
    enter(nobody)
    [known] = options(nobody, f"{CODE}/options")["allowCredentials"]
    assert known["transports"] == ["nfc", "usb"]


def test_more_than_enough_passkeys_are_told_by_their_number(
    client_for: ClientFor, monkeypatch: pytest.MonkeyPatch, passkey: SecurityKey
) -> None:
    monkeypatch.setattr(passkeys, "MOST", 1)
    rep = client_for("rep")
    made = SecurityKey().make(options(rep, f"{PAGE}/options"))
    assert "You have 1 passkeys already." in summary(rep.post(PAGE, data={"name": "x", "credential": made}))


def test_new_recovery_codes_by_passkey(client_for: ClientFor, passkey: SecurityKey) -> None:
    rep = client_for("rep")
    assert "Use your passkey instead" in rep.get("/profile/two-factor/codes").text
    answer = passkey.sign(options(rep, f"{PAGE}/proof"))
    assert len(codes_in(rep.post("/profile/two-factor/codes", data={"credential": answer}))) == 10
    assert rep.post("/profile/two-factor/codes", data={"credential": answer}).status_code == 422


def test_an_admins_reset_takes_passkeys_too(
    client_for: ClientFor, passkey: SecurityKey, app: Flask, cast: Cast
) -> None:
    answer = client_for("admin").post(f"/acme/settings/members/{cast['rep'].member_id}/two-factor/reset")
    assert answer.status_code == 303
    assert rows(app, cast) == []
    assert enter(client_for(None)).location == "/acme/"


def test_where_the_address_is_a_number_there_are_none(app_with: Callable[..., Flask], client_for: ClientFor) -> None:
    by_number = app_with(base_url="http://127.0.0.1:8000")
    assert "Sign in with a passkey" not in client_for(None, of=by_number).get("/signin").text
    assert "bare network address" in client_for("rep", of=by_number).get(PAGE).text
    assert "Sign in with a passkey" in client_for(None).get("/signin").text


def test_it_is_in_the_workspaces_log(
    passkey: SecurityKey, client_for: ClientFor, jobs: Callable[[], list[str]]
) -> None:
    jobs()
    assert "Passkey added" in client_for("owner").get("/acme/settings/audit").text
