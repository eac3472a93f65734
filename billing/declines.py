"""Why a payment was declined, in words of ours: Stripe's own are English, and are for us.

Codes: https://docs.stripe.com/declines/codes. Of a card that its bank takes for lost, stolen or misused nothing is said
but that it was declined, as Stripe asks.
"""

from __future__ import annotations

from billing.errors import CardDeclined
from saas_crm.core.i18n import gettext as _
from tenants.marks import N_

_REASONS = (
    (
        {"insufficient_funds", "withdrawal_count_limit_exceeded", "card_velocity_exceeded"},
        N_("The payment was declined because there is not enough money in the account, or a limit of the card is "
           "reached. Nothing was changed. Use another payment method, or ask the bank."),
    ),
    (
        {"expired_card", "invalid_expiry_month", "invalid_expiry_year"},
        N_("The payment was declined because the card has expired. Nothing was changed. Use another payment method."),
    ),
    (
        {"incorrect_number", "invalid_number", "incorrect_cvc", "invalid_cvc", "incorrect_zip", "incorrect_address"},
        N_("The payment was declined because something that was typed in of the card is not right. Nothing was "
           "changed. Put the card in again."),
    ),
    (
        {"authentication_required", "authentication_not_handled", "mobile_device_authentication_required",
         "payment_intent_authentication_failure", "subscription_payment_intent_requires_action"},
        N_("The bank wants the payment to be confirmed by the owner of the card, so nothing was changed. Put the "
           "card in again under the payment method, and confirm it there."),
    ),
    (
        {"card_not_supported", "currency_not_supported", "service_not_allowed", "transaction_not_allowed",
         "not_permitted", "restricted_card"},
        N_("The payment was declined because the card cannot be used for this kind of payment or currency. "
           "Nothing was changed. Use another payment method."),
    ),
    (
        {"processing_error", "issuer_not_available", "reenter_transaction", "try_again_later",
         "duplicate_transaction"},
        N_("The payment was declined because the bank did not answer as it should. Nothing was changed. Try "
           "again in a few minutes."),
    ),
)  # fmt: skip
_ANY = N_("The payment was declined, so nothing was changed. Check the payment method, or use another one.")


def why_declined(failed: CardDeclined) -> str:
    """Say, in the reader's language, why a payment was declined, what to do, and that nothing was changed."""
    return _(next((words for codes, words in _REASONS if failed.message in codes), _ANY))
