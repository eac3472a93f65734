"""Webhooks: signed as Stripe signs, and as ill-treated as a switch says."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import stripe

from tests.stripe import Double
from tests.stripe.webhooks import Post

SECRET = "whsec_double"


@pytest.fixture
def double() -> Double:
    double = Double()
    double.webhooks.endpoint("http://here.example/hook", SECRET, ("customer.*", "invoice.paid"))
    return double


def _make(double: Double, count: int = 1) -> None:
    for number in range(count):
        double.request("POST", "/v1/customers", {"name": str(number)})


def _read(post: Post, secret: str = SECRET) -> stripe.Event:
    """Read a post as the package does; the double's clock stands in the past, so age is looked at apart."""
    return stripe.Webhook.construct_event(post.body, post.headers["Stripe-Signature"], secret, tolerance=None)


def test_a_post_is_signed_and_names_its_event(double: Double) -> None:
    _make(double)
    double.request("POST", "/v1/products", {"name": "Not asked for"})
    [post] = double.webhooks.take()
    event = _read(post)
    assert (event.type, event.api_version, event.data.object["name"]) == ("customer.created", stripe.api_version, "0")
    assert f"t={double.now}," in post.headers["Stripe-Signature"]
    assert double.webhooks.take() == []
    with pytest.raises(stripe.SignatureVerificationError):
        _read(post, "whsec_another")


def test_an_updated_object_tells_what_it_was(double: Double) -> None:
    _make(double)
    id = double.events()[0]["data"]["object"]["id"]
    double.request("POST", f"/v1/customers/{id}", {"name": "New"})
    double.request("POST", f"/v1/customers/{id}", {"name": "New"})
    [event] = double.events("customer.updated")
    assert event["data"]["previous_attributes"] == {"name": "0"}


def test_doubled_late_reordered_and_lost_ones(double: Double) -> None:
    double.webhooks.switch(double=1)
    _make(double)
    assert [post.event for post in double.webhooks.take()] == [double.events()[0]["id"]] * 2
    double.webhooks.switch(double=0, delay=600)
    _make(double)
    assert double.webhooks.take() == []
    double.advance(seconds=600)
    assert len(double.webhooks.take()) == 1
    double.webhooks.switch(delay=0, reorder=1)
    _make(double, 20)
    assert (taken := [post.event for post in double.webhooks.take()]) != sorted(taken)
    double.webhooks.switch(reorder=None, drop=2)
    _make(double, 3)
    assert len(double.webhooks.take()) == 1
    assert [post.state for post in double.webhooks.undelivered()].count("lost") == 2


@pytest.mark.parametrize("how", [{"tamper": True}, {"foreign": True}])
def test_a_tampered_or_foreign_one_fails_its_signature(double: Double, how: dict[str, bool]) -> None:
    double.webhooks.switch(**how)
    _make(double)
    [post] = double.webhooks.take()
    with pytest.raises(stripe.SignatureVerificationError):
        _read(post)


def test_an_old_one_says_so(double: Double) -> None:
    double.webhooks.switch(old=3600)
    _make(double)
    [post] = double.webhooks.take()
    assert f"t={double.now - 3600}," in post.headers["Stripe-Signature"]


def test_what_is_not_taken_is_sent_again_for_three_days(double: Double) -> None:
    _make(double)
    tries = 0
    for _ in range(100):
        for post in double.webhooks.take():
            tries += 1
            double.webhooks.answered(post, 500)
        double.advance(hours=1)
    assert tries == 7
    [post] = double.webhooks.undelivered()
    assert post.state == "given up"
    assert double.events()[0]["pending_webhooks"] == 1
    again = double.webhooks.post(post.event)
    assert _read(again).id == post.event


def test_what_is_taken_is_done(double: Double) -> None:
    _make(double)
    [post] = double.webhooks.take()
    double.webhooks.answered(post, 200)
    double.advance(days=4)
    assert (double.webhooks.take(), double.webhooks.undelivered()) == ([], [])
    assert double.events()[0]["pending_webhooks"] == 0


@pytest.fixture
def receiver() -> Iterator[tuple[str, list[str]]]:
    """A program that verifies what it gets: its address, and the types that came."""
    came: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            event = stripe.Webhook.construct_event(body, self.headers["Stripe-Signature"], SECRET, tolerance=None)
            came.append(event.type)
            self.send_response(503 if len(came) == 1 else 200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Tests are read, not their servers."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/hook", came
    server.shutdown()
    thread.join(10)
    server.server_close()


def test_they_are_sent_over_http_until_they_are_taken(receiver: tuple[str, list[str]]) -> None:
    address, came = receiver
    double = Double()
    double.webhooks.endpoint(address, SECRET)
    _make(double, 2)
    assert double.webhooks.deliver() == [503, 200]
    assert double.webhooks.deliver() == []
    double.advance(hours=1)
    assert double.webhooks.deliver() == [200]
    assert came == ["customer.created"] * 3


def test_one_that_nobody_answers_stays(double: Double) -> None:
    double.webhooks.endpoint("http://127.0.0.1:9/hook", SECRET)
    _make(double)
    assert 0 in double.webhooks.deliver(timeout=1)
    assert double.webhooks.undelivered() != []
