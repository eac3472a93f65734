"""`saas-crm billing events` and `replay`: what failed is seen from the command line, and worked on again."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from click.testing import Result

from tests.stripe import KEY
from tests.support.command import Call
from tests.support.installation import Installation

Bill = Callable[..., Result]
_MADE = """
    INSERT INTO public.stripe_events
        (id, type, customer_id, created_at, received_at, livemode, payload, tenant_id, worked_at, attempts, error)
    SELECT 'evt_' || n, 'invoice.paid', 'cus_' || n, '2026-05-01 12:00+00', now() - n * interval '1 minute', false,
        '{}', CASE WHEN n = 2 THEN (SELECT id FROM public.tenants WHERE slug = 'acme') END,
        CASE WHEN n = 4 THEN now() END, CASE n WHEN 1 THEN 30 WHEN 2 THEN 3 WHEN 4 THEN 1 ELSE 0 END,
        CASE WHEN n <= 2 THEN 'StripeBusy: HTTP 500' END
    FROM generate_series(1, 4) n
"""
_WAITING = "SELECT args->>'customer' FROM jobs.procrastinate_jobs WHERE task_name = 'billing.work_event'"
LINES = {
    "evt_1": "-  given up after 30 times  StripeBusy: HTTP 500",
    "evt_2": "acme  failed 3 times  StripeBusy: HTTP 500",
    "evt_3": "-  waits",
    "evt_4": "-  worked on",
}


@pytest.fixture
def bill(call: Call, installation: Installation) -> Bill:
    """Call `saas-crm billing …` where one event was given up, one has failed, one waits and one is done."""
    with installation.place.owner() as connection:
        connection.execute(_MADE)

    def run(*arguments: str) -> Result:
        return call("billing", *arguments, STRIPE_SECRET_KEY=KEY, STRIPE_WEBHOOK_SECRET="whsec_double")

    return run


def lines(*names: str) -> list[str]:
    return [f"2026-05-01 12:00:00  {name}  invoice.paid  {LINES[name]}" for name in names]


def test_each_is_listed_with_how_it_stands_the_newest_first(bill: Bill) -> None:
    assert bill("events").output.splitlines() == lines("evt_1", "evt_2", "evt_3", "evt_4")
    assert bill("events", "--failed").output.splitlines() == lines("evt_1", "evt_2", "evt_3")
    assert bill("events", "--failed", "--limit", "1").output.splitlines() == lines("evt_1")


def test_one_that_was_given_up_is_worked_on_again(bill: Bill, installation: Installation) -> None:
    done = bill("replay", "evt_1")
    assert (done.exit_code, done.output) == (0, "evt_1 waits for the worker\n")
    with installation.place.owner() as connection:
        assert connection.execute(_WAITING).fetchall() == [("cus_1",)]
    [first, *_others] = bill("events", "--failed").output.splitlines()
    assert first.endswith("evt_1  invoice.paid  -  waits")
