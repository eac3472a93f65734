"""The row that says what a workspace has and pays: reading it, and taking a number for a look at Stripe."""

from __future__ import annotations

from collections.abc import Iterator, Set
from dataclasses import fields
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, and_, func, or_, select, update

from billing.held import Held
from billing.models import BillingIdentity, Subscription
from saas_crm.core.errors import VersionConflict
from tenants.db import SHARED, db
from tenants.directory import shared_reader
from tenants.one_at_a_time import let_go

COLUMNS = tuple(getattr(Subscription, one.name) for one in fields(Held))
BATCH = 1_000
NAMES = tuple(one.name for one in fields(Held))


def held(tenant_id: UUID) -> Held | None:
    """Return what a workspace has and pays; None where nothing is known of it."""
    let_go()
    with shared_reader() as connection:
        return _one(connection, Subscription.tenant_id == tenant_id)


def _one(connection: Connection, which: Any) -> Held | None:
    row = connection.execute(select(*COLUMNS).where(which)).one_or_none()
    return of_row(row) if row else None


def of_row(row: Any) -> Held:
    """Build the value from a row of COLUMNS, or of NAMES in their order."""
    values = dict(zip(NAMES, row, strict=True))
    return Held(**{**values, "told": tuple(values["told"])})


def take_number(tenant_id: UUID) -> int | None:
    """Count a look at Stripe, or an act there, and return its number; None where the workspace has no row.

    Two who look at once get two numbers: what is written by the later one is never written over by the former.
    """
    with db.engines[SHARED].begin() as connection:
        count = update(Subscription).where(Subscription.tenant_id == tenant_id).values(asked=Subscription.asked + 1)
        found: int | None = connection.scalar(count.returning(Subscription.asked))
    return found


def claim_version(tenant_id: UUID, version: int | None = None) -> None:
    """Count up the version of what a workspace has, as whoever is about to change it; with `version` only from that.

    So of two who have seen the same and change it at once one goes on; the other one's raises VersionConflict.
    """
    with db.engines[SHARED].begin() as connection:
        count = update(Subscription).where(Subscription.tenant_id == tenant_id)
        if version is not None:
            count = count.where(Subscription.version == version)
        if connection.execute(count.values(version=Subscription.version + 1)).rowcount == 0:
            raise VersionConflict(None)


def held_of(which: ColumnElement[bool]) -> Iterator[Held]:
    """Yield what some workspaces have and pay, by their ids; read a thousand at a time, with nothing open between."""
    query = select(*COLUMNS).where(which).order_by(Subscription.tenant_id).limit(BATCH)
    after = UUID(int=0)
    while True:
        with shared_reader() as connection:
            found = [of_row(row) for row in connection.execute(query.where(Subscription.tenant_id > after))]
        yield from found
        if len(found) < BATCH:
            return
        after = found[-1].tenant_id


def said_to_pay() -> ColumnElement[bool]:
    """Return the condition for who pays for seats at Stripe, by our rows."""
    pays = Subscription.state.in_(("active", "past_due", "read_only"))
    return and_(Subscription.source == "stripe", Subscription.subscription_id.is_not(None), pays)


def of_customers(customers: Set[str], tenants: Set[UUID]) -> list[Held]:
    """Return the rows of some of Stripe's customers, and of some workspaces."""
    known = or_(Subscription.customer_id.in_(customers), Subscription.tenant_id.in_(tenants))
    with shared_reader() as connection:
        return [of_row(row) for row in connection.execute(select(*COLUMNS).where(known))]


def count() -> int:
    """Return how many workspaces have a row."""
    with shared_reader() as connection:
        return int(connection.scalar(select(func.count()).select_from(Subscription)) or 0)


def installation_id() -> str:
    """Return by what this installation knows its own objects at Stripe."""
    with shared_reader() as connection:
        return str(connection.scalar(select(BillingIdentity.key)))
