"""Every night all of it is compared with Stripe: what differs is mended and reported, whatever had got lost.

Stripe tells a hundred subscriptions at a time. They are compared with our rows as they come, and only who differs is
looked at closely (`settle`): a hundred thousand workspaces are a thousand requests and not a hundred thousand.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

import structlog
from sqlalchemy import update

from billing import catching_up, seats
from billing.comparing import Compared, compare
from billing.errors import BillingError, CustomerGone
from billing.gateways import gateway_needed
from billing.held import Held
from billing.models import BillingIdentity
from billing.patience import Silences, patiently
from billing.report import Report
from billing.settling import OF_STANDING, Settled, settle
from billing.subscriptions import held_of, said_to_pay
from saas_crm.core.clock import now as present
from saas_crm.core.jobs import defer
from tenants.db import SHARED, db
from tenants.settings import Settings

if TYPE_CHECKING:
    from billing.stripe_gateway import StripeGateway

log = structlog.get_logger(__name__)
LOOKS_BACK = timedelta(days=2)
SUSPICIOUS = 5
"""So many customers that Stripe does not know, and more than it knows: then it is the key that is wrong."""


def reconcile(settings: Settings, *, now: datetime | None = None, forget: bool = False) -> Report:
    """Compare every subscription with Stripe and mend what differs; returns, and keeps, what was found.

    Where Stripe knows hardly any of the customers its key is of another account or mode: that is told, and nothing is
    forgotten unless `forget` says that it is meant so. Raises BillingOff, and StripeUnreachable where Stripe is silent:
    what was mended until then stays.
    """
    with patiently():
        gateway, at, report = gateway_needed(settings), now or present(), Report()
        try:
            _fetch_missed(gateway, at, report)
            found = compare(gateway, at, report)
            if not forget and _is_anothers(gateway, found, report):
                return report
            _look_closely(settings, found.differ, at, report)
            _count_people(settings, at, report)
        finally:
            _keep(report, at)
    return report


def ask_for_it() -> None:
    """Let the worker compare all of it now; who asks again before it has begun asks for the same."""
    with db.engines[SHARED].begin() as connection:
        defer(connection, "billing.reconcile", queueing_lock="billing.reconcile:asked")


def _fetch_missed(gateway: StripeGateway, at: datetime, report: Report) -> None:
    """Fetch the events that never came, before anything else: what they tell of is worked on meanwhile."""
    try:
        report.missed_events = catching_up.fetch_missed(gateway, at, LOOKS_BACK)
    except Exception as failed:
        _note(report, "events", failed)


def _is_anothers(gateway: StripeGateway, found: Compared, report: Report) -> bool:
    """Whether the key is of another account or mode: of those who pay by our rows Stripe knows next to none."""
    missing = found.missing
    if len(missing) < SUSPICIOUS or len(missing) <= len(found.seen):
        return False
    for row in missing[:SUSPICIOUS]:
        with suppress(CustomerGone):
            gateway.facts(row.customer_id or "")
            return False
    report.failed["key"] = (
        f"Stripe does not know the customers of {len(missing)} subscriptions: the key is of another account or mode"
    )
    log.error("Stripe does not know our customers: the key is of another account or mode", subscriptions=len(missing))
    return True


def _look_closely(settings: Settings, differ: Iterable[UUID], at: datetime, report: Report) -> None:
    """Settle those who differ; one that fails keeps no other from it, and silence ends it only after a few in a row."""
    silences = Silences()
    for tenant_id in differ:
        report.closely += 1
        try:
            _note_settled(settle(settings, tenant_id, now=at), report)
        except Exception as failed:
            _note(report, str(tenant_id), failed)
            if silences.over(failed):
                raise
        else:
            silences.over(None)


def _note_settled(found: Settled | None, report: Report) -> None:
    if found is None:  # it is gone, or somebody has looked since
        return
    tenant_id = str(found.after.tenant_id)
    if changes := _differences(found.before, found.after):
        report.mended[tenant_id] = changes
    if found.before.customer_id and not found.after.customer_id:
        report.forgotten.append(tenant_id)


def _differences(before: Held, after: Held) -> dict[str, list[str]]:
    names = (name for name in OF_STANDING if getattr(before, name) != getattr(after, name))
    return {name: [str(getattr(before, name)), str(getattr(after, name))] for name in names}


def _count_people(settings: Settings, at: datetime, report: Report) -> None:
    """Count the people of all who pay for seats: invitations end by themselves, and a count may have been lost.

    Stripe is asked only for those whose seats are due.
    """
    for row in held_of(said_to_pay()):
        _count(row, at, report)
    silences = Silences()
    for tenant_id in seats.due(at):
        try:
            seats.send_due(settings, tenant_id, now=at)
        except Exception as failed:
            _note(report, str(tenant_id), failed)
            if silences.over(failed):
                raise
        else:
            silences.over(None)


def _count(row: Held, at: datetime, report: Report) -> None:
    try:
        people = seats.needed_in(row.tenant_id)
        if row.seats_wanted is not None or seats.to_buy(row.plan, people, None) != row.seats:
            seats.note_needed(row.tenant_id, people, gone=True, now=at)
    except Exception as failed:
        _note(report, str(row.tenant_id), failed)


def _note(report: Report, whose: str, failed: Exception) -> None:
    """Note what failed; of what is no word of Stripe's the log has the whole."""
    if isinstance(failed, BillingError):
        report.failed[whose] = f"{type(failed).__name__}: {failed.message}"
        log.warning("could not be compared with Stripe", whose=whose, why=report.failed[whose])
    else:
        report.failed[whose] = type(failed).__name__
        log.error("could not be compared with Stripe", whose=whose, exc_info=failed)


def _keep(report: Report, at: datetime) -> None:
    with db.engines[SHARED].begin() as connection:
        connection.execute(update(BillingIdentity).values(reconciled_at=at, report=report.as_json()))
