"""The webhook's address over HTTP: what is kept, what is refused how, and what the operator reads of it."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest
import structlog
from structlog.testing import capture_logs

from tests.billing.company import SECRET, Company, Shop
from tests.stripe.webhooks import Post, signature
from tests.support.installation import Installation
from tests.support.mailbox import queued

PATH = "/billing/stripe/webhook"


@pytest.fixture
def post(shop: Shop, acme: Company) -> Post:
    """An event of acme's that has not come yet."""
    shop.double.acts.pay(acme.go_to_checkout())
    [*_others, last] = shop.double.webhooks.take()
    return last


def send(shop: Shop, body: bytes, header: str | None) -> tuple[int, list[dict[str, Any]]]:
    """Return the status of the answer, and what the log says beside the line of each request."""
    headers = {"Content-Type": "application/json"} | ({"Stripe-Signature": header} if header is not None else {})
    was = structlog.get_config()["wrapper_class"]
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.INFO))  # tests hear less
    try:
        with capture_logs() as logs:
            answer = shop.app.test_client().post(PATH, data=body, headers=headers)
    finally:
        structlog.configure(wrapper_class=was)
    assert answer.data == b""
    assert "Set-Cookie" not in answer.headers
    return answer.status_code, [dict(one) for one in logs if "webhook" in one["event"] or "event of" in one["event"]]


def signed(shop: Shop, body: bytes, *, secret: str = SECRET, ago: int = 0) -> str:
    moment = shop.double.now - ago
    return f"t={moment},v1={signature(secret, moment, body)}"


def changed(post: Post, **values: Any) -> bytes:
    return json.dumps(json.loads(post.body) | values).encode()


def test_a_good_one_is_kept_and_answered_once(shop: Shop, post: Post, installation: Installation) -> None:
    """By one statement, which keeps it and queues its job: tests/billing/test_webhooks.py counts."""
    assert send(shop, post.body, post.headers["Stripe-Signature"])[0] == 200
    assert len(shop.events()) == 1
    assert [name for name, _args in queued(installation)].count("billing.work_event") == 1
    assert send(shop, post.body, post.headers["Stripe-Signature"])[0] == 200
    assert len(shop.events()) == 1


@pytest.mark.parametrize(("how", "status", "why"), [
    ("unsigned", 400, "BadSignature"), ("empty header", 400, "BadSignature"), ("tampered", 400, "BadSignature"),
    ("another secret", 400, "BadSignature"), ("old", 400, "TooOld"), ("to come", 400, "TooOld"),
    ("oversized", 413, "TooLarge"), ("oversized and signed", 413, "TooLarge"), ("no event", 400, "NotAnEvent"),
    ("no json", 400, "NotAnEvent"), ("empty", 400, "NotAnEvent"),
])  # fmt: skip
def test_what_is_not_to_be_taken_is_refused_and_nothing_of_it_kept(
    shop: Shop, post: Post, installation: Installation, how: str, status: int, why: str
) -> None:
    body, large = post.body, post.body + b" " * 300_000
    body, header = {
        "unsigned": (body, None), "empty header": (body, ""),
        "tampered": (body.replace(b"evt_", b"evt-", 1), signed(shop, body)),
        "another secret": (body, signed(shop, body, secret="whsec_of_somebody_else")),
        "old": (body, signed(shop, body, ago=301)), "to come": (body, signed(shop, body, ago=-301)),
        "oversized": (large, None), "oversized and signed": (large, signed(shop, large)),
        "no event": (b"{}", signed(shop, b"{}")), "no json": (b"\xff", signed(shop, b"\xff")),
        "empty": (b"", signed(shop, b"")),
    }[how]  # fmt: skip
    before = len(queued(installation))
    assert send(shop, body, header) == (status, [{"event": "webhook refused", "log_level": "warning", "why": why}])
    assert shop.events() == []
    assert len(queued(installation)) == before


def test_one_of_another_installation_is_answered_and_not_kept(shop: Shop, post: Post) -> None:
    """It is no mistake of Stripe's, which would send it again for days."""
    told = json.loads(post.body)["data"]
    told["object"] |= {"metadata": {"installation": "somebody-elses"}, "parent": None}
    body = changed(post, data=told)
    status, [line] = send(shop, body, signed(shop, body))
    assert (status, line["event"], line["log_level"]) == (200, "event of another installation", "info")
    assert shop.events() == []


def test_one_of_the_other_mode_is_answered_not_kept_and_told(shop: Shop, post: Post) -> None:
    body = changed(post, livemode=True)
    status, [line] = send(shop, body, signed(shop, body))
    assert (status, line["event"], line["log_level"]) == (200, "event of Stripe's other mode", "warning")
    assert shop.events() == []


def test_no_person_is_named_in_the_log(shop: Shop, post: Post) -> None:
    told = json.loads(post.body)["data"]
    told["object"] |= {"customer_email": "ann@example.com", "customer_name": "Ann Example"}
    for body in (changed(post, data=told), changed(post, data=told, livemode=True)):
        for header in (signed(shop, body), signed(shop, body, ago=400), None):
            assert "Ann" not in str(send(shop, body, header))
            assert "ann@" not in str(send(shop, body, header))


def test_only_posting_is_possible(shop: Shop) -> None:
    for method in ("get", "put", "delete"):
        assert getattr(shop.app.test_client(), method)(PATH).status_code == 405
