"""What a workspace pays is told to who may read it, and to nobody else: neither on any page nor by any operation."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.guard.endpoints import SAFE
from tests.leaks.asking import Case
from tests.leaks.hunt import Hunt
from tests.leaks.marks import Mark, marks_of
from tests.leaks.offers import hunted
from tests.leaks.payments import FOREIGN_PAID, PAID
from tests.leaks.reading import addresses, plain_readings
from tests.leaks.roles import hunting
from tests.support.clients import browser_of, phone_of

KEPT_FROM = [who for who, scopes in hunting().items() if "billing:read" not in scopes]
ALL = Mark(PAID, "k")


def readings(hunt: Hunt, who: str) -> Iterator[Case]:
    for api in (False, True):
        for case in plain_readings(hunt.estate, who, api=api):
            if case.target == who:
                yield case


def test_who_may_read_it_is_told(hunt: Hunt) -> None:
    """Else nothing would be found elsewhere for want of looking."""
    told = {str(case.endpoint) for case in readings(hunt, "owner") if ALL in hunt.asker.ask(case).marks}
    assert {
        "GET /settings/billing", "GET /settings/billing/invoices", "GET /api/v1/billing/invoices",
    } <= told  # fmt: skip
    assert all("/billing" in endpoint for endpoint in told), "and nowhere else"


def test_there_are_people_who_may_not() -> None:
    assert {"admin", "manager", "rep", "viewer", "mixed"} <= {*KEPT_FROM}


@pytest.mark.parametrize("one", KEPT_FROM)
def test_nobody_else_is_told_anywhere(one: str, hunt: Hunt) -> None:
    asked = list(readings(hunt, one))
    assert len(asked) > 150
    assert hunt.of(asked) == []


@pytest.mark.parametrize("one", KEPT_FROM)
def test_nobody_else_is_told_by_what_they_ask_to_be_changed(one: str, hunt: Hunt) -> None:
    asked = [
        Case(one, endpoint, address, one, {"plan": "business", "to": "free", "reason": "unused", "seats": 9})
        for endpoint in hunted(hunt.estate.app)
        if "/billing" in endpoint.rule.rule and endpoint.method not in SAFE
        for address in addresses(hunt.estate, endpoint, one)
    ]
    assert len(asked) > 10
    assert hunt.of(asked) == []


def test_the_other_workspace_is_told_what_it_pays_alone(hunt: Hunt) -> None:
    estate = hunt.estate
    person, samples = estate.samples["outsider"].owner, estate.samples["outsider"]
    browser, phone, told = browser_of(estate.app, person), phone_of(estate.app, person), set()
    for endpoint in hunted(estate.app):
        if endpoint.method == "GET":
            asking = phone if endpoint.is_api else browser
            told |= {mark.number for mark in marks_of(asking.get(samples.address(estate.app, endpoint)))}
    hunt.asker.watch.take(committed=True)
    assert FOREIGN_PAID in told
    assert PAID not in told


def test_what_was_changed_is_put_back(hunt: Hunt) -> None:
    """Of the workspace's subscription as of everything: each request finds it as it was."""
    [case] = [one for one in readings(hunt, "owner") if str(one.endpoint) == "GET /api/v1/billing"]
    before = hunt.asker.ask(case).answer.json
    ends = [
        Case("owner", endpoint, addresses(hunt.estate, endpoint, "owner")[0], "owner",
             {"to": "closed", "reason": "unused"}, headers={"If-Match": "*"})
        for endpoint in hunted(hunt.estate.app)
        if str(endpoint) == "PUT /api/v1/billing/cancellation"
    ]  # fmt: skip
    outcome = hunt.asker.ask(ends[0])
    assert outcome.answer.json["ending"] == "closed"
    assert {"subscriptions", "billing_changes"} <= {change.table for change in outcome.changes}
    assert hunt.asker.ask(case).answer.json == before
