"""A silent Stripe holds nobody's page up: people wait shortly, and after some silences not at all; jobs wait on."""

from __future__ import annotations

import json
import logging
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from structlog.testing import capture_logs

from billing.errors import CardDeclined, StripeBusy, StripeRefused, StripeUnreachable
from billing.gateways import gateway_needed
from billing.patience import BRIEF, LONG, SILENCES, Breaker, Patience, Silences, at_hand, patiently
from billing.stripe_gateway import StripeGateway
from tests.billing.company import Company, Shop
from tests.support.mailbox import run_jobs
from tests.support.silence import Answer, silent_server, told_server

SHORTLY = replace(BRIEF, connect=0.5, read=0.05, write=0.05)


def gateway(url: str, patience: Patience) -> StripeGateway:
    return StripeGateway("sk_test_x", "x", base=url, patience=patience)


def test_who_asks_for_a_person_waits_shortly_unless_they_say_otherwise() -> None:
    with ThreadPoolExecutor(1) as thread:  # as of a web process: nobody has said anything there
        assert thread.submit(at_hand).result() is BRIEF
    assert BRIEF.read < LONG.read
    assert BRIEF.connect + BRIEF.read <= 7
    with patiently():
        assert at_hand() is LONG


def test_after_a_few_silences_nobody_is_asked_until_one_has_tried() -> None:
    moment = 0.0
    breaker = Breaker(3, 10, lambda: moment)
    assert [breaker.was_silent() for _number in range(4)] == [False, False, True, False]
    assert not breaker.lets_ask()
    moment = 10.0
    assert [breaker.lets_ask() for _person in range(3)] == [True, False, False]
    breaker.was_silent()
    moment = 19.9
    assert not breaker.lets_ask()
    moment = 20.0
    assert breaker.lets_ask()
    breaker.answered()
    assert [breaker.lets_ask() for _person in range(3)] == [True] * 3


def test_what_stripe_says_against_one_is_no_silence() -> None:
    silences = Silences(2)
    for failed in (StripeUnreachable(), StripeBusy(), StripeUnreachable(), None, StripeUnreachable(), KeyError()):
        assert not silences.over(failed)
    assert not silences.over(StripeUnreachable())
    assert silences.over(StripeUnreachable())


def test_a_silent_stripe_is_asked_a_few_times_and_then_left_alone() -> None:
    with silent_server() as stripe, capture_logs() as logs:
        door = gateway(stripe.url, SHORTLY)
        for _person in range(SILENCES + 5):
            with pytest.raises(StripeUnreachable) as failed:
                door.facts("cus_1")
            assert not isinstance(failed.value, StripeBusy)
        assert stripe.times == SILENCES, "nobody waits twice, and nobody waits once it is known"
        assert [one["event"] for one in logs if "silent" in one["event"]] == [
            "Stripe is silent: for some seconds nobody is sent there"
        ]


def test_of_many_at_once_few_wait() -> None:
    """Whoever finds all places taken is told so, and does not stand in line for a silent one."""
    patience = replace(SHORTLY, read=1.0, place=0.01)

    def ask(_person: int) -> str:
        with pytest.raises(StripeUnreachable) as failed:
            door.facts("cus_1")
        return failed.value.message

    with silent_server() as stripe, ThreadPoolExecutor(12) as people:
        door = gateway(stripe.url, patience)
        assert len(list(people.map(ask, range(12)))) == 12
        assert stripe.times <= patience.places


def test_the_worker_asks_again_after_silence() -> None:
    with silent_server() as stripe:
        door = gateway(stripe.url, replace(LONG, connect=0.5, read=0.05))
        for _job in range(SILENCES):
            with pytest.raises(StripeUnreachable):
                door.facts("cus_1")
        assert stripe.times == SILENCES * (1 + LONG.again)


def test_the_worker_waits_as_long_as_stripe_says_after_too_many_requests(monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    monkeypatch.setattr(time, "sleep", slept.append)
    said = [Answer(429, b'{"error": {"code": "rate_limit"}}', {"Retry-After": told}) for told in ("7", "9999", "soon")]
    with told_server(*said, Answer(200)) as stripe:
        assert list(gateway(stripe.url, LONG).subscriptions()) == []
        assert stripe.times == 4
    assert slept[:2] == [7, 60]
    assert slept[2] < 7


def test_people_do_not_wait_for_a_busy_stripe() -> None:
    with told_server(Answer(429, b'{"error": {"code": "rate_limit"}}', {"Retry-After": "30"})) as stripe:
        with pytest.raises(StripeBusy, match="429"):
            gateway(stripe.url, SHORTLY).facts("cus_1")
        assert stripe.times == 1


@pytest.mark.parametrize(("status", "kind"), [
    (400, "invalid_request_error"), (401, "invalid_request_error"), (402, "card_error"), (403, "invalid_request_error"),
    (404, "invalid_request_error"), (400, "idempotency_error"), (500, "api_error"), (429, "invalid_request_error"),
])  # fmt: skip
def test_nothing_that_stripe_says_of_people_is_kept(status: int, kind: str, caplog: pytest.LogCaptureFixture) -> None:
    secret = "Ann Example ann@example.com 4242 4242 4242 4242"
    error = {"type": kind, "code": "email_invalid", "param": "email", "message": secret}
    caplog.set_level(logging.DEBUG)
    body = json.dumps({"error": error}).encode()
    ours = pytest.raises((StripeRefused, StripeUnreachable, CardDeclined))
    with told_server(Answer(status, body, {"Request-Id": "req_1"})) as stripe, ours as failed:
        gateway(stripe.url, SHORTLY).tell_customer("cus_1", name="Ann", email="ann@example.com", languages=["en"])
    told = f"{failed.value} {failed.value.message} {failed.value!r} {failed.value.args} {caplog.text}"
    for word in ("Ann", "@", "4242"):
        assert word not in told
    if isinstance(failed.value, StripeRefused):
        assert "req_1" in failed.value.message


def test_a_page_tells_at_once_that_stripe_is_silent_and_the_job_goes_on_asking(shop: Shop, acme: Company) -> None:
    acme.subscribe()
    with patiently(replace(SHORTLY, read=5)):
        door = gateway_needed(shop.settings)
        shop.double.trouble("connection", times=100, path="/v1/subscriptions")
        shop.double.requests.clear()
        for _person in range(6):
            with pytest.raises(StripeUnreachable):
                door.facts(acme.row.customer_id or "")
        asked = len(shop.double.requests)
        assert SILENCES <= asked <= SILENCES + 1, "a connection that broke at once is tried once more"
        shop.double.core.troubles.clear()
        with pytest.raises(StripeUnreachable):
            door.facts(acme.row.customer_id or "")
    with patiently():
        assert acme.at_stripe.lives, "the worker's door is another"


def test_jobs_are_patient(shop: Shop, acme: Company) -> None:
    acme.subscribe()
    shop.double.trouble("rate_limit", times=2, path="/v1/subscriptions")
    shop.double.acts.cancel(acme.row.subscription_id or "", at_period_end=False)
    for post in shop.double.webhooks.take():
        shop.receive(post)
    with patiently(SHORTLY):  # what runs the job has no patience of its own to give
        run_jobs(shop._installation)
    assert acme.row.state == "free"
