"""The page of what a workspace pays for, its invoices, and the ways to Stripe: Checkout and the customer portal."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any, Literal, TypeVar

from flask import flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from billing import checkout, invoices, portal
from billing.declines import why_declined
from billing.errors import BillingError, CardDeclined, DeletionPending, NoSuchPage, NothingToDo, StripeUnreachable
from billing.plans import FREE, catalogue
from billing.stripe_facts import InvoiceLine
from saas_crm.core.errors import VersionConflict
from saas_crm.core.i18n import gettext as _
from saas_crm.edge.current import current_member, settings
from saas_crm.edge.declared import requires, while_read_only
from saas_crm.edge.standing import is_owner
from saas_crm.edge.viewing import viewing
from tenants.address import address_of
from tenants.context import ActiveTenant
from tenants.db import db
from web.billing import words
from web.billing.bp import bp
from web.billing.values import (
    Account,
    account_of,
    currency_for,
    interval_of,
    may_change,
    meters,
    over_after,
    seatless_after,
    seatless_now,
)
from web.forms import saved, wants_part

View = TypeVar("View", bound=Callable[..., ResponseReturnValue])


def told_where(endpoint: str) -> Callable[[View], View]:
    """Say on a page of billing that Stripe did not do what was asked, or somebody else was quicker: nothing changed."""

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(**arguments: Any) -> ResponseReturnValue:
            try:
                return view(**arguments)
            except VersionConflict:
                failed = _("Somebody else changed this meanwhile, so nothing was done. See how it is now.")
            except BillingError as error:
                failed = what_failed(error)
            db.session.rollback()
            flash(failed, "error")
            return redirect(url_for(endpoint), 303)

        return guarded  # type: ignore[return-value]

    return decorate


def what_failed(failed: BillingError) -> str:
    """Say what went wrong, in words of ours."""
    if isinstance(failed, CardDeclined):
        return why_declined(failed)
    if isinstance(failed, StripeUnreachable):
        return _("The payment service does not answer just now. Nothing was lost: please try again in a minute.")
    if isinstance(failed, DeletionPending):
        return _("The workspace is to be deleted. Keep it first, then choose a plan.")
    if isinstance(failed, NothingToDo):
        return _("This is so already; there was nothing to do.")
    return _("The payment service did not take this. Please load the page again; if it stays so, ask for help.")


def outward(endpoint: str) -> str:
    """Return the whole address of a page, for who leads people back to it."""
    path = url_for(endpoint).removeprefix(request.script_root)
    return f"{address_of(g.tenant, settings().base_url)}{path}"


@bp.get("/settings/billing")
@requires("billing:read")
def index() -> str:
    """Show what the workspace pays for and how much of it is used."""
    account = account_of(g.tenant)
    return render_template(
        "billing/index.html", account=account, meters=meters(), may_change=may_change(),
        currency=currency_for(g.tenant, catalogue(), account), trial=catalogue().trial, after=_after_trial(account),
        seatless=seatless_now(), may_choose=is_owner(current_member()),
    )  # fmt: skip


def _after_trial(account: Account) -> dict[str, Any] | None:
    """Return what the free plan takes away when the trial ends, None where no trial is on."""
    if account.state != "trialing" or account.plan is None:
        return None
    free = catalogue().plan(FREE)
    return {"plan": free, "over": over_after(free), "seatless": seatless_after(free),
            "lost": sorted(account.plan.features - free.features)}  # fmt: skip


@bp.get("/settings/billing/invoices")
@requires("billing:read")
def list_invoices() -> ResponseReturnValue:
    """List the invoices, newest first, and what will be charged next; Stripe is asked.

    `after` is where an older page begins; it begins anew where that is no invoice of theirs.
    """
    part = wants_part("invoices")
    template = "billing/_invoices.html" if part else "billing/invoices.html"
    after = request.args.get("after", "")[:100]
    try:
        found = invoices.invoices(settings(), g.tenant, after=after)
        following = None if after else invoices.upcoming(settings(), g.tenant)
    except NoSuchPage:
        return redirect(url_for("billing.list_invoices"))
    except BillingError as failed:
        return render_template(template, failed=what_failed(failed), invoices=[], following=None)
    account = account_of(g.tenant)
    renewed = account.until or (following.at if following else None)
    owed = [one for one in found.lines if one.state == "open" and one.due] if part and _owes(g.tenant) else []
    return render_template(
        template, invoices=found.lines, older=found.older, following=following, renewed=renewed, failed="",
        may_change=may_change(), seats_come=account.seats_come, due=_sum_due(owed), due_first=_sum_due(owed[-1:]),
    )  # fmt: skip


def _owes(tenant: ActiveTenant) -> bool:
    return tenant.plan.state in ("past_due", "read_only")


def _sum_due(owed: Sequence[InvoiceLine]) -> str:
    """Write what is left of invoices, "" for none: all of a customer's are in one currency."""
    return words.amount(sum(one.due for one in owed), owed[0].currency) if owed else ""


@bp.post("/settings/billing/checkout")
@requires("billing:update")
@while_read_only
@told_where("billing.show_plans")
def begin_checkout() -> ResponseReturnValue:
    """Lead to Stripe's Checkout for a plan; the seats are those that are needed today."""
    account, known = account_of(g.tenant), catalogue()
    interval = interval_of(request.form.get("interval", ""))
    currency = currency_for(g.tenant, known, account, request.form.get("currency", ""))
    price = known.price(request.form.get("plan", ""), interval, currency)
    if price is None:
        flash(_("Choose a plan."), "error")
        return redirect(url_for("billing.show_plans"), 303)
    url = checkout.start_checkout(
        settings(), g.tenant, plan=price.plan, interval=interval, currency=currency,
        seats=known.plan(price.plan).seats_to_buy(account.needed), actor=current_member(),
        success_url=f"{outward('billing.returned')}?session_id={{CHECKOUT_SESSION_ID}}",
        cancel_url=outward("billing.show_plans"),
    )  # fmt: skip
    return redirect(url, 303)


@bp.get("/settings/billing/returned")
@requires("billing:update")
@told_where("billing.index")
def returned() -> ResponseReturnValue:
    """Greet who comes back from Checkout: Stripe is asked at once, so that nobody waits for its message.

    Not for who only looks as somebody else: what comes of it is written down.
    """
    if viewing() is None:
        checkout.returned(settings(), g.tenant, request.args.get("session_id", ""))
    if account_of(g.tenant).state == "active":
        return saved(url_for("billing.index"), _("Thank you. Your plan is active."))
    flash(_("Thank you. The payment is being confirmed; with some payment methods this takes a while."), "info")
    return redirect(url_for("billing.index"), 303)


@bp.post("/settings/billing/portal")
@requires("billing:update")
@while_read_only
@told_where("billing.index")
def open_portal() -> ResponseReturnValue:
    """Lead to Stripe's portal: payment method, address and tax ids of the invoices."""
    return redirect(_portal(), 303)


@bp.post("/settings/billing/payment")
@requires("billing:update")
@while_read_only
@told_where("billing.index")
def pay() -> ResponseReturnValue:
    """Lead to where the oldest invoice that is owed can be paid, by whatever means; else to the portal."""
    owed = [one for one in invoices.invoices(settings(), g.tenant).lines if one.state == "open"]
    urls = [one.page_url for one in reversed(owed) if one.page_url]
    return redirect(urls[0] if urls else _portal("payment_method_update"), 303)


def _portal(flow: Literal["", "payment_method_update"] = "") -> str:
    return portal.portal_url(settings(), g.tenant, return_url=outward("billing.index"), flow=flow)
