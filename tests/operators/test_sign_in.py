"""The console's own sign-in: two factors or none, nothing told of addresses, and nobody else's sign-in opens it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from argon2 import PasswordHasher
from flask import Flask

from saas_crm.access import passwords
from saas_crm.operators import people
from tests.support.clients import browser_of, statements
from tests.support.installation import Installation
from tests.support.operators import PASSWORD, OperatorPerson

Make = Callable[..., OperatorPerson]


def acts_of(installation: Installation) -> list[tuple[str, str]]:
    with installation.place.owner() as connection:
        return connection.execute("SELECT actor, act FROM public.operator_acts ORDER BY id").fetchall()


def test_password_and_code_open_the_console(operator_for: Make, installation: Installation) -> None:
    olga = operator_for()
    page = olga.browser.get("/operator")
    assert page.status_code == 200
    assert "/acme" in page.text
    assert len(olga.codes) == 10
    assert acts_of(installation) == [("Olga Operator", "set_up"), ("Olga Operator", "sign_in")]


def test_the_password_alone_opens_nothing(operator_for: Make) -> None:
    olga = operator_for(signed_in=False)
    assert olga.password_given() == 303
    for address in ("/operator", "/operator/capacity", "/operator/log", "/operator/workspaces/acme"):
        answer = olga.browser.get(address)
        assert (answer.status_code, answer.location) == (302, "/operator/signin/code")
    assert olga.browser.post("/operator/workspaces/acme/migration").location == "/operator/signin/code"


def test_a_code_is_used_once(operator_for: Make, app: Flask) -> None:
    olga = operator_for(signed_in=False)
    code = olga.code()
    assert olga.password_given() == 303
    assert olga.browser.post("/operator/signin/code", data={"code": code}).status_code == 303
    second = browser_of(app, None)
    second.post("/operator/signin", data={"email": olga.email, "password": PASSWORD})
    refused = second.post("/operator/signin/code", data={"code": code})
    assert refused.status_code == 422
    assert "was used before" in refused.text
    assert second.get("/operator").status_code == 302


def test_a_recovery_code_works_once(operator_for: Make, app: Flask, installation: Installation) -> None:
    olga = operator_for(signed_in=False)
    for expected in (303, 422):
        browser = browser_of(app, None)
        browser.post("/operator/signin", data={"email": olga.email, "password": PASSWORD})
        answer = browser.post("/operator/signin/code", data={"code": olga.codes[0].lower(), "with": "recovery"})
        assert answer.status_code == expected
    assert ("Olga Operator", "recovery_code_used") in acts_of(installation)


@pytest.mark.parametrize("email", ["olga@operators.example", "nobody@operators.example", "owner@acme.example"])
def test_a_refusal_tells_nothing_of_the_address(operator_for: Make, app: Flask, email: str) -> None:
    operator_for(signed_in=False)
    operator_for("waiting@operators.example", "Waiting", set_up=False)
    answer = browser_of(app, None).post("/operator/signin", data={"email": email, "password": "wrong password"})
    other = browser_of(app, None).post(
        "/operator/signin", data={"email": "waiting@operators.example", "password": "wrong password"}
    )
    assert answer.status_code == other.status_code == 422
    assert "do not fit together" in answer.text
    assert "do not fit together" in other.text


def test_every_refusal_costs_the_same_work(
    operator_for: Make, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    """Whether nobody has the address, it waits for its set-up or the password is wrong: one hash is made."""
    olga = operator_for(signed_in=False)
    operator_for("waiting@operators.example", "Waiting", set_up=False)
    hashed: list[bool] = []
    real = PasswordHasher.verify

    def spy(hasher: PasswordHasher, stored: str, password: str) -> bool:
        hashed.append(stored == passwords._nobodys())
        return bool(real(hasher, stored, password))

    monkeypatch.setattr(PasswordHasher, "verify", spy)
    costs = []
    for email in (olga.email, "waiting@operators.example", "nobody@operators.example", "owner@acme.example"):
        hashed.clear()
        answer = browser_of(app, None).post("/operator/signin", data={"email": email, "password": "wrong password"})
        assert answer.status_code == 422
        costs.append((len(hashed), statements(answer)))
        assert hashed == [email != olga.email]
    assert len(set(costs)) == 1, costs


def test_refusals_are_written_down_without_what_was_typed(
    operator_for: Make, app: Flask, installation: Installation
) -> None:
    olga = operator_for(signed_in=False)
    assert olga.password_given("wrong password") == 422
    browser_of(app, None).post("/operator/signin", data={"email": "my-password@typed.example", "password": "x"})
    found = acts_of(installation)
    assert found[-2:] == [("Olga Operator", "sign_in_refused"), ("", "sign_in_refused")]


def test_guessing_must_wait(operator_for: Make) -> None:
    olga = operator_for(signed_in=False)
    statuses = [olga.password_given(f"guess {number}") for number in range(7)]
    assert statuses[:5] == [422] * 5
    assert statuses[-1] == 429
    assert olga.password_given() == 429, "the right one waits too"


def test_guessing_codes_must_wait(operator_for: Make) -> None:
    olga = operator_for(signed_in=False)
    olga.password_given()
    statuses = [
        olga.browser.post("/operator/signin/code", data={"code": f"{number:06}"}).status_code for number in range(7)
    ]
    assert statuses[-1] == 429
    assert olga.browser.get("/operator").status_code == 302


def test_no_workspaces_sign_in_opens_it_and_its_own_opens_no_workspace(operator_for: Make, app: Flask, cast) -> None:
    owner = browser_of(app, cast["owner"])
    assert owner.get("/operator").location == "/operator/signin"
    refused = owner.post("/operator/signin", data={"email": cast["owner"].email, "password": "Test password 1"})
    assert refused.status_code == 422
    olga = operator_for()
    assert olga.browser.get("/acme/").status_code == 302
    assert olga.browser.get("/acme/").location.startswith("/signin")
    assert olga.browser.get("/profile").location.startswith("/signin")


def test_a_disabled_operator_is_out_at_once(operator_for: Make, installation: Installation) -> None:
    olga = operator_for()
    assert people.disable(installation.place.owner_url, olga.email) is True
    assert olga.browser.get("/operator").status_code == 302
    assert olga.password_given() == 422
    people.enable(installation.place.owner_url, olga.email)
    olga.sign_in()
    assert olga.browser.get("/operator").status_code == 200


@pytest.mark.parametrize(
    "change", ["seen_at = now() - interval '31 minutes'", "created_at = now() - interval '481 minutes'"],
    ids=["idle", "old"],
)  # fmt: skip
def test_a_session_ends_by_itself(operator_for: Make, installation: Installation, change: str) -> None:
    olga = operator_for()
    with installation.place.owner() as connection:
        connection.execute(f"UPDATE public.operator_sessions SET {change}")
    assert olga.browser.get("/operator").location == "/operator/signin"


def test_a_cookie_from_before_signing_out_is_worth_nothing(operator_for: Make, app: Flask) -> None:
    olga = operator_for()
    cookie = olga.browser.get_cookie("operator")
    assert cookie is not None
    assert cookie.http_only
    assert cookie.same_site == "Strict"
    olga.browser.post("/operator/signout")
    thief = browser_of(app, None)
    thief.set_cookie("operator", cookie.value)
    assert thief.get("/operator").status_code == 302


def test_the_session_changes_with_the_code(operator_for: Make) -> None:
    olga = operator_for(signed_in=False)
    olga.password_given()
    pending = olga.browser.get_cookie("operator").value
    olga.browser.post("/operator/signin/code", data={"code": olga.code()})
    assert olga.browser.get_cookie("operator").value != pending


def test_every_form_needs_its_token(operator_for: Make) -> None:
    olga = operator_for()
    for address in (
        "migration", "figures", "workspaces/acme/suspension", "workspaces/acme/resumption", "signout",
        "workspaces/acme/migration", "workspaces/acme/jobs", "workspaces/acme/figures",
    ):  # fmt: skip
        assert olga.browser.post(f"/operator/{address}", csrf=False).status_code == 400, address
    assert olga.browser.get("/operator").status_code == 200
