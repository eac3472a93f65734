"""Passkeys that were copied, replayed, made elsewhere or made up."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask

from tests.support.cast import Cast
from tests.support.clients import Browser, browser_of
from tests.support.security_key import SecurityKey, b64
from tests.support.signing_in import enter
from tests.web.pages import summary
from tests.web.passkeys import CODE, PAGE, REFUSED, SIGN_IN, options, register, rows, sign_in

ClientFor = Callable[..., Browser]


@pytest.mark.parametrize(
    "lies",
    [{"origin": "https://evil.example"}, {"origin": "http://localhost.evil.example"}, {"domain": "evil.example"},
     {"challenge": b64(b"x" * 32)}, {"kind": "webauthn.create"}, {"user_handle": b64(b"y" * 16)}],
    ids=lambda lies: next(iter(lies)),
)  # fmt: skip
def test_what_was_signed_elsewhere_or_for_something_else_is_refused(
    nobody: Browser, passkey: SecurityKey, lies: dict[str, str]
) -> None:
    answer = sign_in(nobody, passkey, **lies)
    assert answer.status_code == 422
    assert REFUSED in summary(answer)
    assert nobody.get("/acme/").status_code == 302


def test_an_answer_is_good_once_even_with_the_cookie_of_before(
    app: Flask, nobody: Browser, passkey: SecurityKey
) -> None:
    asked = options(nobody, f"{SIGN_IN}/options")
    cookie, answer = nobody.read_session(), passkey.sign(asked)
    assert nobody.post(SIGN_IN, data={"credential": answer}).status_code == 303
    thief = browser_of(app, None)
    thief.write_session(cookie)
    assert thief.post(SIGN_IN, data={"credential": answer}).status_code == 422
    thief.write_session(cookie)
    assert thief.post(SIGN_IN, data={"credential": passkey.sign(asked)}).status_code == 422, "a fresh signature neither"


def test_of_two_at_once_one_signs_in(app: Flask, nobody: Browser, passkey: SecurityKey) -> None:
    asked = options(nobody, f"{SIGN_IN}/options")
    cookie, answer = nobody.read_session(), passkey.sign(asked)

    def attempt(_number: int) -> int:
        browser = browser_of(app, None)
        browser.write_session(cookie)
        return int(browser.post(SIGN_IN, data={"credential": answer}).status_code)

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(attempt, range(4))) == [303, 422, 422, 422]


def test_a_challenge_is_of_one_browser_one_purpose_and_five_minutes(
    app: Flask, nobody: Browser, passkey: SecurityKey
) -> None:
    asked = options(nobody, f"{SIGN_IN}/options")
    stranger = browser_of(app, None)
    assert stranger.post(SIGN_IN, data={"credential": passkey.sign(asked)}).status_code == 422
    kept = nobody.read_session()
    kept["challenge-sign-in"][1] = int(time.time()) - 301
    nobody.write_session(kept)
    assert nobody.post(SIGN_IN, data={"credential": passkey.sign(asked)}).status_code == 422
    enter(nobody)
    second = options(nobody, f"{CODE}/options")
    assert nobody.post(SIGN_IN, data={"credential": passkey.sign(second)}).status_code == 422


def test_anothers_passkey_is_no_second_step_and_no_proof(
    nobody: Browser, passkey: SecurityKey, client_for: ClientFor
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
def test_nonsense_is_refused(nobody: Browser, passkey: SecurityKey, client_for: ClientFor, credential: str) -> None:
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
    client_for: ClientFor, passkey: SecurityKey, app: Flask, cast: Cast
) -> None:
    mate = client_for("teammate")
    made = passkey.make(options(mate, f"{PAGE}/options"))
    assert mate.post(PAGE, data={"name": "x", "credential": made}).status_code == 422
    assert rows(app, cast, "teammate") == []


def test_a_forged_host_is_no_place_for_passkeys(client_for: ClientFor, app: Flask) -> None:
    """Who asks through another name is told ours, and what was signed for the other one is refused."""
    key, nobody = register(client_for("rep")), client_for(None)
    evil, name = {"Host": "evil.example", "X-Forwarded-Host": "evil.example"}, app.config["SESSION_COOKIE_NAME"]
    nobody.csrf_token()
    nobody.set_cookie(name, nobody.get_cookie(name).value, domain="evil.example")
    asked = nobody.post("/signin/passkey/options", headers=evil)
    assert asked.status_code == 200
    assert asked.json["rpId"] == "localhost"
    key.origin = "http://evil.example"
    answer = nobody.post("/signin/passkey", data={"credential": key.sign(asked.json)}, headers=evil)
    assert (answer.status_code, REFUSED in summary(answer)) == (422, True)


def test_guessing_passkeys_from_one_address_must_wait(client_for: ClientFor) -> None:
    nobody, key = client_for(None), SecurityKey()
    statuses = []
    for _number in range(32):
        asked = options(nobody, "/signin/passkey/options")
        statuses.append(nobody.post("/signin/passkey", data={"credential": key.sign(asked)}).status_code)
    assert set(statuses[:30]) == {422}
    assert statuses[-1] == 429


def test_who_has_a_passkey_is_told_to_nobody(client_for: ClientFor) -> None:
    """The question is the same whoever asks, and a key nobody has reads as one that was refused."""
    before = options(client_for(None), "/signin/passkey/options")
    key = register(client_for("rep"))
    after = options(client_for(None), "/signin/passkey/options")
    assert {**before, "challenge": ""} == {**after, "challenge": ""}
    said = []
    for answering in (key, SecurityKey()):
        nobody = client_for(None)
        asked = options(nobody, "/signin/passkey/options")
        wrong = answering.sign(asked, origin="http://elsewhere.example")
        said.append(summary(nobody.post("/signin/passkey", data={"credential": wrong})))
    assert said[0] == said[1]


def test_the_session_that_was_there_before_a_passkey_is_worth_nothing(client_for: ClientFor, app: Flask) -> None:
    key, browser = register(client_for("rep")), client_for(None)
    asked = options(browser, "/signin/passkey/options")
    planted = browser.read_session()
    browser.post("/signin/passkey", data={"credential": key.sign(asked)})
    assert "_user_id" in browser.read_session()
    assert browser.read_session().get("csrf_token") != planted["csrf_token"]
