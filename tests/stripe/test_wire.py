"""The stripe package talks with the double as it does with Stripe, in process and over HTTP."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import stripe

from tests.stripe import KEY, Double

Client = stripe.StripeClient


@pytest.fixture(params=["in process", "over HTTP"])
def wired(request: pytest.FixtureRequest) -> Iterator[tuple[Double, Client]]:
    """A double and the package's client upon it, in both ways."""
    if request.param == "in process":
        double = Double()
        yield double, Client(KEY, http_client=double.http_client(), max_network_retries=0)
        return
    with Double() as double:
        transport = stripe.RequestsClient(timeout=2)
        yield double, Client(KEY, base_addresses={"api": double.url}, max_network_retries=0, http_client=transport)


def test_what_is_sent_comes_as_it_was_meant(wired: tuple[Double, Client]) -> None:
    double, client = wired
    made = client.v1.customers.create({
        "email": "ä&=+%@b.example", "metadata": {"a b": "c=d&e"}, "preferred_locales": ["zh-TW", "en"],
        "address": {"city": "台北", "country": "TW"},
    })  # fmt: skip
    found = client.v1.customers.retrieve(made.id)
    assert (found.email, found.preferred_locales) == ("ä&=+%@b.example", ["zh-TW", "en"])
    assert found.metadata is not None
    assert dict(found.metadata.to_dict()) == {"a b": "c=d&e"}
    assert found.address is not None
    assert found.address.city == "台北"
    assert double.requests[0].params["email"] == "ä&=+%@b.example"


def test_metadata_is_merged_and_emptied(wired: tuple[Double, Client]) -> None:
    _, client = wired
    id = client.v1.customers.create({"metadata": {"a": "1", "b": "2"}}).id

    def changed(metadata: Any) -> dict[str, str]:
        found = client.v1.customers.update(id, {"metadata": metadata}).metadata
        assert found is not None
        return dict(found.to_dict())

    assert changed({"a": "", "c": "3"}) == {"b": "2", "c": "3"}
    assert changed("") == {}


def test_lists_come_by_pages_newest_first(wired: tuple[Double, Client]) -> None:
    _, client = wired
    made = [client.v1.customers.create({"name": str(number)}).id for number in range(7)]
    first = client.v1.customers.list({"limit": 3})
    assert ([row.id for row in first.data], first.has_more) == (made[:3:-1], True)
    assert [row.id for row in client.v1.customers.list({"limit": 3}).auto_paging_iter()] == made[::-1]
    before = client.v1.customers.list({"limit": 2, "ending_before": made[2]})
    assert [row.id for row in before.data] == [made[4], made[3]]


def test_errors_are_the_package_s_own(wired: tuple[Double, Client]) -> None:
    double, client = wired
    with pytest.raises(stripe.InvalidRequestError) as absent:
        client.v1.customers.retrieve("cus_absent")
    assert (absent.value.http_status, absent.value.code, absent.value.param) == (404, "resource_missing", "id")
    id = client.v1.customers.create({}).id
    with pytest.raises(stripe.CardError) as declined:
        client.v1.payment_methods.attach("pm_card_visa_chargeDeclined", {"customer": id})
    assert (declined.value.http_status, declined.value.code) == (402, "card_declined")
    with pytest.raises(stripe.InvalidRequestError) as unknown:
        client.v1.customers.update(id, {"emial": "x"})  # type: ignore[typeddict-unknown-key]
    assert unknown.value.code == "parameter_unknown"
    assert len(double.violations) == 1


@pytest.mark.parametrize(
    ("kind", "error"),
    [("rate_limit", stripe.RateLimitError), ("server_error", stripe.APIError),
     ("connection", stripe.APIConnectionError), ("after", stripe.APIConnectionError)],
)  # fmt: skip
def test_troubles_come_once(wired: tuple[Double, Client], kind: str, error: type[Exception]) -> None:
    double, client = wired
    double.trouble(kind, path="/v1/customers")
    client.v1.products.list()
    with pytest.raises(error):
        client.v1.customers.create({"name": "One"})
    assert len(double.world.tables["customer"]) == (1 if kind == "after" else 0)
    client.v1.customers.create({"name": "Two"})


def test_a_request_with_a_key_is_carried_out_once(wired: tuple[Double, Client]) -> None:
    double, client = wired
    made = [client.v1.customers.create({"name": "Ann"}, {"idempotency_key": "k"}) for _ in range(2)]
    assert made[0].id == made[1].id
    assert [asked.replayed for asked in double.requests] == [False, True]
    with pytest.raises(stripe.IdempotencyError):
        client.v1.customers.create({"name": "Bea"}, {"idempotency_key": "k"})
    double.advance(hours=25)
    assert client.v1.customers.create({"name": "Bea"}, {"idempotency_key": "k"}).id != made[0].id


def test_a_retry_after_a_lost_answer_does_nothing_twice(
    wired: tuple[Double, Client], request: pytest.FixtureRequest
) -> None:
    double, _ = wired
    base = {"api": double.url} if request.node.callspec.id == "over HTTP" else {}
    http_client = None if base else double.http_client()
    patient = Client(KEY, base_addresses=base, http_client=http_client, max_network_retries=2)  # type: ignore[arg-type]
    double.trouble("after")
    patient.v1.customers.create({"name": "Ann"})
    assert len(double.world.tables["customer"]) == 1


def test_what_hangs_is_given_up_by_who_asks() -> None:
    with Double() as double:
        hasty = stripe.RequestsClient(timeout=0.3)
        client = Client(KEY, base_addresses={"api": double.url}, max_network_retries=0, http_client=hasty)
        double.trouble("hang")
        with pytest.raises(stripe.APIConnectionError):
            client.v1.products.list()
        assert client.v1.products.list().data == []


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 401),
        ({"Authorization": "Bearer sk_live_x"}, 401),
        ({"Authorization": f"Bearer {KEY}"}, 400),
        ({"Authorization": f"Bearer {KEY}", "Stripe-Version": "2020-08-27"}, 400),
    ],
)
def test_a_test_key_and_the_pinned_version_are_asked_for(headers: dict[str, str], status: int) -> None:
    with Double() as double:
        answer = httpx.get(f"{double.url}/v1/products", headers=headers)
        assert (answer.status_code, "error" in answer.json()) == (status, True)


def test_it_listens_on_the_loopback_address_only_and_to_its_names() -> None:
    with Double() as double:
        port = int(double.url.rpartition(":")[2])
        assert httpx.get(f"{double.url}/_control/clock").json() == {"now": double.now}
        assert httpx.get(f"{double.url}/_control/clock", headers={"Host": "evil.example"}).status_code == 421
        own = next((row[4][0] for row in socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET)), "127.0.0.1")
        if not own.startswith("127."):
            with pytest.raises(OSError, match="refused"):
                socket.create_connection((own, port), 2)


def test_an_id_says_what_it_is_of_and_comes_again_in_the_same_order() -> None:
    made = [Double().request("POST", "/v1/customers", {}) for _ in range(2)]
    assert made[0] == made[1]
    assert made[0]["id"].startswith("cus_")
    assert Double(seed="x").request("POST", "/v1/customers", {})["id"] != made[0]["id"]


def test_a_running_clock_is_the_wall_s_with_what_was_added() -> None:
    double = Double(now=None)
    assert abs(double.now - time.time()) < 5
    double.advance(days=3)
    assert abs(double.now - time.time() - 3 * 86_400) < 5
