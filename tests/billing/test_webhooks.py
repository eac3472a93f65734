"""What comes to the webhook's address: kept once if Stripe signed it for us; all else refused, and nothing kept."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event

from billing import events, signatures
from billing.errors import BadSignature, NotAnEvent, TooLarge, TooOld, WebhookRefused
from billing.events import Received
from tenants.db import SHARED, db
from tenants.kept import before_run
from tests.billing.company import SECRET, Company, Shop
from tests.stripe.webhooks import Post, signature
from tests.support.installation import Installation
from tests.support.mailbox import queued


@pytest.fixture
def post(shop: Shop, acme: Company) -> Post:
    """An event of acme's that has not come yet."""
    shop.double.acts.pay(acme.go_to_checkout())
    [*_others, last] = shop.double.webhooks.take()
    return last


def signed(shop: Shop, body: bytes, secret: str = SECRET) -> dict[str, Any]:
    moment = shop.double.now
    header = f"t={moment},v1={signature(secret, moment, body)}"
    return {"raw": body, "signature": header, "settings": shop.settings, "now": shop.now}


def refused(shop: Shop, why: type[WebhookRefused], **asked: Any) -> None:
    with pytest.raises(why):
        events.receive(**asked)
    assert shop.events() == []


def test_a_good_one_is_kept_once_and_worked_on_once(shop: Shop, post: Post, installation: Installation) -> None:
    assert shop.receive(post) == Received.KEPT
    assert [name for name, _ in queued(installation)].count("billing.work_event") == 1
    assert shop.receive(post) == Received.KNOWN
    assert [name for name, _ in queued(installation)].count("billing.work_event") == 1
    assert len(shop.events()) == 1


def test_nothing_is_asked_of_stripe_while_it_is_received(shop: Shop, post: Post) -> None:
    shop.double.requests.clear()
    shop.receive(post)
    assert shop.double.requests == []


def test_receiving_takes_few_statements(shop: Shop, post: Post) -> None:
    said: list[str] = []

    def note(*args: Any) -> None:
        said.append(args[2])

    def note_kept(words: bytes, _values: Any) -> None:
        said.append(words.decode())

    engine = db.engines[SHARED]
    event.listen(engine, "before_cursor_execute", note)
    before_run.append(note_kept)
    try:
        shop.receive(post)
    finally:
        event.remove(engine, "before_cursor_execute", note)
        before_run.remove(note_kept)
    assert len(said) == 1, said  # who we are, the event, its job


def test_a_tampered_one_is_refused(shop: Shop, post: Post) -> None:
    body = post.body.replace(b"evt_", b"evt-", 1)
    refused(shop, BadSignature, raw=body, signature=post.headers["Stripe-Signature"], settings=shop.settings,
            now=shop.now)  # fmt: skip


@pytest.mark.parametrize(
    "header", ["", "t=1", "v1=00", "t=x,v1=00", "t=1,t=2,v1=00", "nonsense", "t=1,v1=", "t=²,v1=0"]
)
def test_an_unsigned_one_is_refused(shop: Shop, post: Post, header: str) -> None:
    refused(shop, BadSignature, raw=post.body, signature=header, settings=shop.settings, now=shop.now)


def test_one_that_somebody_else_signed_is_refused(shop: Shop, post: Post) -> None:
    refused(shop, BadSignature, **signed(shop, post.body, "whsec_of_somebody_else"))


@pytest.mark.parametrize("seconds", [301, -301])
def test_an_old_one_is_refused_and_one_of_times_to_come(shop: Shop, post: Post, seconds: int) -> None:
    asked = signed(shop, post.body) | {"now": shop.now + timedelta(seconds=seconds)}
    refused(shop, TooOld, **asked)


def test_the_edge_of_the_tolerance_is_within(shop: Shop, post: Post) -> None:
    asked = signed(shop, post.body) | {"now": shop.now + timedelta(seconds=300)}
    assert events.receive(**asked) == Received.KEPT


def test_an_oversized_one_is_refused_unread(shop: Shop, post: Post) -> None:
    refused(shop, TooLarge, **signed(shop, post.body + b" " * events.MOST_BYTES))


@pytest.mark.parametrize("body", [
    b"", b"[]", b"null", b"{}", b"\xff\xfe", b'{"object": "event"}', b'{"object": "charge", "id": "ch_1"}',
    b'{"object":"event","id":"evt_1","type":"x","created":1e400,"livemode":false,"data":{"object":{}}}',
    b'{"object":"event","id":"evt_1","type":"x","created":1,"livemode":false,"data":{"object":[]}}',
    b"[" * 5_000,
])  # fmt: skip
def test_what_is_signed_and_no_event_is_refused(shop: Shop, acme: Company, body: bytes) -> None:
    refused(shop, NotAnEvent, **signed(shop, body))


def test_one_of_another_installation_is_answered_and_not_kept(shop: Shop, post: Post) -> None:
    told = json.loads(post.body)
    metadata = {"installation": "somebody-elses", "tenant_id": told["data"]["object"].get("id")}
    told["data"]["object"]["metadata"] = metadata
    told["data"]["object"].pop("parent", None)
    assert events.receive(**signed(shop, json.dumps(told).encode())) == Received.FOREIGN
    assert shop.events() == []


def test_one_that_says_nothing_of_whose_it_is_counts_by_its_customer(shop: Shop, post: Post) -> None:
    told = json.loads(post.body)
    told["data"]["object"] |= {"metadata": {}, "parent": None, "customer": "cus_of_nobody"}
    told["data"]["object"].pop("object")
    assert events.receive(**signed(shop, json.dumps(told).encode())) == Received.FOREIGN


def test_one_of_the_other_mode_is_not_kept(shop: Shop, post: Post) -> None:
    told = json.loads(post.body) | {"livemode": True}
    assert events.receive(**signed(shop, json.dumps(told).encode())) == Received.FOREIGN
    assert shop.events() == []


def test_both_secrets_are_good_while_one_is_changed(shop: Shop, post: Post) -> None:
    for secrets in (["whsec_new", SECRET], [SECRET, "whsec_new"]):
        signatures.check_signature(post.body, post.headers["Stripe-Signature"], secrets, shop.now)
    with pytest.raises(BadSignature):
        signatures.check_signature(post.body, post.headers["Stripe-Signature"], [], shop.now)


def test_all_end_alike_however_they_come(shop: Shop, acme: Company) -> None:
    """Doubled, in the opposite order, late and lost but for one: the state is Stripe's."""
    shop.double.acts.pay(acme.go_to_checkout("business", "year"))
    posts = shop.double.webhooks.take()
    for one in [*reversed(posts), posts[0]]:
        shop.receive(one)
    shop.jobs()
    assert (acme.row.state, acme.row.plan, acme.row.interval) == ("active", "business", "year")
    assert acme.movements == ["converted"]
    shop.double.acts.cancel(acme.row.subscription_id or "", at_period_end=False)
    [*lost, last] = shop.double.webhooks.take()
    shop.receive(posts[1])  # of before, again
    shop.receive(last)
    shop.jobs()
    assert lost or acme.row.state == "free"
    assert acme.row.state == "free"


def test_what_fails_is_seen_tried_again_and_done(shop: Shop, post: Post, acme: Company) -> None:
    shop.receive(post)
    shop.double.trouble("server_error", times=9, path="/v1/subscriptions")
    with pytest.raises(Exception, match="500"):
        shop.jobs()
    [(_id, worked_at, error)] = shop.events()
    assert (worked_at, error) == (None, "StripeBusy: HTTP 500")
    assert [row.error for row in events.listed(failed=True, limit=5)] == [error]
    shop.double.core.troubles.clear()
    assert events.replay(_id)
    assert not events.replay("evt_nobody_knows")
    shop.jobs()
    [(_id, worked_at, error)] = shop.events()
    assert worked_at is not None
    assert error is None
    assert events.listed(failed=True, limit=5) == []
    assert acme.row.state == "active"


def test_an_event_left_behind_is_taken_up_by_the_hour(shop: Shop, post: Post, installation: Installation) -> None:
    shop.receive(post)
    with installation.place.owner() as connection:  # its job was lost
        connection.execute("TRUNCATE jobs.procrastinate_jobs CASCADE")
        connection.execute("UPDATE public.stripe_events SET received_at = received_at - interval '1 year'")
    shop.turn()
    found = {event_id: worked_at for event_id, worked_at, _error in shop.events()}  # and those that never came
    assert json.loads(post.body)["id"] in found
    assert None not in found.values()
