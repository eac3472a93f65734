"""An application that takes money at a double of Stripe, and a workspace on trial: what tests of faces begin with."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit
from uuid import UUID

from flask import Flask
from pydantic import SecretStr

from billing.gateways import gateway_of
from billing.held import Held
from billing.plans import catalogue
from billing.settling import settle
from billing.subscriptions import held
from billing.syncing import sync
from tests.stripe import KEY, Double
from tests.support.clients import Browser
from tests.support.installation import Place
from tests.support.paying import put

PAGE = "/acme/settings/billing"


def selling_at(double: Double, app_with: Callable[..., Flask], place: Place, tenant_id: UUID) -> Flask:
    """Make an application that takes money at the double, with all prices there and the workspace on trial."""
    made = app_with(stripe_secret_key=SecretStr(KEY), stripe_api_base=double.url)
    with made.app_context():
        gateway = gateway_of(made.extensions["settings"])
        assert gateway is not None
        sync(gateway, catalogue())
    put(made, place, tenant_id, plan="business", state="trialing")
    return made


def subscribe(owner: Browser, double: Double, plan: str = "team", interval: str = "month") -> str:
    """Choose a plan, pay at Stripe's and come back; returns where the way ended."""
    led = owner.post(f"{PAGE}/checkout", data={"plan": plan, "interval": interval, "currency": "EUR"})
    assert led.status_code == 303
    assert led.location.startswith(double.url), led.location
    session = double.acts.pay(session_of(led.location))
    back = urlsplit(session["success_url"])
    assert back.path == f"{PAGE}/returned"
    return owner.get(f"{PAGE}/returned?session_id={session['id']}").location


def session_of(address: str) -> str:
    """Return the Checkout Session that an address leads to."""
    return urlsplit(address).path.rpartition("/")[2]


def state_of(app: Flask, tenant_id: UUID) -> Held:
    """Return what is held of a workspace."""
    with app.app_context():
        found = held(tenant_id)
    assert found is not None
    return found


def look(app: Flask, tenant_id: UUID) -> None:
    """Look at Stripe, as the job of a webhook does."""
    with app.app_context():
        settle(app.extensions["settings"], tenant_id)
        app.extensions["directory"].forget()
