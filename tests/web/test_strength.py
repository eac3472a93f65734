"""The meter beside a new password, and that nothing long or odd keeps the processor busy."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import update

from saas_crm.access import strength
from saas_crm.access.passwords import hash_password
from saas_crm.access.shared_models import User
from tenants.db import SHARED, db
from tests.support.cast import PASSWORD, Cast
from tests.support.clients import Browser, browser_of, statements
from tests.support.signing_in import enter
from tests.web.pages import errors

ClientFor = Callable[..., Browser]
METER = "/signup/strength"


@pytest.mark.parametrize(
    ("typed", "said"),
    [("short", "Too short"), ("password1", "Guessed at once"), ("Iloveyou1!", "Very easy to guess"),
     ("correct horse battery", "Very hard to guess"), ("nordwind-2026", "Easy to guess"),
     ("Mara Lindqvist 7", "Very easy to guess")],
)  # fmt: skip
def test_the_meter_says_how_good_it_is(client_for: ClientFor, typed: str, said: str) -> None:
    known = {"name": "Mara Lindqvist", "email": "mara@nordwind.example", "company": "Nordwind"}
    answer = client_for(None).post(METER, data={"password": typed, **known})
    assert answer.status_code == 200
    assert said in answer.text
    assert f">{typed}<" not in answer.text
    assert answer.headers["Cache-Control"] == "no-store"


def test_the_meter_knows_who_is_signed_in_and_asks_for_the_forms_token(client_for: ClientFor) -> None:
    rep = client_for("rep")
    assert "strength-2" in rep.post(METER, data={"password": "Rita Rep 2026"}).text
    assert "ard to guess" not in rep.post(METER, data={"password": "acme instruments-x7k2"}).text
    assert "hard" in rep.post(METER, data={"password": "brass instruments-x7k2"}).text
    assert "strength" not in rep.post(METER, data={"password": ""}).text
    assert rep.post(METER, data={"password": "x"}, csrf=False).status_code == 400
    assert statements(rep.post(METER, data={"password": "x" * 5_000})) <= 2


def test_a_network_that_asks_without_end_has_to_wait(app_with: Callable[..., Flask]) -> None:
    app = app_with(api_requests_per_minute=3, web_workers=1)
    here, there = {"REMOTE_ADDR": "203.0.113.7"}, {"REMOTE_ADDR": "198.51.100.1"}
    asked = [browser_of(app, None).post(METER, data={"password": "x"}, environ_overrides=here) for _ in range(4)]
    assert [answer.status_code for answer in asked] == [200, 200, 200, 429], "also from a new browser each time"
    assert 1 <= int(asked[-1].headers["Retry-After"]) <= 60
    assert statements(asked[-1]) == 0
    elsewhere = browser_of(app, None).post(METER, data={"password": "x"}, environ_overrides=there)
    assert elsewhere.status_code == 200


def test_what_is_estimated_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stand-ins for letters are tried in all their meanings, which grow by powers, and each substring is looked up."""
    asked: list[str] = []
    real = strength.zxcvbn

    def spy(password: str, user_inputs: list[str]) -> dict[str, object]:
        asked.append(password)
        return real(password, user_inputs=user_inputs)

    monkeypatch.setattr(strength, "zxcvbn", spy)
    for hostile in ("4@8({[<369&#1|0$5+7%2/" * 5, "1234567890" * 12, hashlib.sha512(b"x").hexdigest()):
        strength.weakness(hostile[:128])
        strength.level(hostile[:128])
    assert asked
    assert max(map(len, asked)) <= 32
    assert all(len(set(text) & strength._STAND_IN) <= 7 for text in asked)


def test_a_new_password_is_refused_by_the_same_rule(client_for: ClientFor) -> None:
    rep = client_for("rep")
    for weak, said in (("acme-instruments", "hardly more than"), ("Iloveyou1!", "too easy to guess"),
                       ("x7" * 70, "at most 128")):  # fmt: skip
        answer = rep.post("/profile/password", data={"current": PASSWORD, "password": weak})
        assert answer.status_code == 422
        assert said in errors(answer)["password"]
    assert rep.post("/profile/password", data={"current": PASSWORD, "password": "vier lila hunde"}).status_code == 303


@pytest.mark.parametrize("former", ["1234567890", "a" * 900])
def test_passwords_in_use_go_on_working(client_for: ClientFor, app: Flask, cast: Cast, former: str) -> None:
    with app.app_context(), db.engines[SHARED].begin() as connection:
        mine = update(User).where(User.id == cast["rep"].user_id)
        connection.execute(mine.values(password_hash=hash_password(former)))
    assert enter(client_for(None), password=former).status_code == 303
