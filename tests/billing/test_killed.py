"""`kill -9` of web and worker in the middle of every step: in the end our state is Stripe's, and nobody pays twice.

Each step is done by a process that kills itself at one of its calls of Stripe or commits, before it or after it. Then
the worker goes on, Stripe tells again what nobody answered, and people do again what they saw no answer to.

`PROOFS_WHOLE=1 make test ARGS=tests/billing/test_killed.py JOBS=0` takes every moment of each; else it is one of some.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import pytest

from billing import changing
from billing.errors import BillingError
from tests.billing.company import Shop
from tests.billing.killing import Killed, Victim, victim_of
from tests.stripe.errors import Refused
from tests.support.cast import Cast
from tests.support.installation import Installation
from tests.support.proofs import WHOLE
from tests.support.tally import tally

MOST, TRIES = 200, 5
"""Moments of a step, and lives until it comes to the chosen one: some depend on which of two jobs was quicker."""
Does = Callable[[Killed], Any]
Moment = list[Any]
"""Its name, and which of this name it is."""


@dataclass(frozen=True)
class Step:
    """What was before, what the process does that is killed, and what its user does then, who saw no answer.

    `answer` is the status where nobody is killed, 0 for the worker: what is refused at the door kills nothing.
    """

    before: Does
    does: Callable[[Killed], dict[str, Any]]
    again: Does = lambda _: None
    answer: int = 0


def _pays(life: Killed) -> None:
    """Go to Checkout and pay, unless that is done."""
    with suppress(BillingError, Refused):
        life.shop.double.acts.pay(life.acme.go_to_checkout())
    life.shop.deliver()


def _paid_in_two_tabs(life: Killed) -> None:
    first = life.acme.go_to_checkout()
    life.shop.double.acts.pay(first)
    life.acme.pay_a_second_time()
    life.is_told()


def _changes(life: Killed) -> None:
    life.acme.change("business", "month")


def _is_asked(life: Killed) -> None:
    """Ask for a larger plan, whose bank asks first."""
    with suppress(BillingError):
        life.acme.change("business", "month")


def _takes_change_back(life: Killed) -> None:
    with suppress(BillingError):
        changing.take_back(life.shop.settings, life.acme.tenant, actor=life.acme.owner)


def _cancels(life: Killed) -> None:
    with suppress(BillingError):
        life.acme.cancel()


def _takes_back(life: Killed) -> None:
    with suppress(BillingError):
        life.acme.take_back()


def _has_told(life: Killed) -> None:
    life.shop.double.acts.pay(life.acme.go_to_checkout())
    life.is_told()


def _has_paid(life: Killed) -> None:
    life.acme.subscribe()


def _has_a_bank_that_asks(life: Killed) -> None:
    life.acme.subscribe(card="3ds_always")


def _has_asked(life: Killed) -> None:
    _has_a_bank_that_asks(life)
    _is_asked(life)
    life.shop.jobs()


def _was_not_answered(life: Killed) -> None:
    """A change waited for the bank until it was over; Stripe has told so."""
    _has_asked(life)
    life.shop.double.advance(hours=24)
    life.is_told()


def _has_cancelled(life: Killed) -> None:
    life.acme.subscribe()
    life.acme.cancel()
    life.shop.jobs()


def _has_invited(life: Killed) -> None:
    life.acme.subscribe()
    life.acme.invite(2)
    life.shop.double.advance(hours=1)


def _has_fewer(life: Killed) -> None:
    """Two seats more than people, and a smaller plan, wait for the last hours of the period."""
    life.acme.subscribe("business", seats=life.acme.people() + 2)
    life.acme.change("team", "month")
    life.acme.count()
    ends = life.acme.row.period_ends_at
    assert ends is not None
    life.shop.double.advance_to(int(ends.timestamp()) - 3_600)


def _has_another_card(life: Killed) -> None:
    """Owed since the second month, and there is another card."""
    life.acme.subscribe()
    life.shop.double.cards(life.acme.row.customer_id or "", "declined")
    life.shop.goes_on(days=33, step=33)
    assert life.acme.row.state == "past_due"
    life.shop.double.acts.change_card(life.acme.row.customer_id or "", "works")
    life.is_told()


def _was_lost(life: Killed) -> None:
    """Stripe's webhooks were lost, and the customer was never noted."""
    life.shop.double.acts.pay(life.acme.go_to_checkout())
    life.shop.lose()
    with life.installation.place.owner() as connection:
        connection.execute("UPDATE public.subscriptions SET customer_id = NULL")


def _had_its_trial(life: Killed) -> None:
    life.shop.double.advance(days=14, hours=1)


def _had_its_grace(life: Killed) -> None:
    """Owed for longer than the days of grace, and nobody has looked since."""
    life.acme.subscribe()
    life.shop.double.account.after_retries = "past_due"
    life.shop.double.cards(life.acme.row.customer_id or "", "declined")
    life.shop.goes_on(days=33, step=33)
    assert life.acme.row.state == "past_due"
    life.shop.double.advance(days=15)


def _never_pays(life: Killed) -> None:
    """Cancelled since a month, a moment before the rules of deletion begin."""
    life.acme.subscribe()
    life.shop.double.account.after_retries = "past_due"
    life.shop.double.cards(life.acme.row.customer_id or "", "declined")
    life.shop.goes_on(days=6 * 16, step=16)  # each state has its days from when it was noted
    assert life.acme.row.state == "cancelled"
    life.shop.double.advance(days=31)


STEPS = {
    "going to Checkout": Step(
        lambda _: None,
        lambda life: life.by_phone("POST", "/billing/checkout", json={"plan": "team", "interval": "month"}),
        _pays,
        200,
    ),
    "coming back from paying": Step(
        lambda life: life.shop.double.acts.pay(life.acme.go_to_checkout()),
        lambda life: life.by_page("/acme/settings/billing/returned?session_id=cs_any"),
        answer=303,
    ),
    "keeping a webhook": Step(
        lambda life: life.shop.double.acts.pay(life.acme.go_to_checkout()),
        lambda life: life.by_stripe(),
        answer=200,
    ),
    "working on events": Step(_has_told, lambda life: life.by_worker()),
    "ending a second subscription": Step(_paid_in_two_tabs, lambda life: life.by_worker()),
    "paying by another card": Step(_has_another_card, lambda life: life.by_worker()),
    "more seats": Step(_has_invited, lambda life: life.by_worker("billing.turn")),
    "fewer seats and a smaller plan": Step(_has_fewer, lambda life: life.by_worker("billing.turn")),
    "a larger plan": Step(
        _has_paid, lambda life: life.by_phone("PUT", "/billing/plan", json={"plan": "business"}), _changes, 200
    ),
    "a larger plan whose bank asks": Step(
        _has_a_bank_that_asks,
        lambda life: life.by_phone("PUT", "/billing/plan", json={"plan": "business"}),
        _is_asked,
        402,
    ),
    "taking that back": Step(
        _has_asked, lambda life: life.by_phone("DELETE", "/billing/confirmation"), _takes_change_back, 204
    ),
    "telling that nobody answered the bank": Step(_was_not_answered, lambda life: life.by_worker()),
    "cancelling": Step(
        _has_paid,
        lambda life: life.by_phone("PUT", "/billing/cancellation", json={"to": "free", "reason": "unused"}),
        _cancels,
        200,
    ),
    "taking it back": Step(
        _has_cancelled, lambda life: life.by_phone("DELETE", "/billing/cancellation"), _takes_back, 204
    ),
    "the nightly round": Step(_was_lost, lambda life: life.by_worker("billing.reconcile")),
    "the end of a trial": Step(_had_its_trial, lambda life: life.by_worker("billing.turn")),
    "the end of grace": Step(_had_its_grace, lambda life: life.by_worker("billing.turn")),
    "deletion and its letters": Step(_never_pays, lambda life: life.by_worker("billing.turn")),
}

ALWAYS = ("going to Checkout", "keeping a webhook", "working on events", "ending a second subscription", "more seats",
          "paying by another card", "a larger plan")  # fmt: skip
"""In every run, killed once; the others where all is wanted."""


@pytest.fixture(scope="module")
def started() -> Iterator[list[Any]]:
    """What lasts for all tests here: the process, as soon as there is one."""
    held: list[Any] = []
    yield held
    for context in held[1:]:
        context.__exit__(None, None, None)


@pytest.fixture
def life(shop: Shop, installation: Installation, cast: Cast, started: list[Any]) -> Killed:
    """A workspace whose life begins anew each time, and the process that is killed."""
    if not started:
        context = victim_of(shop, installation.folder)
        started += [context.__enter__(), context]
    victim: Victim = started[0]

    class This(Killed):
        pass

    This.shop, This.installation, This.beginning = shop, installation, shop.double.dump()
    This.victim, This.person = victim, cast["owner"]
    return This()


def lived(life: Killed, step: Step, at: Moment | None = None, where: str = "before") -> tuple[dict[str, Any], Any]:
    """Live through a step with one that is killed; returns how it ended, and what was so in the end."""
    life.begin()
    step.before(life)
    found = life.victim.does(life.shop, {**step.does(life), "at": at, "where": where})
    step.again(life)
    life.goes_on()
    life.ends()
    row = life.acme.row
    letters = sorted({told.partition("-in_")[0] for told in row.told})  # an invoice has another name in each life
    return found, (row.state, row.plan, row.seats, life.paid(), len(life._living()), letters, life.asked_to_end())


@pytest.mark.timeout(3_600 if WHOLE else 120)
@pytest.mark.parametrize("name", STEPS if WHOLE else ALWAYS)
def test_killed_at_any_moment(life: Killed, name: str) -> None:
    """All ends as where nobody was killed: the same state, the same seats, and not a cent more was paid."""
    step = STEPS[name]
    whole, wanted = lived(life, step)
    assert whole["status"] == step.answer
    assert 0 < len(whole["moments"]) < MOST
    moments = [(at, where) for at in whole["moments"] for where in ("before", "after")]
    chosen = moments if WHOLE else [moments[hash_of(name) % len(moments)]]
    for at, where in chosen:
        for _ in range(TRIES):
            found, ended = lived(life, step, at, where)
            assert ended == wanted, f"killed {where} {at}"
            if "killed" in found:
                break
        else:
            raise AssertionError(f"nobody was killed {where} {at}, there were only {found['moments']}")
    tally(f"billing: killed while {name}, of {len(moments)} moments", len(chosen))


def hash_of(name: str) -> int:
    """Return the same number for the same name in every run."""
    return sum(map(ord, name))
