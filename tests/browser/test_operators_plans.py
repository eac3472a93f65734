"""Plans in the operators' console, where money is taken: the list and a workspace, on a phone and a desk."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from playwright.sync_api import Page
from pydantic import SecretStr

from saas_crm.operators.figures import take_figures
from tests.browser.eyes import Eyes
from tests.browser.test_operators import with_console
from tests.support.billing import give_plan
from tests.support.installation import Installation
from tests.support.operators import make_operator
from tests.support.server import LiveServer
from tests.support.server import live_server as run_server


@pytest.fixture
def selling_server(installation: Installation, app: Flask) -> Iterator[LiveServer]:
    """A server that takes money, by a key that opens nothing."""
    settings = installation.settings.model_copy(update={"stripe_secret_key": SecretStr("sk_test_none")})
    with run_server(settings, installation.folder) as server:
        yield server


def test_plans_fit_in_the_list_and_on_the_page(
    page_for: Callable[..., Page], selling_server: LiveServer, app: Flask, installation: Installation
) -> None:
    give_plan(app, installation.place, "acme", key="business", state="past_due")
    give_plan(app, installation.place, "other", key="team", state="active")
    take_figures(installation.settings)
    olga = make_operator(app, installation)
    for locale in ("en-US", "zh-TW"):
        page = page_for(None, at=selling_server.url, locale=locale, reduced_motion="reduce")
        eyes = Eyes(with_console(page, olga, selling_server.url), "both")
        for address in ("/operator", "/operator?plan=:past_due", "/operator/workspaces/acme"):
            eyes.look(address)
            assert page.locator(".badge-warn").count() >= 1
        assert eyes.found == []


CHANGES = """
    INSERT INTO public.billing_changes (id, tenant_id, kind, plan, currency, seats, mrr, at)
    SELECT gen_random_uuid(), md5((n % 40)::text)::uuid,
        CASE WHEN n <= 40 THEN 'started' WHEN n % 9 = 0 THEN 'past_due' WHEN n % 7 = 0 THEN 'free' ELSE 'seats' END,
        CASE WHEN n % 40 < 25 THEN 'team' ELSE 'business' END,
        (ARRAY['EUR', 'EUR', 'TWD', 'USD'])[n % 40 % 4 + 1], n % 11 + 1, 1200000 * (n % 11 + 1),
        now() - make_interval(days => 330 - n)
    FROM generate_series(1, 329) n
"""
OWING = """
    INSERT INTO public.subscriptions (tenant_id, plan, state, source, interval, currency, seats, amount, past_due_since,
        invoice_number, customer_id, cancel_reason, cancel_words)
    SELECT id, 'business', 'past_due', 'stripe', 'year', 'TWD', 240, 95000000, now() - interval '3 days',
        'CRM-2026-000731', 'cus_' || slug, 'other', 'We move to something of our own' FROM public.tenants
    WHERE slug IN ('acme', 'other')
"""
WAITING = """
    INSERT INTO public.stripe_events (id, type, customer_id, created_at, livemode, payload, attempts, error)
    VALUES ('evt_1RtY3kLkdIwHu7ix28a3tqPa', 'customer.subscription.pending_update_applied', 'cus_acme', now(), false,
        '{}', 4, 'StripeUnreachable: the connection was reset by the other side before an answer had come')
"""


@pytest.mark.parametrize("locale", ["en-US", "zh-TW"])
def test_what_comes_in_fits_a_phone_and_a_desk(
    page_for: Callable[..., Page], selling_server: LiveServer, app: Flask, installation: Installation, locale: str
) -> None:
    give_plan(app, installation.place, "acme", key="business", state="past_due")
    olga = make_operator(app, installation)
    page = page_for(None, at=selling_server.url, locale=locale, reduced_motion="reduce")
    eyes = Eyes(with_console(page, olga, selling_server.url), "both")
    if locale == "en-US":
        eyes.look("/operator/billing")
    with installation.place.owner() as connection:
        for statement in (CHANGES, OWING, WAITING):
            connection.execute(statement)
    eyes.look("/operator/billing?plan=team&currency=TWD")
    for part in ("plan", "consent"):
        eyes.look(f"/operator/workspaces/acme?part={part}")
    assert eyes.found == [], "\n".join(eyes.found)
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto("/operator/billing")
    page.locator(".lines .post-button button").first.click()
    page.wait_for_load_state()
    with installation.place.owner() as connection:
        assert connection.execute("SELECT error FROM public.stripe_events").fetchone() == (None,)
