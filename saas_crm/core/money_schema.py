"""Money in a schema: {"amount": "1200.00", "currency": "EUR"} read, written and described."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

from pydantic_core import PydanticCustomError, core_schema as pydantic_schema  # isort: skip

from saas_crm.core.money import Money, currencies
from tenants.marks import N_

# A string, so that no program's float touches it. Digits beyond the currency's own are rounded.
AMOUNT_PATTERN = "^(0|[1-9][0-9]{0,13})(\\.[0-9]{1,3})?$"


MONEY_ERRORS = ("money", "money_amount", "money_currency")
"""Types of what Pydantic finds wrong here; the message it then has is English source text."""


def core_schema(money: type[Money]) -> Any:
    """Return how Pydantic reads and writes Money; amounts that come from outside are not negative."""
    return pydantic_schema.no_info_plain_validator_function(
        _read,
        serialization=pydantic_schema.plain_serializer_function_ser_schema(money.as_json, when_used="json"),
    )


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema of Money, for input and output alike."""
    return {
        "type": "object",
        "title": "Money",
        "description": "An exact amount; rounded half up to the currency's smallest unit.",
        "properties": {
            "amount": {"type": "string", "pattern": AMOUNT_PATTERN, "examples": ["1200.00"]},
            "currency": {"type": "string", "enum": list(currencies()), "examples": ["EUR"]},
        },
        "required": ["amount", "currency"],
        "additionalProperties": False,
    }


def _read(value: Any) -> Money:
    if isinstance(value, Money):
        return value
    if not isinstance(value, dict) or set(value) != {"amount", "currency"}:
        raise PydanticCustomError("money", N_("Send an object with amount and currency."))
    amount, currency = value["amount"], value["currency"]
    if not isinstance(amount, str) or not re.fullmatch(AMOUNT_PATTERN[1:-1], amount, re.ASCII):
        raise PydanticCustomError("money_amount", N_("Send the amount as a string such as 1200.00."))
    if not isinstance(currency, str) or currency not in currencies():
        raise PydanticCustomError("money_currency", N_("Send the currency as a code such as EUR."))
    return Money(Decimal(amount), currency)
