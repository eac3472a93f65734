"""A workspace that pays: what its people, Stripe and the clock do, in a line each."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any
from uuid import UUID, uuid4

from flask import Flask
from sqlalchemy import insert, select, update

from billing import cancelling, changing, checkout, events, seats
from billing.entitlements import write
from billing.gateways import gateway_needed
from billing.held import Held
from billing.models import BillingChange, StripeEvent, Subscription
from billing.plans import catalogue
from billing.portal import _configuration
from billing.reconciling import Report, reconcile
from billing.rules import Standing
from billing.settling import settle
from billing.stripe_facts import SubscriptionFacts
from billing.stripe_gateway import StripeGateway
from billing.subscriptions import held
from billing.syncing import sync
from billing.turning import turn
from saas_crm.access.models import Invitation, Member
from saas_crm.access.permissions import CurrentMember
from saas_crm.access.queries import member_by_id
from tenants.context import ActiveTenant
from tenants.db import SHARED, db, tenant_scope
from tenants.models import Tenant, TenantDeletion
from tenants.runtime import runtime_directory
from tenants.settings import Settings
from tests.stripe import Double
from tests.stripe.webhooks import Post
from tests.support.installation import Installation, Place
from tests.support.mailbox import run_jobs

SECRET = "whsec_double"
URL = "http://crm.example/billing/stripe/webhook"


class Shop:
    """The installation that sells."""

    def __init__(self, app: Flask, double: Double, installation: Installation) -> None:
        self.app, self.double = app, double
        self._installation = Installation(installation.place, installation.folder, self.settings, app)
        _configuration.cache_clear()
        double.webhooks.endpoint(URL, SECRET)
        with app.app_context():
            sync(self.gateway, catalogue())

    def ask_by(self, place: Place) -> None:
        """Do the worker's jobs by another way to the same database."""
        self._installation = replace(self._installation, place=place)

    @property
    def settings(self) -> Settings:
        found: Settings = self.app.extensions["settings"]
        return found

    @property
    def gateway(self) -> StripeGateway:
        return gateway_needed(self.settings)

    @property
    def now(self) -> datetime:
        return datetime.fromtimestamp(self.double.now, UTC)

    def company(self, slug: str, *, trial: bool = True) -> Company:
        """A workspace whose trial begins now; without, one from before there was billing."""
        tenant = runtime_directory().by_slug(slug)
        assert tenant is not None
        if trial:
            offered, ends = catalogue(), self.now + timedelta(days=14)
            with db.engines[SHARED].begin() as connection:
                connection.execute(insert(Subscription).values(
                    tenant_id=tenant.id, plan=offered.trial.plan, state="trialing", trial_ends_at=ends,
                    state_since=self.now,
                ))  # fmt: skip
                write(connection, tenant.id, Standing("none", "trialing", "business", self.now, until=ends))
            runtime_directory().forget()
        return Company(self, tenant)

    def jobs(self) -> list[str]:
        """Do all that waits, as the worker would."""
        return run_jobs(self._installation)

    def receive(self, post: Post) -> events.Received:
        """Take a webhook as the page does."""
        return events.receive(post.body, post.headers["Stripe-Signature"], settings=self.settings, now=self.now)

    def deliver(self) -> int:
        """Let Stripe's webhooks arrive, and do the work."""
        posts = self.double.webhooks.take()
        for post in posts:
            self.receive(post)
            self.double.webhooks.answered(post, 200)
        self.jobs()
        return len(posts)

    def lose(self) -> None:
        """Let webhooks get lost that are due now."""
        for post in self.double.webhooks.take():
            self.double.webhooks.answered(post, 200)

    def goes_on(self, *, days: float = 0, hours: float = 0, told: bool = True, step: float = 3) -> None:
        """Let time pass, some days at a step: Stripe does what is due and tells it, our clock ticks, seats are set."""
        end = self.double.now + int(days * 86_400 + hours * 3_600)
        while self.double.now < end:
            stops = [end, self.double.now + int(step * 86_400), *self._seats_due()]
            self.double.advance_to(min(stop for stop in stops if stop > self.double.now))
            if told:
                self.deliver()
                self.turn()

    def _seats_due(self) -> list[int]:
        with db.engines[SHARED].connect() as connection:
            query = select(Subscription.seats_due_at).where(Subscription.seats_due_at.is_not(None))
            return [int(moment.timestamp()) for moment in connection.scalars(query)]

    def turn(self) -> None:
        """The hourly job, and what it lets be done."""
        turn(self.settings, self.now)
        self.jobs()

    def reconcile(self) -> Report:
        found = reconcile(self.settings, now=self.now)
        self.jobs()
        return found

    def deletion_asked(self, company: Company) -> str | None:
        """Who asked for a workspace's deletion, if anybody did."""
        with db.engines[SHARED].connect() as connection:
            query = select(TenantDeletion.asked_by).where(TenantDeletion.tenant_id == company.id)
            return connection.scalar(query)

    def events(self) -> list[Any]:
        with db.engines[SHARED].connect() as connection:
            return list(connection.execute(select(StripeEvent.id, StripeEvent.worked_at, StripeEvent.error)))


@dataclass
class Company:
    """One workspace."""

    shop: Shop
    tenant: ActiveTenant

    @property
    def row(self) -> Held:
        found = held(self.tenant.id)
        assert found is not None
        return found

    @property
    def status(self) -> str:
        """Whether its people may work."""
        with db.engines[SHARED].connect() as connection:
            return str(connection.scalar(select(Tenant.status).where(Tenant.id == self.tenant.id)))

    @property
    def plan(self) -> dict[str, Any]:
        """What it may do, as the registry keeps it."""
        with db.engines[SHARED].connect() as connection:
            found: dict[str, Any] = connection.scalar(select(Tenant.plan).where(Tenant.id == self.tenant.id)) or {}
        return found

    @property
    def movements(self) -> list[str]:
        with db.engines[SHARED].connect() as connection:
            query = select(BillingChange.kind).where(BillingChange.tenant_id == self.tenant.id)
            return list(connection.scalars(query.order_by(BillingChange.id)))

    @property
    def at_stripe(self) -> SubscriptionFacts:
        assert self.row.customer_id
        found = self.shop.gateway.facts(self.row.customer_id).subscription
        assert found is not None
        return found

    @cached_property
    def owner(self) -> CurrentMember:
        with tenant_scope(self.tenant):
            found = db.session.scalars(select(Member.id).order_by(Member.id).limit(1)).one()
            return member_by_id(found)

    def go_to_checkout(self, plan: str = "team", interval: str = "month", seats: int = 0) -> str:
        """Go to the page where one pays; returns the session's id."""
        checkout.start_checkout(
            self.shop.settings, self.tenant, plan=plan, interval=interval, currency="EUR",
            seats=seats or self.people(), actor=self.owner, success_url="http://crm.example/ok",
            cancel_url="http://crm.example/no",
        )  # fmt: skip
        found: list[dict[str, Any]] = self.shop.double.request("GET", "/v1/checkout/sessions", {"limit": 1})["data"]
        return str(found[0]["id"])

    def subscribe(self, plan: str = "team", interval: str = "month", *, card: str = "works", seats: int = 0) -> None:
        """Pay for a plan, and let Stripe tell of it."""
        self.shop.double.acts.pay(self.go_to_checkout(plan, interval, seats), card)
        self.shop.deliver()

    def pay_a_second_time(self, plan: str = "team", interval: str = "month") -> None:
        """Pay on a page that was opened in the same moment as another, and that nobody ended: a second subscription."""
        metadata = {"installation": self.shop.gateway.installation, "tenant_id": str(self.id)}
        prices = {"lookup_keys": [f"crm_{plan}_{interval}_eur"]}
        price = self.shop.double.request("GET", "/v1/prices", prices)["data"][0]["id"]
        session = self.shop.double.request("POST", "/v1/checkout/sessions", {
            "mode": "subscription", "customer": self.row.customer_id, "success_url": "http://crm.example/ok",
            "line_items": [{"price": price, "quantity": self.people()}], "metadata": metadata,
            "subscription_data": {"metadata": metadata},
        })  # fmt: skip
        self.shop.double.acts.pay(session["id"])

    def people(self) -> int:
        return seats.needed_in(self.tenant.id)

    def invite(self, count: int = 1) -> None:
        """Let people be invited, and the seats be counted."""
        with tenant_scope(self.tenant):
            role = db.session.scalars(select(Member.role_id).limit(1)).one()
            for _number in range(count):
                db.session.add(Invitation(
                    email=f"new-{uuid4().hex}@x.example", role_id=role, invited_by_id=self.owner.id,
                    token_hash=uuid4().bytes,
                    expires_at=self.shop.now + timedelta(days=700),
                ))  # fmt: skip
            db.session.commit()
        self.count()

    def withdraw(self, count: int = 1) -> None:
        """Let open invitations be taken back, and the seats be counted."""
        with tenant_scope(self.tenant):
            chosen = select(Invitation.id).where(Invitation.withdrawn_at.is_(None), Invitation.accepted_at.is_(None))
            ids = db.session.scalars(chosen.order_by(Invitation.id).limit(count)).all()
            db.session.execute(update(Invitation).where(Invitation.id.in_(ids)).values(withdrawn_at=self.shop.now))
            db.session.commit()
        self.count(gone=True)

    def count(self, *, gone: bool = False) -> None:
        seats.note_needed(self.tenant.id, self.people(), gone=gone, now=self.shop.now)

    def change(self, plan: str, interval: str) -> None:
        changing.change(self.shop.settings, self.tenant, plan=plan, interval=interval, actor=self.owner)

    def cancel(self, to: str = "free") -> None:
        cancelling.cancel(
            self.shop.settings, self.tenant, to=to, reason="too_expensive", words="Too much.", actor=self.owner
        )

    def take_back(self) -> None:
        cancelling.take_back(self.shop.settings, self.tenant, actor=self.owner)

    def settle(self) -> None:
        settle(self.shop.settings, self.tenant.id)

    @property
    def id(self) -> UUID:
        return self.tenant.id
