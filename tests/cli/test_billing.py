"""`saas-crm billing`: prices, subscriptions, events and figures from the command line, upon the double of Stripe."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from click.testing import Result

from tests.stripe import KEY, Double
from tests.support.command import Call
from tests.support.installation import Installation


@pytest.fixture
def double() -> Iterator[Double]:
    with Double(now=None) as found:
        yield found
        assert found.violations == []


@pytest.fixture
def bill(call: Call, double: Double) -> Any:
    """Call `saas-crm billing …` with a key."""

    def run(*arguments: str) -> Result:
        return call("billing", *arguments, STRIPE_SECRET_KEY=KEY, STRIPE_API_BASE=double.url,
                    STRIPE_WEBHOOK_SECRET="whsec_double")  # fmt: skip

    return run


@pytest.mark.parametrize("arguments", [["sync"], ["reconcile"], ["replay", "evt_1"]])
def test_without_a_key_it_says_so(call: Call, arguments: list[str]) -> None:
    done = call("billing", *arguments)
    assert done.exit_code == 2
    assert "STRIPE_SECRET_KEY is not set" in done.output


def test_sync_says_what_it_does_and_does_it_once(bill: Any, double: Double) -> None:
    dry = bill("sync", "--dry-run")
    assert "+ make crm_team_month_eur 1200" in dry.output
    assert "nothing was changed" in dry.output
    assert double.request("GET", "/v1/prices")["data"] == []
    assert "+ make product business" in bill("sync").output
    assert bill("sync").output == "All products and prices are as the plans say.\n"


def test_a_plan_by_hand_is_put_shown_and_ended(bill: Any, installation: Installation) -> None:
    bill("sync")
    done = bill(
        "manual", "acme", "--plan", "business", "--seats", "12", "--paid-until", "2040-12-31", "--invoice", "R-7"
    )
    assert (done.exit_code, done.output) == (0, "acme is on business, 12 seats\n")
    shown = bill("show", "acme").output
    for line in ("plan: business", "source: manual", "state: active", "seats: 12", "invoice_number: R-7",
                 "paid_until: 2040-12-31 23:59 UTC"):  # fmt: skip
        assert line in shown.splitlines()
    with installation.place.owner() as connection:
        plan = connection.execute("SELECT plan FROM public.tenants WHERE slug = 'acme'").fetchone()
        assert plan is not None
        assert plan[0]["key"] == "business"
    assert bill("manual", "acme", "--end").exit_code == 0
    assert "state: free" in bill("show", "acme").output
    assert bill("manual", "acme", "--end").exit_code == 1


def by_hand(bill: Any, days: int) -> Result:
    until = datetime.now(UTC) - timedelta(days=days)
    done: Result = bill(
        "manual", "acme", "--plan", "team", "--seats", "2", "--paid-until", f"{until:%Y-%m-%d}", "--invoice", "R-8"
    )
    return done


def test_a_plan_by_hand_that_is_over_is_owed(bill: Any) -> None:
    assert by_hand(bill, 5).exit_code == 0
    assert "state: past_due" in bill("show", "acme").output


def test_a_plan_by_hand_that_was_over_long_ago_is_a_mistake(bill: Any) -> None:
    """A mistyped year would close the workspace, and then delete it."""
    done = by_hand(bill, 370)
    assert (done.exit_code, "is longer ago than the 14 days of grace" in done.output) == (1, True)
    assert bill("show", "acme").output == "acme has no subscription and no limits\n"


@pytest.mark.parametrize(("arguments", "code"), [
    (["manual", "acme"], 2), (["manual", "acme", "--plan", "gold", "--seats", "1", "--paid-until", "2040-01-01"], 2),
    (["manual", "nobody", "--plan", "team", "--seats", "1", "--paid-until", "2040-01-01"], 1), (["show", "nobody"], 1),
    (["replay", "evt_nobody"], 1),
])  # fmt: skip
def test_what_cannot_be_is_one_line(bill: Any, arguments: list[str], code: int) -> None:
    done = bill(*arguments)
    assert done.exit_code == code
    assert "Traceback" not in done.output
    assert len(done.output.strip().splitlines()) <= 2


def test_a_workspace_without_a_subscription_has_no_limits(bill: Any) -> None:
    assert bill("show", "acme").output == "acme has no subscription and no limits\n"


def test_events_are_listed_and_reconciled(bill: Any) -> None:
    assert bill("events").output == "No event has come yet.\n"
    assert bill("events", "--failed").output == "No event waits or has failed.\n"
    done = bill("reconcile")
    assert (done.exit_code, done.output.split(",")[0]) == (0, "looked: 0")


def test_stripe_that_does_not_answer_is_one_line(bill: Any, double: Double) -> None:
    double.trouble("server_error", times=50)
    done = bill("sync")
    double.core.troubles.clear()
    assert done.exit_code == 1
    assert "Stripe did not answer" in done.output


def test_figures_are_of_a_month_and_of_now(bill: Any) -> None:
    bill("manual", "acme", "--plan", "team", "--seats", "3", "--paid-until", "2040-12-31", "--interval", "month")
    month = f"{datetime.now(UTC):%Y-%m}"
    done = bill("figures", "--month", month, "--csv")
    rows = [line.split(",") for line in done.output.splitlines()]
    assert rows[0] == ["month", "kind", "plan", "currency", "how many", "seats", "mrr"]
    assert [month, "manual", "team", "EUR", "1", "3", "3600"] in rows
    assert ["now", "active", "team", "EUR", "1", "3", "3600"] in rows
    assert bill("figures", "--month", "2001-01").exit_code == 0
