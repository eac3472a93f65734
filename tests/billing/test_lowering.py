"""A lowering that waits for the period's end, and whose price is gone by then."""

from __future__ import annotations

import pytest
from sqlalchemy import select, update
from structlog.testing import capture_logs

from billing.models import StripePrice
from tenants.db import SHARED, db
from tests.billing.company import Company, Shop
from tests.support.mailbox import Mailbox


def archive(shop: Shop, plan: str, interval: str) -> None:
    """Sell a price no more, there and here, as `billing sync` does."""
    which = (StripePrice.plan == plan, StripePrice.interval == interval)
    with db.engines[SHARED].begin() as connection:
        gone = list(connection.scalars(select(StripePrice.price_id).where(*which)))
        connection.execute(update(StripePrice).where(*which).values(active=False))
    for price_id in gone:
        shop.gateway.set_price(price_id, active=False)


@pytest.mark.parametrize("extra", [0, 1])
def test_the_present_plan_goes_on_and_it_is_told(shop: Shop, acme: Company, mailbox: Mailbox, extra: int) -> None:
    acme.subscribe("business", "month", seats=acme.people() + extra)
    acme.change("team", "month")
    archive(shop, "team", "month")
    shop.goes_on(days=20)
    assert acme.row.next_plan == "team", "it may be offered again until then"
    with capture_logs() as logs:
        shop.goes_on(days=13)
    assert (acme.row.plan, acme.at_stripe.plan, acme.row.next_plan) == ("business", "business", "")
    assert acme.row.seats == acme.people(), "seats are given back all the same"
    [said] = [one for one in logs if "not offered any more" in one["event"]]
    assert (said["log_level"], said["plan"], said["interval"]) == ("error", "team", "month")
    told = [mail["Subject"] for mail in mailbox.arrived() if "not offered any more" in str(mail["Subject"])]
    assert len(told) == 1


def test_one_that_is_offered_again_in_time_holds(shop: Shop, acme: Company) -> None:
    acme.subscribe("business", "month")
    acme.change("team", "month")
    price = shop.gateway.prices("team")
    archive(shop, "team", "month")
    acme.invite()
    shop.goes_on(days=2)
    assert acme.row.next_plan == "team"
    for one in price:
        if one.interval == "month":
            shop.gateway.set_price(one.price_id, active=True)
    with db.engines[SHARED].begin() as connection:
        connection.execute(update(StripePrice).values(active=True))
    shop.goes_on(days=31)
    assert (acme.row.plan, acme.row.next_plan) == ("team", "")
