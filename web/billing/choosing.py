"""Choosing a plan, and changing it: what it costs and what it takes away is shown before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from flask import flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from billing import changing
from billing.errors import BillingError, ConfirmationNeeded, NothingToDo
from billing.plans import Catalogue, Interval, Plan, UnknownPlan, catalogue
from billing.seat_rules import from_change
from billing.stripe_facts import Cost
from saas_crm.core.i18n import gettext as _
from saas_crm.edge.current import current_member, directory, settings
from saas_crm.edge.declared import requires, while_read_only
from saas_crm.edge.proof import proven
from web.billing.account import told_where, what_failed
from web.billing.bp import bp
from web.billing.values import (
    Account,
    account_of,
    currency_for,
    interval_of,
    is_lower,
    may_change,
    over_after,
    seatless_after,
)
from web.billing.words import amount, each_time, intervals, per_seat, points_of
from web.forms import form_version, saved, shown_again


@dataclass(frozen=True, slots=True)
class Offered:
    """A plan as it is offered: its price for one seat and for all, and what choosing it does."""

    plan: Plan
    price: str
    total: str
    points: list[str]
    current: bool
    lower: bool
    saved: str
    """What a seat costs less in a year than paid by the month; "" where nothing."""
    first: bool = False
    """Whether its button is the page's first one."""


def offers(known: Catalogue, interval: Interval, currency: str, account: Account | None = None) -> list[Offered]:
    """Return all plans as they are offered in a currency."""
    found = []
    for plan in known.plans:
        price = known.price(plan.key, interval, currency) if plan.is_paid else None
        seats = _seats(plan, interval, account)
        now = account is not None and account.plan is not None and account.plan.key == plan.key
        found.append(Offered(
            plan, per_seat(price.amount, currency, interval) if price else amount(0, currency),
            each_time(price.amount * seats, currency, interval) if price and account else "", points_of(plan),
            now and account is not None and account.state != "trialing" and account.period in ("", interval),
            is_lower(plan, account.plan) if account and account.state != "trialing" else False,
            _saved(known, plan, interval, currency),
        ))  # fmt: skip
    return _with_first(found, account)


def _saved(known: Catalogue, plan: Plan, interval: Interval, currency: str) -> str:
    """Write what a seat of a paid plan costs less in a year than twelve times by the month, "" where nothing."""
    if not plan.is_paid or interval != "year":
        return ""
    year, month = known.price(plan.key, "year", currency), known.price(plan.key, "month", currency)
    less = 12 * month.amount - year.amount if year and month else 0
    return amount(less, currency) if less > 0 else ""


def _with_first(found: list[Offered], account: Account | None) -> list[Offered]:
    """Mark the plan whose button comes first: the one that is tried or paid, else the next that can be had."""
    open_to = [one for one in found if one.plan.is_paid and not one.current and not one.lower]
    own = [one for one in open_to if account and account.plan and one.plan.key == account.plan.key]
    first = next(iter(own or open_to), None)
    return [replace(one, first=one is first) for one in found]


def _seats(plan: Plan, interval: Interval, account: Account | None) -> int:
    """Return how many seats a plan would be paid for, as `changing.preview` reckons them."""
    if account is None:
        return 1
    held = account.held if account.pays else None
    if held is None:
        return plan.seats_to_buy(account.needed)
    goes_on = held.interval == interval and not is_lower(plan, account.plan)
    return from_change(plan.key, account.needed, held.seats_wanted, paid=held.seats if goes_on else 0)


@bp.get("/settings/billing/plans")
@requires("billing:read")
def show_plans() -> str:
    """Show the plans with what they cost this workspace."""
    account, known = account_of(g.tenant), catalogue()
    interval = interval_of(request.args.get("interval", ""), account.period or "month")
    currency = currency_for(g.tenant, known, account, request.args.get("currency", ""))
    bound = account.held is not None and bool(account.held.customer_id and account.held.currency)
    return render_template(
        "billing/plans.html", account=account, offers=offers(known, interval, currency, account), interval=interval,
        intervals=intervals(), currency=currency, currencies=() if bound else known.currencies,
        may_change=may_change() and not account.manual,
    )  # fmt: skip


def _wanted(known: Catalogue, source: Mapping[str, str]) -> tuple[Plan, Interval]:
    """Return the plan and interval that were chosen; raises UnknownPlan."""
    plan = known.plan(source.get("plan", ""))
    if not plan.is_paid:
        raise UnknownPlan(plan.key)
    return plan, interval_of(source.get("interval", ""))


def change_page(
    values: Mapping[str, str] | None = None, errors: Mapping[str, str] | None = None
) -> ResponseReturnValue:
    """Show what another plan or interval would cost, from when, and what would be over its limits.

    Raises NothingToDo where it is shown again, and there is nothing to change any more.
    """
    known = catalogue()
    try:
        plan, interval = _wanted(known, values if values is not None else request.args)
    except UnknownPlan:
        return redirect(url_for("billing.show_plans"), 303)
    account = account_of(g.tenant)
    if not account.pays or account.ending:
        if values is not None:
            raise NothingToDo("no subscription that goes on")
        return redirect(url_for("billing.show_plans", interval=interval), 303)
    failed, cost = "", None
    try:
        cost = changing.preview(settings(), g.tenant, plan=plan.key, interval=interval)
    except BillingError as error:
        failed = what_failed(error)
    return render_template("billing/change.html", account=account, plan=plan, interval=interval, cost=cost,
                           errors=errors or {}, failed=failed, **_what_changes(account, plan, cost))  # fmt: skip


@bp.get("/settings/billing/change")
@requires("billing:update")
def show_change() -> ResponseReturnValue:
    """Show what another plan or interval would cost."""
    return change_page()


def _what_changes(account: Account, plan: Plan, cost: Cost | None) -> dict[str, object]:
    lost = sorted(account.plan.features - plan.features) if account.plan else []
    return {
        "over": over_after(plan), "seatless": seatless_after(plan), "lost": lost,
        "lower": is_lower(plan, account.plan), "seats": account.needed, "at_once": cost is None or cost.at_once,
    }  # fmt: skip


@bp.post("/settings/billing/change")
@requires("billing:update")
@while_read_only
@proven
@told_where("billing.show_plans")
@shown_again(change_page)
def change() -> ResponseReturnValue:
    """Change plan or interval, as it was shown; where the bank asks first, lead to where it is answered."""
    try:
        plan, interval = _wanted(catalogue(), request.form)
    except UnknownPlan:
        flash(_("Choose a plan."), "error")
        return redirect(url_for("billing.show_plans"), 303)
    try:
        changing.change(
            settings(), g.tenant, plan=plan.key, interval=interval, actor=current_member(), version=form_version()
        )
    except ConfirmationNeeded as asks:
        return redirect(asks.url or url_for("billing.index"), 303)
    directory().forget()
    return saved(url_for("billing.index"), _("Your plan is changed."))
