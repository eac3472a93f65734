"""The double's answers are Stripe's: by its description and by the types of the stripe package, all operations."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from tests.stripe import Double
from tests.stripe.conformity import CLASSES, against_description, against_types, object_against_description
from tests.stripe.description import find
from tests.stripe.errors import Misused
from tests.stripe.routes import learned
from tests.stripe.scenery import Tour


class Watched(Double):
    """A double each of whose answers is checked."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: Counter[str] = Counter()
        self.faults: set[str] = set()

    def request(self, method: str, path: str, params: dict[str, Any] | None = None, key: str | None = None) -> Any:
        answer = super().request(method, path, params, key)
        found = find(method, path)
        assert found is not None
        self.asked[found[0]] += 1
        self.faults |= {f"{found[0]}: {fault}" for fault in against_description(found[0], answer)}
        self.faults |= {f"{found[0]}: {fault}" for fault in against_types(answer)}
        return answer


@pytest.fixture(scope="module")
def toured() -> Watched:
    double = Watched()
    Tour(double).all()
    return double


def test_answers_are_what_the_description_and_the_types_say(toured: Watched) -> None:
    assert sorted(toured.faults) == []


def test_the_tour_asks_for_every_operation_that_the_double_has_learned(toured: Watched) -> None:
    assert sorted(set(learned()) - set(toured.asked)) == []


def test_objects_within_events_are_what_the_description_says(toured: Watched) -> None:
    faults = set()
    for event in toured.events():
        held = event["data"]["object"]
        faults |= {f"{event['type']}: {fault}" for fault in object_against_description(held) + against_types(held)}
    assert sorted(faults) == []


def test_every_kind_of_object_was_seen(toured: Watched) -> None:
    seen = {event["data"]["object"]["object"] for event in toured.events()}
    assert {"customer", "invoice", "subscription", "checkout.session", "price", "payment_intent"} <= seen
    assert seen <= set(CLASSES)


@pytest.mark.parametrize(
    ("method", "path", "params", "words"),
    [
        ("POST", "/v1/customers", {"emial": "a@b.example"}, "Received unknown parameter: emial"),
        ("POST", "/v1/customers", {"address": {"contry": "DE"}}, "Received unknown parameter: address[contry]"),
        ("POST", "/v1/prices", {"currency": "eur", "recurring": {"interval": "fortnight"}}, "recurring[interval]"),
        ("POST", "/v1/prices", {"unit_amount": 5}, "Missing required param: currency"),
        ("POST", "/v1/prices", {"currency": "eur", "unit_amount": "1.5"}, "Invalid integer"),
        ("GET", "/v1/prices", {"limit": "many"}, "Invalid integer"),
        ("GET", "/v1/nothing", {}, "Unrecognized request URL"),
        ("DELETE", "/v1/prices/price_1", {}, "Unrecognized request URL"),
        ("GET", "/v1/charges", {}, "has not learned GET /v1/charges"),
        ("POST", "/v1/customers", {"cash_balance": {}}, "has not learned the parameter cash_balance"),
        ("POST", "/v1/subscriptions/sub_1", {"billing_cycle_anchor": "now"}, "Invalid object"),
    ],
)  # fmt: skip
def test_what_stripe_or_the_double_does_not_know_is_refused_and_noted(
    method: str, path: str, params: dict[str, Any], words: str
) -> None:
    double = Double()
    with pytest.raises(Misused, match=None) as refused:
        double.request(method, path, params)
    assert words in refused.value.error["message"]
    assert len(double.violations) == 1
    assert words in double.violations[0]
