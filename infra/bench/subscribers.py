"""Workspaces that pay at the double of Stripe, for what measures webhooks: a process, and a database of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pydantic import SecretStr
from sqlalchemy import select

from billing.checkout import start_checkout
from billing.gateways import gateway_needed
from billing.plans import catalogue
from billing.settling import settle
from billing.syncing import sync
from infra.bench.place import Place
from infra.bench.workspaces import application, found, top_up_spares
from saas_crm.access.models import Member
from saas_crm.access.queries import member_by_id
from saas_crm.core.clock import now
from tenants.context import ActiveTenant
from tenants.db import db, tenant_scope
from tenants.migrate import connect
from tenants.settings import Settings

DATABASE, SECRET, KEY = "bench_webhooks", "whsec_bench", "sk_test_double"
_AS_NEW = """
    DELETE FROM public.subscriptions; DELETE FROM public.stripe_events; DELETE FROM public.stripe_prices;
    DELETE FROM public.billing_changes; TRUNCATE jobs.procrastinate_jobs CASCADE
"""


@contextmanager
def double(folder: Path) -> Iterator[str]:
    """Run the double of Stripe; yields its address."""
    command = [sys.executable, "-m", "tests.stripe", "--port", "0"]
    with (folder / "stripe.log").open("ab") as log:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True)
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        if "http://" not in line:
            raise SystemExit(f"the double of Stripe does not start; its log is {folder / 'stripe.log'}")
        yield line.split()[-1]
    finally:
        process.terminate()
        process.wait(40)


def subscribers(place: Place, address: str, count: int) -> tuple[Settings, list[dict[str, Any]]]:
    """Make so many workspaces that pay a plan; returns the settings, and an event of each as Stripe told it."""
    place.make_database(DATABASE)
    settings = place.settings(
        DATABASE, stripe_secret_key=SecretStr(KEY), stripe_webhook_secret=SecretStr(SECRET), stripe_api_base=address
    )
    with connect(settings.owner_url) as connection:
        connection.execute(_AS_NEW)
        rows = connection.execute("SELECT slug FROM public.tenants WHERE slug LIKE 'pays-%'").fetchall()
    slugs, known = [f"pays-{number:03}" for number in range(count)], {row[0] for row in rows}
    top_up_spares(settings, len(set(slugs) - known))
    with application(settings) as app:
        began = now()
        sync(gateway_needed(settings), catalogue())
        for slug in slugs:
            if slug not in known:
                found(app, slug)
            tenant = app.extensions["directory"].by_slug(slug)
            assert tenant is not None
            _subscribe(settings, tenant, address)
        told = gateway_needed(settings).events_since(began - timedelta(minutes=1))
        events = {event.customer_id: event.payload for event in told if event.type == "customer.subscription.created"}
    return settings, list(events.values())


def _subscribe(settings: Settings, tenant: ActiveTenant, address: str) -> None:
    with tenant_scope(tenant):
        owner = member_by_id(db.session.scalars(select(Member.id).order_by(Member.id).limit(1)).one())
    url = start_checkout(
        settings, tenant, plan="team", interval="month", currency="EUR", seats=3, actor=owner,
        success_url="http://127.0.0.1/ok", cancel_url="http://127.0.0.1/no",
    )  # fmt: skip
    session = urlsplit(url).path.rpartition("/")[2]
    line = HTTPConnection(urlsplit(address).netloc, timeout=60)
    line.request("POST", "/_control/acts/pay", json.dumps({"session_id": session}),
                 {"Content-Type": "application/json"})  # fmt: skip
    answer = line.getresponse()
    if answer.status != 200:
        raise SystemExit(f"{tenant.slug} cannot pay: {answer.status} {answer.read()[:300]!r}")
    answer.read()
    line.close()
    settle(settings, tenant.id)
