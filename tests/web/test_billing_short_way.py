"""Webhooks on their short way: the same answers as on the usual one, which takes all that is not simply good."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from pydantic import SecretStr
from sqlalchemy import func, select
from structlog.testing import capture_logs

from billing.models import StripeEvent
from billing.subscriptions import installation_id
from tenants.db import SHARED, db
from tests.billing.company import SECRET
from tests.stripe.webhooks import signature
from tests.support.clients import Client
from tests.support.paying import KEY
from web.billing.short_way import LARGEST, PATH


@pytest.fixture
def sold(app_with: Callable[..., Flask]) -> Flask:
    """An application that takes money, by a service that nobody asks."""
    return app_with(stripe_secret_key=SecretStr(KEY), stripe_webhook_secret=SecretStr(SECRET),
                    stripe_api_base="http://127.0.0.1:9", log_level="INFO")  # fmt: skip


@pytest.fixture
def machine(sold: Flask) -> Client:
    """Who keeps no cookies and has no form token."""
    return Client(sold, sold.response_class, use_cookies=False)


def told(sold: Flask, event_id: str = "evt_short", **about: Any) -> bytes:
    with sold.app_context():
        ours = installation_id()
    held = {"id": "sub_1", "object": "subscription", "customer": "cus_1", "metadata": {"installation": ours}, **about}
    return json.dumps({"id": event_id, "object": "event", "type": "customer.subscription.updated", "livemode": False,
                       "created": int(time.time()), "data": {"object": held}}).encode()  # fmt: skip


def head(body: bytes) -> dict[str, str]:
    moment = int(time.time())
    return {"Stripe-Signature": f"t={moment},v1={signature(SECRET, moment, body)}"}


def kept(sold: Flask) -> int:
    with sold.app_context(), db.engines[SHARED].connect() as connection:
        return int(connection.scalar(select(func.count()).select_from(StripeEvent)) or 0)


def long_way(sold: Flask) -> list[str]:
    """Note what goes the usual way."""
    gone: list[str] = []
    sold.before_request_funcs.setdefault(None, []).insert(0, lambda: gone.append("gone"))
    return gone


def test_a_good_one_is_kept_answered_and_logged(sold: Flask, machine: Client) -> None:
    gone, body = long_way(sold), told(sold)
    with capture_logs() as logs:
        answers = [machine.post(PATH, data=body, headers=head(body)) for _ in range(2)]
    assert [(answer.status_code, answer.data) for answer in answers] == [(200, b"")] * 2
    assert gone == []
    assert kept(sold) == 1
    lines = [line for line in logs if line["event"] == "request"]
    assert [(line["route"], line["status"], line["sql"], line["member"]) for line in lines] == [
        (PATH, 200, 1, None)
    ] * 2
    assert lines[0]["request_id"] == answers[0].headers["X-Request-ID"]
    assert answers[0].headers["X-Content-Type-Options"] == "nosniff"
    assert "Set-Cookie" not in answers[0].headers
    measured = machine.get("/metrics").text
    assert f'http_request_seconds_count{{method="POST",route="{PATH}",status="200"}}' in measured


def test_one_of_another_installation_is_answered_and_not_kept(sold: Flask, machine: Client) -> None:
    body = told(sold, metadata={"installation": "somebody-elses"})
    assert machine.post(PATH, data=body, headers=head(body)).status_code == 200
    assert kept(sold) == 0


@pytest.mark.parametrize("wrong", ["unsigned", "tampered", "nothing", "no event", "large", "get"])
def test_what_is_not_good_goes_the_usual_way(sold: Flask, machine: Client, wrong: str) -> None:
    gone, body = long_way(sold), told(sold)
    headers, wanted = head(body), 400
    if wrong == "unsigned":
        headers = {}
    elif wrong == "tampered":
        body = body.replace(b"evt_short", b"evt_shurt")
    elif wrong == "nothing":
        body = b""
    elif wrong == "no event":
        body = b"{}"
        headers = head(body)
    elif wrong == "large":
        body += b" " * LARGEST
        headers, wanted = head(body), 413
    answer = machine.get(PATH) if wrong == "get" else machine.post(PATH, data=body, headers=headers)
    assert answer.status_code == (405 if wrong == "get" else wanted)
    assert gone == ["gone"]
    assert kept(sold) == 0


def test_one_without_a_length_is_taken_all_the_same(sold: Flask, machine: Client) -> None:
    gone, body = long_way(sold), told(sold)
    whole = {"wsgi.input_terminated": True, "CONTENT_LENGTH": ""}
    answer = machine.post(PATH, data=body, headers=head(body), environ_overrides=whole)
    assert (answer.status_code, gone, kept(sold)) == (200, ["gone"], 1)


def test_it_sits_at_a_desk_and_leaves_it(sold: Flask, machine: Client) -> None:
    """Whatever comes of it: else a flood would take the connections of people's pages, or the desks for good."""
    free = sold.extensions["desks"]._free
    for number in range(3):
        body = told(sold, f"evt_{number}")
        machine.post(PATH, data=body, headers=head(body) if number else {})
    assert sold.extensions["desks"]._free == free
