"""Nobody falls from working to deleted at one look: each state is lived in, and told of before the next one."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import update

from billing import figures
from billing.models import Subscription
from billing.turning import turn
from tenants.db import SHARED, db
from tests.billing.company import Company, Shop
from tests.support.mailbox import Mailbox


def put(company: Company, **values: Any) -> None:
    with db.engines[SHARED].begin() as connection:
        connection.execute(update(Subscription).where(Subscription.tenant_id == company.id).values(**values))


def pass_by(shop: Shop, **time: float) -> None:
    """Let time pass at a stroke, and our clock tick once."""
    shop.double.advance(hours=time.get("hours", 0) + 24 * time.get("days", 0))
    shop.lose()
    shop.turn()


def test_a_worker_that_was_away_for_months_goes_step_by_step(shop: Shop, acme: Company, mailbox: Mailbox) -> None:
    acme.subscribe()
    shop.double.account.after_retries = "past_due"
    shop.double.cards(acme.row.customer_id or "", "declined")
    pass_by(shop, days=200)
    assert (acme.row.state, acme.status) == ("past_due", "active")
    pass_by(shop, hours=1)
    assert acme.row.state == "past_due"
    pass_by(shop, days=3)
    assert (acme.row.state, acme.status) == ("read_only", "read_only")
    pass_by(shop, days=29)
    assert acme.row.state == "read_only"
    pass_by(shop, days=2)
    assert (acme.row.state, acme.status) == ("cancelled", "suspended")
    pass_by(shop, days=29)
    assert shop.deletion_asked(acme) is None
    pass_by(shop, days=2)
    assert shop.deletion_asked(acme) == "billing"
    subjects = [str(mail["Subject"]) for mail in mailbox.arrived("owner@acme.example")]
    told = [subjects.index(one) for one in (
        "A payment for Acme Instruments did not come through", "Acme Instruments can only be read now",
        "The subscription of Acme Instruments has ended",
    )]  # fmt: skip
    assert told == sorted(told)


def test_without_its_letter_nothing_follows(shop: Shop, acme: Company) -> None:
    """It is queued again until it has left, and only then the next step comes."""
    acme.subscribe()
    acme.cancel("closed")
    shop.goes_on(days=32)
    assert acme.row.state == "cancelled"
    put(acme, told=[], state_since=shop.now - timedelta(days=100))
    turn(shop.settings, shop.now)
    assert shop.deletion_asked(acme) is None
    shop.jobs()
    assert acme.row.told == ("cancelled",)
    turn(shop.settings, shop.now)
    assert shop.deletion_asked(acme) == "billing"


def test_what_is_lost_is_told_by_the_plan_that_was_left(shop: Shop, acme: Company) -> None:
    acme.subscribe("business", "month")
    seats, amount = acme.row.seats, acme.row.amount
    assert amount
    month = f"{shop.now:%Y-%m}"
    now = ("now", "active", "business", "EUR", 1, seats, seats * amount)
    assert now in list(figures.now_by_plan())
    assert (month, "converted", "business", "EUR", 1, seats, seats * amount) in list(figures.of_months())
    acme.cancel("free")
    shop.goes_on(days=32)
    lost = (f"{shop.now:%Y-%m}", "free", "business", "EUR", 1, seats, seats * amount)
    assert lost in list(figures.of_months())
    assert list(figures.now_by_plan()) == [("now", "free", "free", "EUR", 1, 0, 0)]


def test_who_is_closed_for_a_debt_is_lost_once(shop: Shop, acme: Company) -> None:
    acme.subscribe("team", "year")
    shop.double.account.after_retries = "past_due"
    shop.double.cards(acme.row.customer_id or "", "declined")
    shop.goes_on(days=366 + 16 + 34, step=5)
    assert acme.row.state == "cancelled"
    row = acme.row
    lost = [one for one in figures.of_months() if one[1] in ("cancelled", "free")]
    assert [(one[1], one[2], one[5], one[6]) for one in lost] == [
        ("cancelled", "team", row.seats, row.seats * (row.amount or 0) // 12)
    ]
