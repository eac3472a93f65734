"""Who only looks as somebody else who may pay: pages show all, nothing is written, and Stripe is told nothing."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask

from tests.conftest import Stage
from tests.guard.endpoints import SAFE, endpoints
from tests.stripe import Double
from tests.support.cast import Cast
from tests.support.clients import Browser
from tests.support.installation import Installation
from tests.support.pristine import fingerprint
from tests.support.selling import PAGE, session_of, subscribe

ClientFor = Callable[..., Browser]
READING = {"/v1/invoices/create_preview"}
"""What Stripe is asked by POST, and changes nothing there."""


@pytest.fixture
def looking(owner: Browser, sold: Flask, cast: Cast, installation: Installation) -> Browser:
    """The owner, who looks as the rep; and reps may pay."""
    schema = cast.tenants["acme"].schema_name
    with installation.place.owner() as connection:
        connection.execute(
            f"UPDATE {schema}.roles SET permissions = permissions ||"
            """ '{"billing:read": "all", "billing:update": "all"}' WHERE key = 'rep'"""
        )
    return owner


def look_as_rep(browser: Browser, cast: Cast) -> None:
    assert browser.post(f"/acme/settings/members/{cast['rep'].member_id}/viewing").location == "/acme/"


@pytest.mark.parametrize("pays", [False, True], ids=["has just paid", "pays"])
def test_looking_writes_nothing_and_tells_stripe_nothing(
    looking: Browser, stripe: Double, sold: Flask, cast: Cast, stage: Stage, pays: bool
) -> None:
    if pays:
        subscribe(looking, stripe)
    led = "" if pays else looking.post(f"{PAGE}/checkout", data={"plan": "team", "interval": "month"}).location
    session = "cs_1" if pays else stripe.acts.pay(session_of(led))["id"]
    look_as_rep(looking, cast)
    place, schemas = stage.installation.place, [tenant.schema_name for tenant in cast.tenants.values()]
    before, asked = fingerprint(place, schemas), len(stripe.requests)
    paths = ("", "/plans", "/invoices", "/change?plan=business&interval=month", "/change?plan=business&interval=year",
             "/cancellation", "/cancellation?to=closed", "/confirmation",
             f"/returned?session_id={session}")  # fmt: skip
    for path in paths:
        answer = looking.get(PAGE + path)
        assert answer.status_code in (200, 303), path
        assert "You see this as" in looking.get(PAGE).text
    told = {(one.method, one.path) for one in stripe.requests[asked:]}
    assert {path for method, path in told if method != "GET"} <= READING
    assert ("GET", "/v1/invoices") in told
    assert fingerprint(place, schemas) == before


def test_nothing_of_billing_is_changed_by_looking(
    looking: Browser, stripe: Double, sold: Flask, cast: Cast, stage: Stage
) -> None:
    subscribe(looking, stripe)
    look_as_rep(looking, cast)
    place, schemas = stage.installation.place, [tenant.schema_name for tenant in cast.tenants.values()]
    before, asked = fingerprint(place, schemas), len(stripe.requests)
    posts = [one for one in endpoints(sold) if one.rule.rule.startswith("/settings/billing") and one.method not in SAFE]
    assert len(posts) == 9
    for one in posts:
        form = {"plan": "business", "interval": "month", "reason": "unused"}
        assert looking.open(f"/acme{one.rule.rule}", method=one.method, data=form).status_code == 403, one
    assert len(stripe.requests) == asked
    assert fingerprint(place, schemas) == before
