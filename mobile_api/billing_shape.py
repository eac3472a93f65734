"""How plan, seats, costs and invoices become JSON."""

from __future__ import annotations

from collections.abc import Mapping

from billing import seats
from billing.money import money
from billing.plans import Interval, Plan, Price, catalogue
from billing.stripe_facts import Cost, InvoiceLine, Waiting
from billing.subscriptions import held
from mobile_api.shapes import Fields
from saas_crm.access.seats import without_seat
from saas_crm.core.errors import InvalidInput
from saas_crm.core.i18n import gettext as _
from saas_crm.core.i18n import spoken
from saas_crm.core.limits import usage
from tenants.context import ActiveTenant
from tenants.plan import LIMITS

USUAL = "USD"


def account_fields(tenant: ActiveTenant) -> Fields:
    """Return what the workspace at hand has and pays."""
    found, used, plan = held(tenant.id), usage(), tenant.plan
    named = next((one for one in catalogue().plans if one.key == plan.key), None)
    pays = found is not None and bool(found.amount)
    wanted = found.seats_wanted if found else None
    return {
        "version": found.version if found else 0,
        "plan": plan.key or None, "plan_name": named.name(spoken()) if named else None,
        "state": found.state if found else "none", "interval": (found.interval or None) if found else None,
        "price": _money(found.amount, found.currency) if found and pays else None,
        "seats_paid": found.seats if found else 0,
        "seats_wanted": wanted if found and wanted != found.seats else None, "seats_needed": seats.needed(),
        "trial_ends_at": found.trial_ends_at if found and found.state == "trialing" else None,
        "period_ends_at": found.period_ends_at if found else None, "until": plan.until,
        "ending": (found.cancel_to or None) if found and found.cancel_at_period_end else None,
        "manual": found is not None and found.source == "manual",
        "limits": [{"limit": limit, "used": used.get(limit), "most": plan.most(limit)} for limit in LIMITS],
        "features": sorted(plan.features),
    }  # fmt: skip


def plan_fields(plan: Plan, used: Mapping[str, int]) -> Fields:
    """Return a plan that is offered, in the reader's language, and what is more than it allows."""
    over = [(limit, used[limit], most) for limit, most in plan.limits.items() if used.get(limit, 0) > most]
    prices = [price for price in catalogue().prices() if price.plan == plan.key]
    return {
        "plan": plan.key, "name": plan.name(spoken()), "text": plan.text(spoken()),
        "prices": [{"interval": one.interval, "price": _money(one.amount, one.currency)} for one in prices],
        "included_seats": plan.included_seats, "limits": dict(plan.limits), "features": sorted(plan.features),
        "over": [{"limit": limit, "used": count, "most": most} for limit, count, most in over],
        "without_seat": list(without_seat(plan.limits.get("members"))),
    }  # fmt: skip


def invoice_fields(one: InvoiceLine) -> Fields:
    """Return an invoice."""
    return {
        "number": one.number, "at": one.at, "total": _money(one.amount, one.currency), "state": one.state,
        "pdf_url": one.pdf_url or None, "page_url": one.page_url or None,
    }  # fmt: skip


def cost_fields(cost: Cost) -> Fields:
    """Return what a change would cost."""
    now, accrued, then = (_money(amount, cost.currency) for amount in (cost.now, cost.accrued, cost.then))
    return {
        "now": now, "accrued": accrued, "then": then, "from_at": cost.from_at, "seats": cost.seats,
        "at_once": cost.at_once,
    }  # fmt: skip


def waiting_fields(waiting: Waiting) -> Fields:
    """Return a change that waits for an answer to the bank."""
    plan = next((one for one in catalogue().plans if one.key == waiting.plan), None)
    return {
        "plan": waiting.plan or None, "plan_name": plan.name(spoken()) if plan else None,
        "interval": waiting.interval or None, "seats": waiting.seats, "now": _money(waiting.amount, waiting.currency),
        "until": waiting.until, "url": waiting.url,
    }  # fmt: skip


def price_of(tenant: ActiveTenant, plan: str, interval: Interval, currency: str | None) -> Price:
    """Return the price that is meant; raises InvalidInput for none. Who pays already keeps their currency."""
    known, found = catalogue(), held(tenant.id)
    bound = found.currency if found and found.customer_id else ""
    code = next((one for one in (bound, currency, tenant.currency, USUAL) if one in known.currencies), "")
    if currency is not None and currency not in known.currencies:
        raise InvalidInput({"currency": _("Choose one of the values offered.")}, {"currency": "unknown"})
    price = known.price(plan, interval, code)
    if price is None:
        raise InvalidInput({"plan": _("Choose a plan.")}, {"plan": "unknown"})
    return price


def _money(amount: int | None, currency: str) -> dict[str, str]:
    return money(amount or 0, currency).as_json()


def wished_price(tenant: ActiveTenant, plan: str | None, interval: Interval | None) -> Price:
    """Return the price of a change that leaves plan or interval as it is where it names none; raises InvalidInput."""
    found = held(tenant.id)
    now: Interval = "year" if found and found.interval == "year" else "month"
    return price_of(tenant, plan or (found.plan if found else ""), interval or now, None)
