"""What may go wrong between us and Stripe, without any of Stripe's own words."""

from __future__ import annotations

from datetime import datetime

from saas_crm.core.errors import BusinessError

_ASKS = frozenset({
    "authentication_required", "subscription_payment_intent_requires_action", "invoice_payment_intent_requires_action",
})  # fmt: skip
"""Stripe's codes of a payment whose bank wants an answer of the person first: https://docs.stripe.com/error-codes."""


class BillingError(BusinessError):
    """Root of it all; `message` is for logs and operators, never for a page."""

    def __init__(self, message: str = "") -> None:
        super().__init__(message)
        self.message = message


class CardDeclined(BillingError):
    """The customer's card, or whatever they pay by, refused; nothing was changed. `message` is Stripe's code."""

    @property
    def asks(self) -> bool:
        """Whether it is no refusal: the bank asks whoever pays whether it is them (3-D Secure)."""
        return self.message in _ASKS


class ConfirmationNeeded(BillingError):
    """What was asked for waits until `until` for an answer to the bank, at `url`; nothing is changed before."""

    def __init__(self, url: str, until: datetime) -> None:
        super().__init__("the bank asks")
        self.url, self.until = url, until


class StripeUnreachable(BillingError):
    """Stripe did not answer, or was busy or broken: whether it has done what was asked is not known. Ask again."""


class StripeBusy(StripeUnreachable):
    """Stripe answered that it cannot just now (429, 409, 5xx): one request's trouble, and perhaps no other's."""


class StripeRefused(BillingError):
    """Stripe does not do what was asked: a fault of ours, of the settings, or the object is not so any more.

    `param` is the parameter that Stripe names, "" for none.
    """

    def __init__(self, message: str = "", code: str = "", status: int = 0, param: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.status = status
        self.param = param


class NoSuchPage(BillingError):
    """There is no such object for a page of a list to come after."""


class CustomerGone(StripeRefused):
    """Stripe has no such customer any more: deleted there, or of another account or mode than the key's."""

    def __init__(self, customer_id: str) -> None:
        super().__init__(f"no customer {customer_id}", "resource_missing", 404, "customer")
        self.customer_id = customer_id


class NothingToDo(BillingError):
    """What was asked does not fit: no subscription to change, one there already, or it is so already."""


class DeletionPending(NothingToDo):
    """The workspace is to be deleted, as its people decided: who pays would pay for what is gone soon."""


class BillingOff(BillingError):
    """There is no key of Stripe's: nothing is sold."""


class WebhookRefused(BillingError):
    """What came to the webhook's address is not taken; nothing of it is stored."""


class BadSignature(WebhookRefused):
    """It is not signed, or not by a secret of ours, or something in it was changed on its way."""


class TooOld(WebhookRefused):
    """It was signed too long ago, or in times to come: perhaps somebody sends again what they overheard."""


class TooLarge(WebhookRefused):
    """It is larger than any event."""


class NotAnEvent(WebhookRefused):
    """It is signed, and no event."""
