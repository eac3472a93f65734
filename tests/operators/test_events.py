"""Events of Stripe's in the console: found by workspace, id and state, page by page, and worked on again."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from html import unescape

import pytest
from flask import Flask

from tests.support.billing import selling
from tests.support.clients import Browser, statements
from tests.support.installation import Installation
from tests.support.operators import OperatorPerson

Make = Callable[..., OperatorPerson]
PAGE = "/operator/billing/events"
_MADE = """
    INSERT INTO public.stripe_events
        (id, type, created_at, received_at, livemode, payload, tenant_id, worked_at, attempts, error)
    SELECT 'evt_' || n, 'invoice.paid', now(), now() - n * interval '1 minute', false, '{}',
        CASE WHEN n % 2 = 0 THEN (SELECT id FROM public.tenants WHERE slug = 'acme') END,
        CASE WHEN n > 3 THEN now() END, CASE WHEN n = 1 THEN 30 ELSE 1 END, CASE WHEN n <= 2 THEN 'StripeBusy' END
    FROM generate_series(1, 120) n
"""


@pytest.fixture
def browser(app: Flask, installation: Installation, operator_for: Make) -> Iterator[Browser]:
    """The console, with 120 events: one given up, one that failed, one that waits; each second is of acme."""
    with selling(app):
        with installation.place.owner() as connection:
            connection.execute(_MADE)
        yield operator_for().browser


def shown(page: str) -> list[str]:
    return re.findall(r"evt_[0-9]+(?=</div>)", page)


def test_all_pages_together_are_all_of_them_once(browser: Browser) -> None:
    address, found = PAGE, []
    while address:
        answer = browser.get(address)
        assert statements(answer) <= 4
        found += shown(answer.text)
        led = re.search(r'href="([^"]*before=[^"]*)"', answer.text)
        address = unescape(led[1]) if led else ""
    assert found == [f"evt_{number}" for number in range(1, 121)]


@pytest.mark.parametrize(("query", "first"), [
    ("q=evt_7", ["evt_7"]), ("q=acme&show=failed", ["evt_2"]), ("show=failed", ["evt_1", "evt_2", "evt_3"]),
    ("q=/Acme", [f"evt_{number}" for number in range(2, 101, 2)]), ("q=nowhere", []), ("q=evt_%00", []),
])  # fmt: skip
def test_they_are_found(browser: Browser, query: str, first: list[str]) -> None:
    page = browser.get(f"{PAGE}?{query}").text
    assert shown(page) == first
    assert ("No such event" in page) is (not first)


def test_each_says_how_it_stands(browser: Browser) -> None:
    page = browser.get(f"{PAGE}?show=failed").text
    for told in ("Given up", "Failed", "Waiting", "StripeBusy", "30 attempts"):
        assert told in page, told
    assert browser.get(f"{PAGE}?before=nonsense").status_code == 200
    assert browser.get(f"{PAGE}?before=2026-01-01 evt_1").status_code == 200


def test_one_is_worked_on_again_and_that_is_noted(browser: Browser, installation: Installation) -> None:
    assert browser.post(PAGE, data={"event": "evt_1", "at": "events"}).location == PAGE
    assert shown(browser.get(f"{PAGE}?show=failed").text) == ["evt_1", "evt_2", "evt_3"]
    assert "Given up" not in browser.get(PAGE).text
    with installation.place.owner() as connection:
        noted = connection.execute("SELECT actor, details FROM public.operator_acts WHERE act = 'billing_replay'")
        assert noted.fetchall() == [("Olga Operator", {"event": "evt_1"})]


def test_nobody_else_comes_there(browser: Browser, client_for: Callable[..., Browser]) -> None:
    assert client_for("owner").get(PAGE).location == "/operator/signin"
