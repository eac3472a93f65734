"""Payment methods, what their charges come to, and the intents that tell of them."""

from __future__ import annotations

from typing import Any

from tests.stripe.catalogue import merged
from tests.stripe.customers import living
from tests.stripe.errors import Refused, declined
from tests.stripe.routes import PAGING, operation
from tests.stripe.shapes import blank, page
from tests.stripe.world import World

CARDS = {
    "works": ("4242", "visa"), "declined": ("0002", "visa"), "insufficient_funds": ("9995", "visa"),
    "expired": ("0069", "visa"), "3ds": ("3220", "visa"), "3ds_refused": ("3063", "visa"),
    "3ds_always": ("3184", "visa"), "3ds_unless_set_up": ("3155", "visa"),
    "fails_later": ("0341", "visa"), "mastercard": ("4444", "mastercard"),
}  # fmt: skip
"""Cards by what they do, as Stripe's own test cards do it: docs.stripe.com/testing."""
OTHERS = ("sepa_debit", "alipay", "wechat_pay", "link")
SINGLE_USE = ("alipay", "wechat_pay")
"""What pays one invoice and cannot be kept: Checkout offers neither for subscriptions, nor to be set up
(docs.stripe.com/payments/alipay/accept-a-payment, docs.stripe.com/payments/wechat-pay/accept-a-payment)."""
_TOKENS = {
    "pm_card_visa": "works", "pm_card_mastercard": "mastercard", "pm_card_chargeCustomerFail": "fails_later",
    "pm_card_visa_chargeDeclined": "declined", "pm_card_visa_chargeDeclinedInsufficientFunds": "insufficient_funds",
    "pm_card_chargeDeclinedExpiredCard": "expired", "pm_card_authenticationRequired": "3ds_always",
    "pm_card_threeDSecure2Required": "3ds", "pm_card_authenticationRequiredOnSetup": "3ds_unless_set_up",
}  # fmt: skip
_WORDS = {
    "generic_decline": "Your card was declined.",
    "insufficient_funds": "Your card has insufficient funds.",
    "expired_card": "Your card has expired.",
    "authentication_required": "Your card was declined. This transaction requires authentication.",
    "payment_intent_authentication_failure": "We are unable to authenticate your payment method.",
}


ASKING = frozenset({"3ds", "3ds_always", "3ds_unless_set_up"})
"""Cards whose bank asks the person who is there."""


def refusal(card: str, *, on_session: bool, set_up: bool = False) -> str:
    """Return why a charge of such a card is declined, "" where it is not. On session the person answers for it.

    One that was `set_up` for later has been answered for already, where the bank takes that for an answer.
    """
    if card in ("declined", "fails_later"):
        return "generic_decline"
    if not on_session and (card == "3ds_always" or (card == "3ds_unless_set_up" and not set_up)):
        return "authentication_required"
    found = {"insufficient_funds": "insufficient_funds", "expired": "expired_card"}.get(card, "")
    return found or ("payment_intent_authentication_failure" if card == "3ds_refused" else "")


def kind_of(card: str) -> str:
    """Return the type of payment method that a card or another way to pay is."""
    return "card" if card in CARDS else {"sepa": "sepa_debit"}.get(card, card)


def usual(currency: str | None) -> list[str]:
    """Return what Checkout offers by itself for subscriptions in a currency, where the dashboard has all turned on."""
    return ["card", "sepa_debit", "link"] if currency == "eur" else ["card", "link"]


def said(code: str) -> str:
    """Return Stripe's words for a decline."""
    return _WORDS[code]


def outcome(world: World, method: dict[str, Any], *, on_session: bool = False) -> str:
    """Return why a charge of a payment method is declined now, "" where it is not."""
    does = world.cards.get(method["customer"] or "")
    return refusal(does or method["_card"], on_session=on_session, set_up=does is None and method.get("_set_up", False))


def new_method(world: World, card: str, billing: dict[str, Any] | None = None) -> dict[str, Any]:
    """Make a payment method: a card by what it does, or another kind by its name."""
    card = card if card in CARDS else kind_of(card)
    details = blank("billing_details") | {"address": blank("address")} | (billing or {})
    method = world.make(
        "payment_method", type=card if card in OTHERS else "card", billing_details=details, metadata={},
        allow_redisplay="always", _card=card,
    )  # fmt: skip
    if card in CARDS:
        last4, brand = CARDS[card]
        method["card"] = blank(
            "payment_method_card", brand=brand, display_brand=brand, last4=last4, exp_month=12, exp_year=2034,
            country=world.account.country, funding="credit", fingerprint=f"Fp{last4}0123456789",
            networks={"available": [brand], "preferred": None}, three_d_secure_usage={"supported": True},
            checks={"address_line1_check": None, "address_postal_code_check": None, "cvc_check": "pass"},
        )  # fmt: skip
    elif card == "sepa_debit":
        method["sepa_debit"] = blank(
            "payment_method_sepa_debit", bank_code="37040044", country="DE", last4="3000", fingerprint="FpSepa0123456",
            generated_from={"charge": None, "setup_attempt": None},
        )  # fmt: skip
    elif card in OTHERS:
        method[card] = {}
    else:
        raise Refused(400, f"The double knows no card {card}.")
    return method


def attach(world: World, method: dict[str, Any], customer_id: str, *, set_up: bool = False) -> dict[str, Any]:
    """Give a payment method to a customer, `set_up` for later where they were there. Raises Refused for a decline."""
    if method["type"] in SINGLE_USE:
        raise Refused(400, f"Payment methods of type {method['type']} are used once and cannot be attached.")
    if method["customer"] not in (None, customer_id):
        raise Refused(400, "The payment method you provided has already been attached to a customer.")
    why = refusal(method["_card"], on_session=True) if method["_card"] != "fails_later" else ""
    if why:
        raise declined(why, said(why))
    method |= {"customer": customer_id, "_set_up": set_up}
    world.tell("payment_method.attached", method)
    return method


@operation("POST /v1/payment_methods", "type card billing_details metadata sepa_debit alipay wechat_pay")
def _make(world: World, params: dict[str, Any]) -> dict[str, Any]:
    token = params.get("card", {}).get("token", "")
    known = {f"tok_{name.removeprefix('pm_card_')}": card for name, card in _TOKENS.items()}
    if params["type"] == "card" and token not in known:
        raise Refused(402, "Sending credit card numbers directly to the Stripe API is generally unsafe.", param="card")
    kind = known[token] if params["type"] == "card" else params["type"]
    return new_method(world, kind, params.get("billing_details"))


@operation("GET /v1/payment_methods/{}")
def _one(world: World, id: str, params: dict[str, Any]) -> dict[str, Any]:
    return world.get("payment_method", id)


@operation("POST /v1/payment_methods/{}", "billing_details metadata allow_redisplay")
def _change(world: World, id: str, params: dict[str, Any]) -> dict[str, Any]:
    method = world.get("payment_method", id)
    method["billing_details"] |= params.pop("billing_details", {})
    merged(method, params)
    world.tell("payment_method.updated", method)
    return method


@operation("POST /v1/payment_methods/{}/attach", "customer")
def _attach(world: World, id: str, params: dict[str, Any]) -> dict[str, Any]:
    living(world, params["customer"])
    return attach(world, named(world, id), params["customer"])


def named(world: World, id: str, param: str = "id") -> dict[str, Any]:
    """Return a payment method by its id, or a new one by the name of one of Stripe's test cards."""
    return new_method(world, _TOKENS[id]) if id in _TOKENS else world.get("payment_method", id, param)


@operation("POST /v1/payment_methods/{}/detach")
def _detach(world: World, id: str, params: dict[str, Any]) -> dict[str, Any]:
    method = world.get("payment_method", id)
    owner = world.get("customer", method["customer"] or "")
    if owner["invoice_settings"]["default_payment_method"] == id:
        owner["invoice_settings"]["default_payment_method"] = None
    for subscription in world.rows("subscription", default_payment_method=id):
        subscription["default_payment_method"] = None
    method["customer"] = None
    world.tell("payment_method.detached", method)
    return method


@operation("GET /v1/payment_methods", f"customer type {PAGING}")
def _all(world: World, params: dict[str, Any]) -> dict[str, Any]:
    wanted = {name: params[name] for name in ("customer", "type") if name in params}
    return page(world.rows("payment_method", **wanted), params, "/v1/payment_methods")


@operation("GET /v1/customers/{}/payment_methods", f"type {PAGING}")
def _of_customer(world: World, id: str, params: dict[str, Any]) -> dict[str, Any]:
    living(world, id, "id")
    wanted = {name: params[name] for name in ("type",) if name in params}
    return page(world.rows("payment_method", customer=id, **wanted), params, f"/v1/customers/{id}/payment_methods")


@operation("GET /v1/setup_intents/{}")
def _setup_intent(world: World, id: str, params: dict[str, Any]) -> dict[str, Any]:
    return world.get("setup_intent", id)


@operation("GET /v1/payment_intents/{}")
def _payment_intent(world: World, id: str, params: dict[str, Any]) -> dict[str, Any]:
    return world.get("payment_intent", id)


def default_method(
    world: World, subscription: dict[str, Any] | None, customer: dict[str, Any]
) -> dict[str, Any] | None:
    """Return what is charged: the subscription's own payment method, else the customer's."""
    chosen = (subscription or {}).get("default_payment_method")
    chosen = chosen or customer["invoice_settings"]["default_payment_method"]
    return world.tables["payment_method"].get(chosen or "")
