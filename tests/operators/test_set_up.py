"""The link from the command: password and app together, once, within an hour."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask

from saas_crm.operators import people
from tests.support.clients import browser_of
from tests.support.installation import Installation
from tests.support.operators import PASSWORD, OperatorPerson, secret_in
from tests.support.second_factor import code_of

Make = Callable[..., OperatorPerson]


@pytest.mark.parametrize(
    ("password", "code", "field"),
    [("short", None, "password"), ("olga operator", None, "password"), (PASSWORD, "000000", "code"),
     (PASSWORD, "", "code")],
)  # fmt: skip
def test_neither_alone_sets_anything_up(
    operator_for: Make, installation: Installation, password: str, code: str | None, field: str
) -> None:
    olga = operator_for(set_up=False)
    address = f"/operator/setup/{olga.token}"
    olga.secret = secret_in(olga.browser.get(address).text)
    answer = olga.browser.post(address, data={"password": password, "code": olga.code() if code is None else code})
    assert answer.status_code == 422
    assert f'href="#field-{field}"' in answer.text
    with installation.place.owner() as connection:
        found = connection.execute("SELECT password_hash, enrolled_at FROM public.operators").fetchall()
    assert found == [(None, None)]


def test_the_link_works_once(operator_for: Make, app: Flask) -> None:
    olga = operator_for(signed_in=False)
    assert browser_of(app, None).get(f"/operator/setup/{olga.token}").status_code == 404
    again = {"password": "another good password 77", "code": olga.code()}
    assert browser_of(app, None).post(f"/operator/setup/{olga.token}", data=again).status_code == 404
    olga.sign_in()


def test_the_link_is_good_for_an_hour(operator_for: Make, installation: Installation) -> None:
    olga = operator_for(set_up=False)
    with installation.place.owner() as connection:
        connection.execute("UPDATE public.operators SET link_until = now() - interval '1 second'")
    assert olga.browser.get(f"/operator/setup/{olga.token}").status_code == 404


def test_a_reset_takes_everything_away_and_makes_a_new_link(
    operator_for: Make, app: Flask, installation: Installation
) -> None:
    olga = operator_for()
    former = olga.secret
    with app.app_context():
        token = people.reset(installation.place.owner_url, olga.email)
    assert olga.browser.get("/operator").status_code == 302
    assert olga.password_given() == 422
    page = olga.browser.get(f"/operator/setup/{token}")
    assert secret_in(page.text) != former
    new = {"password": PASSWORD, "code": code_of(secret_in(page.text))}
    assert olga.browser.post(f"/operator/setup/{token}", data=new).status_code == 200


def test_what_is_stored_is_sealed_or_hashed(operator_for: Make, installation: Installation) -> None:
    olga = operator_for()
    with installation.place.owner() as connection:
        row = connection.execute("SELECT o::text, (SELECT string_agg(s::text, '') FROM public.operator_sessions s)"
                                 " FROM public.operators o").fetchone()  # fmt: skip
    assert row is not None
    for secret in (olga.secret, PASSWORD, olga.token, olga.codes[0], olga.browser.get_cookie("operator").value):
        assert secret not in row[0] + row[1]
