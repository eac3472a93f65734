"""The pages of a workspace that pays and is to be deleted: nothing says that it goes on, or as Free."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from pydantic import SecretStr

from tests.support.cast import Cast
from tests.support.clients import Browser
from tests.support.installation import Installation
from tests.support.paying import KEY, PAID, put

ClientFor = Callable[..., Browser]
DELETION, BILLING = "/acme/settings/deletion", "/acme/settings/billing"
NAME = {"name": "Acme Instruments"}
SENTENCE = "The subscription ends with the period that is paid"
ENDS = {"cancel_at_period_end": True, "cancel_to": "free"}


@pytest.fixture
def sold(app_with: Callable[..., Flask]) -> Flask:
    return app_with(stripe_secret_key=SecretStr(KEY), stripe_api_base="http://127.0.0.1:9")


@pytest.mark.parametrize(("state", "said"), [("active", True), ("past_due", True), ("free", False)])
def test_what_becomes_of_the_subscription_is_said_before(
    client_for: ClientFor, sold: Flask, installation: Installation, cast: Cast, state: str, *, said: bool
) -> None:
    put(sold, installation.place, cast.tenants["acme"].id, **PAID | {"state": state})
    assert (SENTENCE in client_for("owner", sold).get(DELETION).text) is said


def test_where_nothing_is_sold_nothing_is_said_of_it(client_for: ClientFor) -> None:
    assert SENTENCE not in client_for("owner").get(DELETION).text


def test_no_page_says_that_it_goes_on_as_free(
    client_for: ClientFor, sold: Flask, installation: Installation, cast: Cast
) -> None:
    owner, acme = client_for("owner", sold), cast.tenants["acme"].id
    assert owner.post(DELETION, data=NAME).status_code == 303
    put(sold, installation.place, acme, **PAID | ENDS | {"cancel_reason": "deletion"})
    page = owner.get(BILLING).text
    assert "The workspace is to be deleted, so the subscription ends on" in page
    assert f'href="{DELETION}"' in page
    assert "Stay after all" not in page
    assert "you go on with the free plan" not in page
    assert "you go on with the free plan" not in owner.get("/acme/").text


def test_nobody_begins_to_pay_for_what_is_to_be_deleted(
    client_for: ClientFor, sold: Flask, installation: Installation, cast: Cast
) -> None:
    owner, acme = client_for("owner", sold), cast.tenants["acme"].id
    put(sold, installation.place, acme, plan="free", state="free")
    assert owner.post(DELETION, data=NAME).status_code == 303
    led = owner.post(f"{BILLING}/checkout", data={"plan": "team", "interval": "month"})
    assert (led.status_code, led.location) == (303, f"{BILLING}/plans")
    assert "The workspace is to be deleted. Keep it first, then choose a plan." in owner.get(f"{BILLING}/plans").text


def test_what_a_person_cancelled_is_told_as_before(
    client_for: ClientFor, sold: Flask, installation: Installation, cast: Cast
) -> None:
    put(sold, installation.place, cast.tenants["acme"].id, **PAID | ENDS | {"cancel_reason": "unused"})
    assert "Stay after all" in client_for("owner", sold).get(BILLING).text
