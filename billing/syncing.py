"""Making Stripe's products and prices equal to the plans: said again it changes nothing.

A price that somebody may pay is never changed (Stripe would not let us): another amount is another price, the former
one is archived, and who has it keeps it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from billing.entitlements import renew
from billing.models import StripePrice as PriceRow
from billing.plans import Catalogue, Plan, Price, lookup_key
from billing.stripe_facts import StripePrice
from saas_crm.core.clock import now
from tenants.db import SHARED, db
from tenants.directory import shared_reader

if TYPE_CHECKING:
    from billing.stripe_gateway import StripeGateway


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that is done, or would be: make, change, offer (again) or archive, of a product or a price."""

    act: str
    what: str
    amount: int = 0


def sync(gateway: StripeGateway, catalogue: Catalogue, *, dry_run: bool = False) -> list[Step]:
    """Bring Stripe in line with the plans and note the prices; returns what was done, in order.

    With `dry_run` nothing is changed, neither there nor here. What was interrupted is finished by the next run.
    """
    done: list[Step] = []
    for plan in catalogue.plans:
        if plan.is_paid:
            done += _product(gateway, plan, dry_run=dry_run)
            done += _prices(gateway, catalogue, plan, dry_run=dry_run)
    if not dry_run:
        _note(gateway, catalogue)
    return done


def _product(gateway: StripeGateway, plan: Plan, *, dry_run: bool) -> Iterator[Step]:
    found, words = gateway.product(plan.key), (plan.name("en"), plan.text("en"))
    if found == words:
        return
    if not dry_run:
        gateway.put_product(plan.key, *words, is_new=found is None)
    yield Step("change" if found else "make", f"product {plan.key}")


def _prices(gateway: StripeGateway, catalogue: Catalogue, plan: Plan, *, dry_run: bool) -> Iterator[Step]:
    there = gateway.prices(plan.key)
    kept = set()
    for wanted in (price for price in catalogue.prices() if price.plan == plan.key):
        found = _found(there, wanted)
        if found is None:
            yield Step("make", wanted.lookup_key, wanted.amount)
            if not dry_run:
                kept.add(_make(gateway, wanted, catalogue.version))
            continue
        kept.add(found.price_id)
        if not found.active or (
            found.lookup_key != wanted.lookup_key and gateway.lookup_key_is_free(wanted.lookup_key)
        ):
            yield Step("offer", wanted.lookup_key, wanted.amount)
            if not dry_run:
                gateway.set_price(found.price_id, active=True, lookup_key=_key_for(gateway, wanted))
    for one in there:
        if one.active and one.price_id not in kept:
            yield Step("archive", f"{lookup_key(one.plan, one.interval, one.currency)} ({one.price_id})", one.amount)
            if not dry_run:
                gateway.set_price(one.price_id, active=False)


def _found(there: list[StripePrice], wanted: Price) -> StripePrice | None:
    """Return the price that is as it should be: one that is offered rather than one that was archived."""
    same = [
        one for one in there
        if (one.interval, one.currency, one.amount) == (wanted.interval, wanted.currency, wanted.amount)
    ]  # fmt: skip
    return min(same, key=lambda one: (not one.active, not one.lookup_key, one.price_id), default=None)


def _make(gateway: StripeGateway, wanted: Price, version: int) -> str:
    """Make a price: interrupted before it was noted, and said again within a day, it is the same one."""
    return gateway.make_price(
        plan=wanted.plan, interval=wanted.interval, currency=wanted.currency, amount=wanted.amount,
        lookup_key=_key_for(gateway, wanted),
        key=f"price-{gateway.installation}-{wanted.lookup_key}-{wanted.amount}-{version}",
    )  # fmt: skip


def _key_for(gateway: StripeGateway, wanted: Price) -> str:
    return wanted.lookup_key if gateway.lookup_key_is_free(wanted.lookup_key) else ""


def _note(gateway: StripeGateway, catalogue: Catalogue) -> None:
    """Write down all prices as they now are at Stripe, and what the plans allow where that has changed."""
    found = [price for plan in catalogue.plans if plan.is_paid for price in gateway.prices(plan.key)]
    with db.engines[SHARED].begin() as connection:
        for one in found:
            values = {
                "price_id": one.price_id, "plan": one.plan, "interval": one.interval, "currency": one.currency,
                "lookup_key": lookup_key(one.plan, one.interval, one.currency), "amount": one.amount,
                "active": one.active, "synced_at": now(),
            }  # fmt: skip
            row = insert(PriceRow).values(values)
            connection.execute(row.on_conflict_do_update(index_elements=[PriceRow.price_id], set_=values))
    renew(now())


def offered(plan: str, interval: str, currency: str) -> tuple[str, int] | None:
    """Return id and amount of the price that is offered today; None before `billing sync`, or where there is none."""
    query = select(PriceRow.price_id, PriceRow.amount).where(
        PriceRow.lookup_key == lookup_key(plan, interval, currency), PriceRow.active
    )
    with shared_reader() as connection:
        row = connection.execute(query.order_by(PriceRow.synced_at.desc(), PriceRow.price_id).limit(1)).one_or_none()
    return (row[0], row[1]) if row else None
