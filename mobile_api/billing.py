"""What the workspace pays for: plan, seats, limits, invoices, and the ways to pay, change and cancel.

Where the installation takes no money all of it is 404.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from flask import Response, g
from pydantic import BaseModel, Field

from billing import cancelling, changing, checkout, invoices, portal, seats
from billing.errors import NoSuchPage
from billing.plans import Interval, catalogue
from mobile_api.billing_shape import cost_fields, invoice_fields, plan_fields, price_of, wished_price
from mobile_api.billing_versions import seen_version, shown_account
from mobile_api.billing_wishes import CancellationWrite, CheckoutWanted, InvoiceListing, PlanWanted, PreviewWanted
from mobile_api.lists import answer_list, no_such_page
from mobile_api.openapi import list_of
from mobile_api.records import gone, shown
from mobile_api.registry import api
from saas_crm.core.errors import NotFound
from saas_crm.core.limits import usage
from saas_crm.core.money import Money
from saas_crm.edge.current import current_member, directory, settings
from saas_crm.edge.declared import requires, while_read_only
from saas_crm.edge.proof import proven
from tenants.address import address_of

PAGE = "/settings/billing"
State = Literal["none", "trialing", "free", "active", "past_due", "read_only", "cancelled"]


class UsedLimit(BaseModel):
    """One limit of the plan, and how much of it is used."""

    limit: Literal["members", "customers", "storage_bytes", "mails_per_day", "api_per_minute"]
    used: int | None = Field(description="null where it is not counted here.")
    most: int | None = Field(description="null: there is no limit.")


class BillingRead(BaseModel):
    """What the workspace has and pays. `none`: it was here before there were plans, and nothing is limited."""

    version: int = Field(description="Counts what is changed; it stands in the `ETag`. 0 before there is anything.")
    plan: str | None = Field(examples=["business"])
    plan_name: str | None
    state: State
    interval: Interval | None
    price: Money | None = Field(description="For one seat and interval, without tax.")
    seats_paid: int
    seats_wanted: int | None = Field(description="What they will be, where that differs.")
    seats_needed: int = Field(description="Active members and open invitations.")
    trial_ends_at: datetime | None
    period_ends_at: datetime | None
    until: datetime | None = Field(description="When something follows by itself: a trial ends, grace is over.")
    ending: Literal["free", "closed"] | None = Field(description="What a cancellation leads to at the period's end.")
    manual: bool = Field(description="Looked after by an operator, paid by bank transfer.")
    limits: list[UsedLimit]
    features: list[str]


class PlanPrice(BaseModel):
    """What a seat costs."""

    interval: Interval
    price: Money


class PlanRead(BaseModel):
    """A plan that is offered."""

    plan: str
    name: str
    text: str
    prices: list[PlanPrice] = Field(description="In all currencies; of the free plan none.")
    included_seats: int
    limits: dict[str, int] = Field(description="What is not named has no limit.")
    features: list[str]
    over: list[UsedLimit] = Field(description="What there is more of than it allows: no more could be added.")
    without_seat: list[str] = Field(description="Names of those who would have no seat: they could only read.")


class InvoiceRead(BaseModel):
    """An invoice, with tax."""

    number: str
    at: datetime
    total: Money
    state: Literal["draft", "open", "paid", "void", "uncollectible"]
    pdf_url: str | None
    page_url: str | None = Field(description="Where it can be seen, and paid while it is open.")


class Led(BaseModel):
    """Where a person has to go, in a browser: a page of the payment service."""

    url: str


class CostRead(BaseModel):
    """What a change would cost, as the payment service reckons it. Nothing is changed by asking."""

    now: Money = Field(description="Charged at once, with tax.")
    accrued: Money = Field(description="For the rest of this period, charged with the next invoice.")
    then: Money = Field(description="Each period from then on, without tax.")
    from_at: datetime
    seats: int
    at_once: bool = Field(description="Whether it holds from now on; a lowering holds from the period's end.")


def _be_on() -> None:
    if not settings().bills:
        raise NotFound


def _page(path: str = "") -> str:
    return f"{address_of(g.tenant, settings().base_url)}{PAGE}{path}"


@api.operation("GET", "/billing", tag="billing", responses={200: BillingRead}, etag=True)
@requires("billing:read")
def show_billing() -> Response:
    """Show plan, state, seats and how much of the limits is used."""
    _be_on()
    return shown_account(g.tenant)


@api.operation("GET", "/billing/plans", tag="billing", responses={200: list_of(PlanRead)})
@requires("billing:read")
def list_plans() -> Response:
    """List the plans that are offered, the smallest first."""
    _be_on()
    used = usage()
    return answer_list([plan_fields(plan, used) for plan in catalogue().plans])


@api.operation(
    "GET", "/billing/invoices", tag="billing", query_model=InvoiceListing, responses={200: list_of(InvoiceRead)}
)
@requires("billing:read")
def list_invoices(query: InvoiceListing) -> Response:
    """List the invoices, the newest first."""
    _be_on()
    try:
        page = invoices.invoices(settings(), g.tenant, query.limit, query.after or "")
    except NoSuchPage:
        raise no_such_page() from None
    return answer_list([invoice_fields(one) for one in page.lines], page.older or None)


@api.operation(
    "POST", "/billing/checkout", tag="billing", request_model=CheckoutWanted, responses={200: Led}, idempotent=True
)
@requires("billing:update")
@while_read_only
def begin_checkout(body: CheckoutWanted) -> Response:
    """Begin a subscription: answers where a person pays, in a browser. Where there is one already: 409."""
    _be_on()
    price = price_of(g.tenant, body.plan, body.interval, body.currency)
    url = checkout.start_checkout(
        settings(), g.tenant, plan=price.plan, interval=price.interval, currency=price.currency,
        seats=catalogue().plan(price.plan).seats_to_buy(seats.needed()), actor=current_member(),
        success_url=_page("/returned?session_id={CHECKOUT_SESSION_ID}"), cancel_url=_page("/plans"),
    )  # fmt: skip
    return shown({"url": url})


@api.operation("POST", "/billing/portal", tag="billing", responses={200: Led}, idempotent=True)
@requires("billing:update")
@while_read_only
def open_portal() -> Response:
    """Answer where a person changes payment method, address and tax ids, in a browser."""
    _be_on()
    return shown({"url": portal.portal_url(settings(), g.tenant, return_url=_page())})


@api.operation(
    "POST", "/billing/previews", tag="billing", request_model=PreviewWanted, responses={200: CostRead}, idempotent=True
)
@requires("billing:update")
@while_read_only
def foresee(body: PreviewWanted) -> Response:
    """Tell what another plan or interval, or a number of seats, would cost: just what the change itself would do."""
    _be_on()
    if body.seats is not None and body.plan is None and body.interval is None:
        return shown(cost_fields(seats.preview(settings(), g.tenant, body.seats)))
    price = wished_price(g.tenant, body.plan, body.interval)
    return shown(cost_fields(changing.preview(settings(), g.tenant, plan=price.plan, interval=price.interval)))


@api.operation(
    "PUT", "/billing/plan", tag="billing", request_model=PlanWanted, responses={200: BillingRead}, etag=True,
    if_match="needed", idempotent=True, problems=(402,),
)  # fmt: skip
@requires("billing:update")
@while_read_only
@proven
def change_plan(body: PlanWanted) -> Response:
    """Change plan or interval: more at once, less from the period's end. See the preview for what it costs.

    Where the bank asks first (3-D Secure): 402 (`payment-confirmation-needed`), with the page where it is answered.
    Where the payment was declined (402) or the service does not answer (503), read the state anew before another try.
    """
    _be_on()
    price, seen = wished_price(g.tenant, body.plan, body.interval), seen_version()
    changing.change(
        settings(), g.tenant, plan=price.plan, interval=price.interval, actor=current_member(), version=seen
    )
    return shown_account(directory().renew(g.tenant.id) or g.tenant)


@api.operation(
    "PUT", "/billing/cancellation", tag="billing", request_model=CancellationWrite, responses={200: BillingRead},
    etag=True, if_match="needed", idempotent=True,
)  # fmt: skip
@requires("billing:update")
@while_read_only
def cancel(body: CancellationWrite) -> Response:
    """Cancel at the period's end; until then `DELETE` takes it back."""
    _be_on()
    cancelling.cancel(
        settings(), g.tenant, to=body.to, reason=body.reason, words=body.words, actor=current_member(),
        version=seen_version(),
    )  # fmt: skip
    return shown_account(directory().renew(g.tenant.id) or g.tenant)


@api.operation(
    "DELETE", "/billing/cancellation", tag="billing", responses={204: None}, if_match="needed", idempotent=True
)
@requires("billing:update")
@while_read_only
def take_back() -> Response:
    """Stay after all."""
    _be_on()
    cancelling.take_back(settings(), g.tenant, actor=current_member(), version=seen_version())
    directory().forget()
    return gone()
