"""The double in a process of its own, as the demo runs it, and steered from afar."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
import stripe

from tests.stripe import KEY, Double
from tests.stripe.errors import Refused
from tests.stripe.remote import Remote
from tests.stripe.shop import Shop

CHECKOUT = Path(__file__).resolve().parents[2]


@contextmanager
def _running(state: Path) -> Iterator[Remote]:
    command = [
        *(sys.executable, "-m", "tests.stripe", "--state", str(state)),
        *("--webhook", "http://127.0.0.1:9/hook", "--secret", "whsec_double"),
    ]
    with subprocess.Popen(command, cwd=CHECKOUT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield Remote(process.stdout.readline().strip().rpartition(" ")[2])
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0


def test_it_goes_on_where_it_was(tmp_path: Path) -> None:
    with _running(tmp_path / "state") as remote:
        client = stripe.StripeClient(KEY, base_addresses={"api": remote.url})
        made = client.v1.customers.create({"name": "Ann"}).id
        page = client.v1.billing_portal.sessions.create({"customer": made}).url
        assert page.startswith(remote.url)
        remote.advance(days=40)
        moment = remote.now
        assert remote.violations() == []
    assert (tmp_path / "state").stat().st_mode & 0o077 == 0
    with _running(tmp_path / "state") as remote:
        client = stripe.StripeClient(KEY, base_addresses={"api": remote.url})
        assert client.v1.customers.retrieve(made).name == "Ann"
        assert httpx.get(remote.url + page.partition("/p/")[1] + page.partition("/p/")[2]).status_code == 200
        assert len(client.v1.webhook_endpoints.list().data) == 1
        assert "customer.created" in [post["type"] for post in remote.undelivered()]
        assert remote.now >= moment
        assert client.v1.customers.create({"name": "Bea"}).id != made


def test_a_remote_one_does_all_that_one_in_process_does() -> None:
    with Double() as double:
        remote, shop = Remote(double.url), Shop(double)
        remote.endpoint("http://127.0.0.1:9/hook")
        session = shop.session()
        with pytest.raises(Refused, match="declined"):
            remote.act("pay", session_id=session["id"], card="declined")
        subscription = remote.act("pay", session_id=session["id"])["subscription"]
        remote.cards(shop.customer, "declined")
        remote.account(retry_days=[1], after_retries="unpaid")
        remote.advance(days=31, hours=1)
        assert shop.status(subscription) == "past_due"
        remote.advance_to(double.now + 86_400)
        assert shop.status(subscription) == "unpaid"
        assert remote.act("change_card", customer_id=shop.customer)["id"] == shop.customer
        assert [event["type"] for event in remote.events("customer.deleted")] == []
        remote.switch(drop=3)
        assert double.webhooks.switches.drop == 3
        assert len(remote.undelivered()) == len(double.webhooks.posts) > 0
        remote.trouble("rate_limit")
        assert double.core.troubles[0].kind == "rate_limit"
        assert remote.requests()[0]["path"] == "/v1/products"
        kept = remote.dump()
        remote.reset()
        assert remote.events() == []
        double.load(kept)
        assert shop.status(subscription) == "unpaid"
