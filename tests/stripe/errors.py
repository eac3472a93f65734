"""Refusals in the shapes that Stripe answers with."""

from __future__ import annotations

from typing import Any


class Refused(Exception):
    """A request that is not carried out: its HTTP status, and the `error` object of the answer."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        type: str = "invalid_request_error",
        code: str = "",
        param: str = "",
        **more: Any,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.error: dict[str, Any] = {"type": type, "message": message, **more}
        if code:
            self.error |= {"code": code, "doc_url": f"https://stripe.com/docs/error-codes/{code.replace('_', '-')}"}
        if param:
            self.error["param"] = param

    @property
    def body(self) -> dict[str, Any]:
        """The answer as it is sent."""
        return {"error": self.error}


class Misused(Refused):
    """A request that Stripe's description does not allow, or that the double has not learned: a fault of the caller."""


def missing(kind: str, id: str, param: str = "id") -> Refused:
    """Return the refusal for an object that is not there; as the resource itself 404, within parameters 400."""
    status = 404 if param == "id" else 400
    return Refused(status, f"No such {kind}: '{id}'", code="resource_missing", param=param)


def not_paid(why: str, message: str, of: str = "subscription") -> Refused:
    """Return the refusal of a request whose invoice could not be paid: declined, or the bank asks the person first."""
    if why != "authentication_required":
        return declined(why, message)
    return Refused(
        402, f"Payment for this {of} requires additional user action before it can be completed successfully. Payment "
        f"can be completed using the PaymentIntent associated with `{of}.latest_invoice`.",
        type="card_error", code=f"{of}_payment_intent_requires_action",
    )  # fmt: skip


def declined(decline_code: str, message: str, payment_intent: dict[str, Any] | None = None) -> Refused:
    """Return the refusal of a payment by the card's bank."""
    code = decline_code if decline_code in {"expired_card", "incorrect_cvc", "processing_error"} else "card_declined"
    more: dict[str, Any] = {"decline_code": decline_code} if code == "card_declined" else {}
    if payment_intent:
        more["payment_intent"] = payment_intent
    return Refused(402, message, type="card_error", code=code, **more)
