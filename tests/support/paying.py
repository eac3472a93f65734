"""Workspaces in each state of their subscription, written as the product writes them, without a payment service."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from flask import Flask
from psycopg.types.json import Jsonb

from billing.plans import catalogue
from saas_crm.core.clock import now
from tests.support.installation import Place

KEY = "sk_test_double"
_COLUMNS = (
    "tenant_id", "plan", "interval", "currency", "source", "state", "seats", "seats_wanted", "trial_ends_at",
    "period_ends_at", "past_due_since", "cancel_at_period_end", "cancel_to", "cancel_reason",
    "customer_id", "subscription_id",
    "amount", "invoice_number", "paid_until", "next_plan", "next_interval",
)  # fmt: skip
PAID: Mapping[str, Any] = {
    "plan": "team", "interval": "month", "currency": "EUR", "source": "stripe", "state": "active", "seats": 9,
    "customer_id": "cus_1", "subscription_id": "sub_1", "amount": 1200,
}  # fmt: skip


def put(
    app: Flask, place: Place, tenant_id: UUID, *, until: datetime | None = None,
    limits: Mapping[str, int] | None = None, **columns: Any,
) -> None:  # fmt: skip
    """Put a workspace into a state: `put(app, place, acme, **PAID)`, `…, plan="business", state="trialing"`.

    `until` is when something follows by itself, in two weeks unless it is said; `limits` take the place of the plan's.
    """
    until = until or now() + timedelta(days=14)
    row = {"source": "none", "seats": 0, "period_ends_at": until, "trial_ends_at": until} | columns
    with app.app_context():
        known = catalogue().plan(row["plan"])
        ending = row.get("cancel_to", "") if row.get("cancel_at_period_end") else ""
        plan = replace(known.entitles(limits), state=row["state"], until=until, ending=ending)
        app.extensions["directory"].forget()
    names = [name for name in _COLUMNS if row.get(name) is not None or name == "tenant_id"]
    values = [tenant_id if name == "tenant_id" else row[name] for name in names]
    with place.owner() as connection:
        connection.execute("DELETE FROM public.subscriptions WHERE tenant_id = %s", [tenant_id])
        connection.execute(
            f"INSERT INTO public.subscriptions ({', '.join(names)}) "
            f"VALUES ({', '.join(['%s'] * len(names))})", values,
        )  # fmt: skip
        connection.execute("UPDATE public.tenants SET plan = %s WHERE id = %s", [Jsonb(plan.as_json()), tenant_id])
