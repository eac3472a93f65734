"""Passkeys taken alone and as a second step, and the count that each of them keeps."""

from __future__ import annotations

from collections.abc import Callable

from flask import Flask
from sqlalchemy import update

from saas_crm.access.factors.models import Passkey
from tenants.db import SHARED, db
from tests.support.cast import Cast
from tests.support.clients import Browser
from tests.support.second_factor import codes_in
from tests.support.security_key import SecurityKey, b64
from tests.support.signing_in import enter
from tests.web.pages import heading, summary
from tests.web.passkeys import CODE, PAGE, REFUSED, SIGN_IN, options, rows, sign_in

ClientFor = Callable[..., Browser]


def test_it_signs_in_without_a_password(nobody: Browser, passkey: SecurityKey, jobs: Callable[[], list[str]]) -> None:
    asked = options(nobody, f"{SIGN_IN}/options")
    assert asked["userVerification"] == "required"
    assert not asked.get("allowCredentials")
    answer = nobody.post(SIGN_IN, data={"credential": passkey.sign(asked), "next": "/acme/contacts"})
    assert (answer.status_code, answer.location) == (303, "/acme/contacts")
    assert nobody.get("/acme/contacts").status_code == 200
    jobs()
    assert "by passkey" in nobody.get("/profile/sign-ins").text


def test_the_password_alone_opens_nothing_then(nobody: Browser, passkey: SecurityKey) -> None:
    assert enter(nobody).location == "/signin/code"
    page = nobody.get("/signin/code")
    assert heading(page) == "Confirm that it is you"
    assert f'action="{CODE}"' in page.text
    asked = options(nobody, f"{CODE}/options")
    assert [found["id"] for found in asked["allowCredentials"]] == [b64(passkey.id)]
    passkey.verifies = False  # the password was the other factor
    answer = nobody.post(CODE, data={"credential": passkey.sign(asked)})
    assert (answer.status_code, answer.location) == (303, "/acme/")


def test_a_recovery_code_stands_in_for_it(client_for: ClientFor, nobody: Browser) -> None:
    rep = client_for("rep")
    made = rep.post(PAGE, data={"name": "x", "credential": SecurityKey().make(options(rep, f"{PAGE}/options"))})
    enter(nobody)
    assert nobody.post("/signin/code", data={"code": codes_in(made)[0]}).status_code == 303


def test_alone_it_takes_a_device_that_checks_its_owner(nobody: Browser, passkey: SecurityKey) -> None:
    passkey.verifies = False
    assert REFUSED in summary(sign_in(nobody, passkey))


def test_devices_that_do_not_count_are_taken(nobody: Browser, passkey: SecurityKey) -> None:
    for _number in range(2):
        assert sign_in(nobody, passkey, count=0).status_code == 303
        nobody.post("/signout")


def test_the_counter_is_kept(nobody: Browser, passkey: SecurityKey, app: Flask, cast: Cast) -> None:
    sign_in(nobody, passkey, count=41)
    [kept] = rows(app, cast)
    assert kept.sign_count == 41
    assert kept.last_used_at is not None
    with app.app_context(), db.engines[SHARED].begin() as connection:
        connection.execute(update(Passkey).values(sign_count=50))
    nobody.post("/signout")
    assert sign_in(nobody, passkey, count=42).status_code == 422


def test_a_copied_key_is_noticed_by_its_counter(
    nobody: Browser, passkey: SecurityKey, client_for: ClientFor, jobs: Callable[[], list[str]]
) -> None:
    for count in (5, 6):
        assert sign_in(nobody, passkey, count=count).status_code == 303
        nobody.post("/signout")
    assert sign_in(nobody, passkey, count=6).status_code == 422
    assert sign_in(nobody, passkey, count=2).status_code == 422
    jobs()
    assert "Passkey refused" in client_for("rep").get("/profile/sign-ins").text
