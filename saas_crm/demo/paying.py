"""How the demo workspaces stand with their plans: one pays, one tries, and of one a payment is due.

All of it happens at the double of Stripe as people would do it: Checkout is filled in, a card is declined later.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

from flask import Flask
from sqlalchemy import select

from billing import checkout, seats
from billing.gateways import gateway_needed
from billing.plans import catalogue
from billing.seat_counting import GATHERED
from billing.settling import settle
from billing.subscriptions import held
from billing.syncing import sync
from saas_crm.access.models import Member
from saas_crm.access.permissions import CurrentMember
from saas_crm.access.queries import member_by_id
from saas_crm.core.clock import now
from saas_crm.demo.marks import OWING
from saas_crm.demo.workspaces import load_demo
from tenants.context import ActiveTenant
from tenants.db import db, tenant_scope
from tenants.runtime import runtime_directory, runtime_settings

PAYING = "demo"
_TIMEOUT = 20


def arrange(app: Flask, double_url: str) -> None:
    """Arrange what is not yet so; raises BillingError where the double does not do what is asked."""
    load_demo(app, owing=True)
    with app.app_context():
        sync(gateway_needed(runtime_settings()), catalogue())
        _subscribe(PAYING, "business", "month", double_url)
        _subscribe(OWING, "team", "year", double_url)
        _owe(OWING, double_url)


def _subscribe(slug: str, plan: str, interval: str, double_url: str) -> None:
    """Let a workspace's owner fill in Checkout, unless it pays already."""
    directory, settings = runtime_directory(), runtime_settings()
    tenant = directory.by_slug(slug)
    if tenant is None or ((there := held(tenant.id)) is not None and there.source == "stripe"):
        return
    owner, people = _owner(tenant)
    page = f"{settings.base_url}/{slug}/settings/billing"
    url = checkout.start_checkout(
        settings, tenant, plan=plan, interval=interval, currency="EUR", seats=people, actor=owner, success_url=page,
        cancel_url=page,
    )  # fmt: skip
    session = urlsplit(url).path.rpartition("/")[2]
    _control(double_url, "acts/pay", {"session_id": session, "card": "works"})
    settle(settings, tenant.id)
    directory.forget()


def _owe(slug: str, double_url: str) -> None:
    """Let a workspace's card be declined when a seat more is charged."""
    settings, tenant = runtime_settings(), runtime_directory().by_slug(slug)
    found = held(tenant.id) if tenant else None
    if tenant is None or found is None:
        return
    _control(double_url, "cards", {"customer_id": found.customer_id, "does": "declined"})
    seats.want(tenant, found.seats + 1, now=now() - GATHERED)  # their hour is over: nothing is noted for a time to come
    seats.send_due(settings, tenant.id)
    settle(settings, tenant.id)


def _owner(tenant: ActiveTenant) -> tuple[CurrentMember, int]:
    """Return a workspace's owner, and how many seats its people need."""
    with tenant_scope(tenant):
        first = select(Member.id).where(Member.email == f"owner@{tenant.slug}.example")
        member_id = db.session.scalar(first)
        assert member_id is not None
        return member_by_id(member_id), seats.needed()


def _control(double_url: str, what: str, said: Mapping[str, Any]) -> None:
    """Steer the double, which listens on this machine alone."""
    body = json.dumps(said).encode()
    asked = Request(f"{double_url}/_control/{what}", body, {"Content-Type": "application/json"})  # noqa: S310 - ours
    with urlopen(asked, timeout=_TIMEOUT):  # noqa: S310 - ours
        pass
