"""Seats while others look, write, pay or die: who comes in between is counted, and nobody is paid for who does not."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from billing import seats
from billing.errors import NothingToDo, StripeUnreachable
from tenants.db import db, tenant_scope
from tests.billing.company import Company, Shop


def elsewhere(shop: Shop, does: Callable[[], object]) -> Callable[[], None]:
    """Let something be done by another process while Stripe is asked."""

    def done() -> None:
        with shop.app.app_context():
            does()

    return done


@pytest.mark.parametrize("interval", ["month", "year"])
def test_who_is_invited_while_stripe_is_told_is_not_lost(shop: Shop, acme: Company, interval: str) -> None:
    acme.subscribe("team", interval, seats=acme.people())
    acme.invite()
    shop.double.advance(hours=1)
    shop.double.meanwhile("POST", "/v1/subscriptions/", elsewhere(shop, acme.invite))
    assert seats.send_due(shop.settings, acme.id, now=shop.now)
    assert acme.row.seats == acme.people() - 1
    assert acme.row.seats_due_at is not None
    shop.goes_on(hours=2)
    assert acme.row.seats == acme.at_stripe.seats == acme.people()
    assert acme.row.seats_due_at is None


def test_who_is_invited_while_stripe_is_looked_at_is_counted(shop: Shop, acme: Company) -> None:
    acme.subscribe(seats=acme.people())
    acme.invite()
    shop.double.advance(hours=1)
    shop.double.meanwhile("GET", "/v1/subscriptions", elsewhere(shop, acme.invite))
    seats.send_due(shop.settings, acme.id, now=shop.now)
    assert acme.row.seats == acme.people()


def test_who_goes_while_stripe_is_told_is_seen(shop: Shop, acme: Company) -> None:
    acme.subscribe(seats=acme.people())
    acme.invite(2)
    shop.double.advance(hours=1)
    shop.double.meanwhile("POST", "/v1/subscriptions/", elsewhere(shop, acme.withdraw))
    seats.send_due(shop.settings, acme.id, now=shop.now)
    assert acme.row.seats == acme.people() + 1
    shop.goes_on(days=32)
    assert acme.row.seats == acme.people()


def test_a_change_of_plan_takes_no_seat_away(shop: Shop, acme: Company) -> None:
    """Another process has set a seat more between the look and the change, which says how many there are."""
    acme.subscribe("team", "month", seats=acme.people())
    acme.invite()
    shop.double.advance(hours=1)
    told = elsewhere(shop, lambda: seats.send_due(shop.settings, acme.id, now=shop.now))
    shop.double.meanwhile("POST", "/v1/subscriptions/", told)
    acme.change("business", "month")
    shop.jobs()
    shop.goes_on(hours=2)
    assert acme.row.seats == acme.at_stripe.seats == acme.people()


def test_who_is_invited_between_checkout_and_payment_has_a_seat(shop: Shop, acme: Company) -> None:
    page = acme.go_to_checkout()
    acme.invite(2)
    shop.double.acts.pay(page)
    shop.deliver()
    assert acme.row.seats == acme.people() - 2
    shop.goes_on(hours=2)
    assert acme.row.seats == acme.at_stripe.seats == acme.people()


def test_seats_are_agreed_to_with_the_invitation_or_not_at_all(shop: Shop, acme: Company) -> None:
    acme.subscribe(seats=acme.people())
    with tenant_scope(acme.tenant):
        seats.agree(acme.row.seats + 3)
        db.session.rollback()  # the invitation failed
    shop.jobs()
    assert (acme.row.seats_wanted, acme.row.seats_due_at) == (None, None)
    acme.invite()
    with tenant_scope(acme.tenant):
        seats.agree(acme.row.seats + 3)
        db.session.commit()
    shop.jobs()
    assert acme.row.seats_wanted == acme.people(), "no more than somebody stands behind"


def test_who_dies_between_stripe_and_the_row_leaves_no_old_lowering(shop: Shop, acme: Company) -> None:
    acme.subscribe("business", "month")
    acme.change("team", "month")
    assert acme.row.next_plan == "team"
    path = f"/v1/subscriptions/{acme.row.subscription_id}"
    shop.double.trouble("after", times=3, path=path)  # Stripe has done it, and nobody lives to hear of it
    with pytest.raises(StripeUnreachable):
        acme.change("business", "year")
    shop.double.core.troubles.clear()
    shop.deliver()
    assert (acme.row.interval, acme.row.next_plan, acme.row.next_interval) == ("year", "", "")
    shop.goes_on(days=370, step=60)
    assert (acme.row.plan, acme.row.interval) == ("business", "year")


def test_a_lowering_that_is_chosen_after_such_a_death_stays(shop: Shop, acme: Company) -> None:
    acme.subscribe("business", "month")
    path = f"/v1/subscriptions/{acme.row.subscription_id}"
    shop.double.trouble("after", times=3, path=path)
    with pytest.raises(StripeUnreachable):
        acme.change("business", "year")
    shop.double.core.troubles.clear()
    acme.change("business", "month")
    shop.deliver()
    assert (acme.row.interval, acme.row.next_interval) == ("year", "month")


def test_a_declined_change_leaves_what_waits(shop: Shop, acme: Company) -> None:
    from billing.errors import CardDeclined

    acme.subscribe("business", "month")
    acme.change("team", "month")
    shop.double.cards(acme.row.customer_id or "", "declined")
    with pytest.raises(CardDeclined):
        acme.change("business", "year")
    assert (acme.row.next_plan, acme.row.next_interval) == ("team", "month")


def test_nobody_agrees_where_nothing_is_paid(shop: Shop, acme: Company) -> None:
    with tenant_scope(acme.tenant):
        seats.agree(9)
        db.session.commit()
    shop.jobs()
    assert acme.row.seats_wanted is None
    with pytest.raises(NothingToDo):
        seats.want(acme.tenant, 9)
