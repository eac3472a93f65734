"""Hundreds of webhooks at once, over several connections, to real web processes: each is kept, and worked on, once.

How many a second is measured by `python -m infra.bench --only webhooks`.
"""

from __future__ import annotations

import json
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import select

from billing.models import StripeEvent
from tenants.db import SHARED, db
from tests.billing.company import SECRET, Company, Shop
from tests.stripe.webhooks import signature
from tests.support.mailbox import work_off
from tests.support.proofs import sized
from tests.support.server import live_server

EVENTS, LINES = sized(300, 5_000), 8
Signed = tuple[bytes, dict[str, str]]


def test_none_is_lost_and_none_is_kept_twice(shop: Shop, acme: Company, tmp_path: Path) -> None:
    other = shop.company("other")
    for company in (acme, other):
        company.subscribe()
    posts = signed(shop, shop.double.events("customer.subscription.created"))
    ids = {json.loads(body)["id"] for body, _headers in posts}
    twice = [posts[number] for number in range(0, EVENTS, 10)]
    clock = tmp_path / "clock"
    clock.write_text(str(shop.double.now - time.time()), encoding="ascii")
    settings = shop.settings.model_copy(update={"clock_file": str(clock)})
    with live_server(settings, tmp_path, workers=2) as server, ThreadPoolExecutor(LINES) as lines:
        shares = [[*posts[n::LINES], *twice[n::LINES]] for n in range(LINES)]
        answers = Counter(status for found in lines.map(lambda share: send(server.url, share), shares)
                          for status in found)  # fmt: skip
    assert answers == {200: EVENTS + len(twice)}
    assert {row.id for row in kept()} == ids
    work_off(shop.app, shop.settings)
    assert {(row.attempts, row.worked_at is None, row.error) for row in kept()} == {(1, False, None)}
    assert {row.tenant_id for row in kept()} == {acme.id, other.id}
    assert (acme.row.state, other.row.state) == ("active", "active")
    assert acme.movements == other.movements == ["converted"]


def signed(shop: Shop, told: list[dict[str, Any]]) -> list[Signed]:
    """Make many events of a few, all signed at Stripe's time."""
    found = []
    for number in range(EVENTS):
        body = json.dumps({**told[number % len(told)], "id": f"evt_flood_{number}"}).encode()
        header = f"t={shop.double.now},v1={signature(SECRET, shop.double.now, body)}"
        found.append((body, {"Content-Type": "application/json", "Stripe-Signature": header}))
    return found


def send(url: str, posts: list[Signed]) -> list[int]:
    """Send some one after the other, over one connection; returns how they were answered."""
    line, statuses = HTTPConnection(urlsplit(url).netloc, timeout=60), []
    for body, headers in posts:
        line.request("POST", "/billing/stripe/webhook", body, headers)
        answer = line.getresponse()
        answer.read()
        statuses.append(answer.status)
    line.close()
    return statuses


def kept() -> list[Any]:
    columns = (StripeEvent.id, StripeEvent.attempts, StripeEvent.worked_at, StripeEvent.error, StripeEvent.tenant_id)
    with db.engines[SHARED].connect() as connection:
        return list(connection.execute(select(*columns).where(StripeEvent.id.like("evt_flood_%"))))
