"""An application that takes money at a double of Stripe, and a workspace on trial: what tests of faces begin with.

The fixtures are everybody's (tests/conftest.py): `stripe` is the double, `sold` the application. What lasts for a
whole file and must be the application of the run is `on_sale`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from urllib.parse import urlsplit
from uuid import UUID

import pytest
from flask import Flask
from pydantic import SecretStr

from billing.gateways import gateway_of
from billing.held import Held
from billing.patience import patiently
from billing.plans import catalogue
from billing.settling import settle
from billing.subscriptions import held
from billing.syncing import sync
from saas_crm.core.clock import now
from tests.stripe import KEY, Double
from tests.support.billing import selling
from tests.support.cast import Cast, Person
from tests.support.clients import Browser, browser_of
from tests.support.installation import Installation, Place
from tests.support.paying import put

PAGE = "/acme/settings/billing"


@pytest.fixture
def stripe() -> Iterator[Double]:
    """A double whose time is ours; in the end nothing was asked wrongly."""
    with Double(now=now()) as double:
        yield double
        assert double.violations == []


@pytest.fixture
def sold(app_with: Callable[..., Flask], stripe: Double, installation: Installation, cast: Cast) -> Flask:
    """An application that takes money there, with acme on trial."""
    return selling_at(stripe, app_with, installation.place, cast.tenants["acme"].id)


@contextmanager
def on_sale(app: Flask, owners: Mapping[str, Person], plan: str = "business") -> Iterator[Double]:
    """Let an application take money until the block ends; the workspaces of these owners, by slug, pay for a plan."""
    with Double(now=now()) as double, selling(app, stripe_secret_key=SecretStr(KEY), stripe_api_base=double.url):
        offer(app)
        for slug, person in owners.items():
            led = subscribe(browser_of(app, person), double, plan, slug=slug)
            assert led == f"/{slug}/settings/billing", led
        yield double
        assert double.violations == []


def offer(app: Flask) -> None:
    """Put all prices to where an application takes money, as `saas-crm billing sync` does."""
    with app.app_context(), patiently():
        gateway = gateway_of(app.extensions["settings"])
        assert gateway is not None
        sync(gateway, catalogue())


def selling_at(double: Double, app_with: Callable[..., Flask], place: Place, tenant_id: UUID) -> Flask:
    """Make an application that takes money at the double, with all prices there and the workspace on trial."""
    made = app_with(stripe_secret_key=SecretStr(KEY), stripe_api_base=double.url)
    offer(made)
    put(made, place, tenant_id, plan="business", state="trialing")
    return made


def subscribe(
    owner: Browser, double: Double, plan: str = "team", interval: str = "month", slug: str = "acme"
) -> str:  # fmt: skip
    """Choose a plan, pay at Stripe's and come back; returns where the way ended."""
    page = f"/{slug}/settings/billing"
    led = owner.post(f"{page}/checkout", data={"plan": plan, "interval": interval, "currency": "EUR"})
    assert led.status_code == 303
    assert led.location.startswith(double.url), led.location
    session = double.acts.pay(session_of(led.location))
    back = urlsplit(session["success_url"])
    assert back.path == f"{page}/returned"
    return owner.get(f"{page}/returned?session_id={session['id']}").location


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
