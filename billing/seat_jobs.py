"""Counting people for their seats, as jobs that are deferred with what they follow from."""

from __future__ import annotations

from uuid import UUID

from billing.seat_counting import needed, needed_in, note_needed
from billing.seat_rules import to_buy
from billing.subscriptions import held
from saas_crm.core.jobs import job
from tenants.context import current_tenant
from tenants.db import db


@job("billing.count_again", retries=3)
def count_again(tenant: str) -> None:
    """Count a workspace's people after its subscription was seen to begin or change: some may have come meanwhile.

    Only those: who goes is noted by who lets them go, and seats that are paid are kept until the period ends.
    """
    tenant_id = UUID(tenant)
    people, row = needed_in(tenant_id), held(tenant_id)
    if row is not None and to_buy(row.plan, people, row.seats_wanted) > row.seats:
        note_needed(tenant_id, people)


@job("billing.agree_seats", retries=3, reads_only=True)
def agree_seats(*, seats: int) -> None:
    """Note how many seats were agreed to for those who were invited; it changes nothing in the workspace."""
    tenant_id, people = current_tenant().id, needed()
    db.session.rollback()
    note_needed(tenant_id, people, agreed=seats)
