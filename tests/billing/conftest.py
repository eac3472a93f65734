"""An installation that sells plans, upon the double of Stripe, whose clock is also the product's."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import structlog
from flask import Flask
from pydantic import SecretStr

from billing.patience import patiently
from saas_crm.app import create_app
from saas_crm.core import clock
from tests.billing.company import SECRET, Company, Shop
from tests.stripe import KEY, Double
from tests.support.installation import Installation, dispose
from tests.support.rows import Rows


@pytest.fixture(scope="session")
def stripe_at() -> Iterator[Double]:
    """The double on a port of its own, for the whole run."""
    with Double() as double:
        yield double


@pytest.fixture
def double(stripe_at: Double) -> Iterator[Double]:
    """Stripe as new; whatever it is asked must be as its description says."""
    stripe_at.reset()
    yield stripe_at
    assert stripe_at.violations == []


@pytest.fixture(scope="session")
def seller(installation: Installation, stripe_at: Double) -> Iterator[Flask]:
    """The application with a key of Stripe's, made once for the run."""
    logs = structlog.get_config()
    with_key = {
        "stripe_secret_key": SecretStr(KEY),
        "stripe_webhook_secret": SecretStr(SECRET),
        "stripe_api_base": stripe_at.url,
    }
    made = create_app(installation.settings.model_copy(update=with_key))
    structlog.configure(**logs)
    yield made
    dispose(made)


@pytest.fixture
def selling(app: Flask, seller: Flask, double: Double) -> Iterator[Flask]:
    """The same on a database that is put back after the test."""
    yield seller
    seller.extensions["directory"].forget()


@pytest.fixture
def shop(selling: Flask, double: Double, installation: Installation) -> Iterator[Shop]:
    """What sells: prices are at Stripe, webhooks are asked for, and there is one clock."""

    def ahead() -> timedelta:
        return datetime.fromtimestamp(double.now, UTC) - datetime.now(UTC)

    clock.run_ahead(ahead)
    with selling.app_context(), patiently():  # who is brief says so: `tests/billing/test_patience.py`
        yield Shop(selling, double, installation)
    clock.run_ahead(None)


@pytest.fixture
def acme(shop: Shop) -> Company:
    """The workspace acme, on its trial since a moment ago."""
    return shop.company("acme")


@pytest.fixture
def rows(shop: Shop, installation: Installation) -> Iterator[Rows]:
    """What makes workspaces that are rows alone."""
    made = Rows(installation)
    yield made
    made.clear()
