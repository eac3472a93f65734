"""Kinds of input, written once for forms and API: each cleans, checks and explains itself."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints, ValidationInfo

from saas_crm.core.emails import parse_email
from saas_crm.core.money_input import parse_money
from saas_crm.core.phones import parse_phone
from tenants.marks import N_

if TYPE_CHECKING:
    from pydantic import GetJsonSchemaHandler


@dataclass(frozen=True, slots=True)
class InputContext:
    """What is needed to read what a person typed: their country, currency, language and time zone.

    `form` says that it was typed into a form, where an amount is text in the reader's notation.
    """

    country: str = "US"
    currency: str = "USD"
    locale: str = "en"
    timezone: str = "UTC"
    form: bool = False


class FieldError(ValueError):
    """Input of one field breaks a rule; `message` is English source text for `params`, translated where it is shown."""

    def __init__(self, code: str, message: str, **params: object) -> None:
        super().__init__(message % params if params else message)
        self.code, self.message, self.params = code, message, params


def reading(info: ValidationInfo) -> InputContext:
    """Return the context a model is validated in, or a neutral one."""
    return info.context if isinstance(info.context, InputContext) else InputContext()


_DIRECTION_OVERRIDES = {0x202A, 0x202B, 0x202D, 0x202E, 0x2066, 0x2067, 0x2068}


def clean_line(value: Any) -> Any:
    """Return one line: control characters gone, white space folded; None becomes "".

    Explicit direction overrides go too: they could make a name read as another one; right-to-left letters stay.
    """
    if value is None:
        return ""
    if not isinstance(value, str):
        return value
    kept = (c if c.isprintable() or ord(c) > 0xFF else " " for c in unicodedata.normalize("NFC", _utf8(value)))
    return " ".join("".join(c for c in kept if ord(c) not in _DIRECTION_OVERRIDES).split())


def clean_text(value: Any) -> Any:
    """Return running text: line breaks as \\n, other control characters gone; None becomes ""."""
    if value is None:
        return ""
    if not isinstance(value, str):
        return value
    text = unicodedata.normalize("NFC", _utf8(value)).replace("\r\n", "\n").replace("\r", "\n")
    return "".join(c for c in text if c in "\n\t" or unicodedata.category(c) not in ("Cc", "Cs")).strip()


@dataclass(frozen=True, slots=True)
class Described:
    """Tells the API's readers what JSON Schema has no word for; the format is checked here alone."""

    format: str
    text: str
    example: str

    def __get_pydantic_json_schema__(self, schema: Any, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """Add format, description and example to the schema of the text."""
        return {**handler(schema), "format": self.format, "description": self.text, "examples": [self.example]}


def _utf8(value: str) -> str:
    return value.encode("utf-8", "replace").decode("utf-8")


# The length stands before the cleaner: Pydantic then measures the text that the cleaner leaves, as text.
Line = Annotated[str, StringConstraints(max_length=200), BeforeValidator(clean_line)]
Name = Annotated[str, StringConstraints(min_length=1, max_length=200), BeforeValidator(clean_line)]
Text = Annotated[str, StringConstraints(max_length=20_000), BeforeValidator(clean_text)]


def _email(value: str) -> str:
    return parse_email(value) if value else ""


Email = Annotated[
    str, StringConstraints(max_length=254), BeforeValidator(clean_line), AfterValidator(_email),
    Described("e-mail", "An e-mail address, or empty.", "ann@example.com"),
]  # fmt: skip


def _phone(value: str, info: ValidationInfo) -> str:
    return parse_phone(value, reading(info).country) if value else ""


Phone = Annotated[
    str, StringConstraints(max_length=60), BeforeValidator(clean_line), AfterValidator(_phone),
    Described("phone", "With +, or as people dial it in the workspace's country; or empty.", "+49 30 12345678"),
]  # fmt: skip


def parse_website(value: str) -> str:
    """Return a web address with its scheme; only http and https, or FieldError."""
    if not value:
        return ""
    address = value if re.match(r"[a-z][a-z0-9+.-]*:", value, re.I) and "//" in value else f"https://{value}"
    problem = FieldError("website", N_("Write a web address such as www.example.com."))
    try:
        parts = urlsplit(address)
        host = (parts.hostname or "").encode("idna").decode()
    except (ValueError, UnicodeError):
        raise problem from None
    if parts.scheme.lower() not in ("http", "https") or "." not in host.strip(".") or re.search(r"\s", address):
        raise problem
    return address


Website = Annotated[
    str, StringConstraints(max_length=500), BeforeValidator(clean_line), AfterValidator(parse_website),
    Described("website", "A web address; https:// is added where no scheme is given; or empty.", "www.example.com"),
]  # fmt: skip


def website_domain(website: str) -> str:
    """Return the host of a web address without "www.", "" when there is none."""
    return (urlsplit(website).hostname or "").removeprefix("www.").lower() if website else ""


def _country(value: str) -> str:
    from babel import Locale

    code = value.upper()
    if code and (len(code) != 2 or code not in Locale("en").territories):
        raise FieldError("country", N_("Choose a country."))
    return code


Country = Annotated[
    str, StringConstraints(max_length=2), BeforeValidator(clean_line), AfterValidator(_country),
    Described("country", "A country code (ISO 3166-1 alpha-2), or empty.", "DE"),
]  # fmt: skip


def _split_tags(value: Any) -> Any:
    if value is None:
        return []
    parts = re.split(r"[,，、;\n]", value) if isinstance(value, str) else value
    if not isinstance(parts, list | tuple):
        return value
    if not all(isinstance(part, str) for part in parts):
        return parts
    return list(dict.fromkeys(part for part in map(clean_line, parts) if part))


Tag = Annotated[str, StringConstraints(max_length=40)]
Tags = Annotated[list[Tag], Field(max_length=30), BeforeValidator(_split_tags)]


def _blank_is_none(value: Any) -> Any:
    return None if isinstance(value, str) and not value.strip() else value


def _local_moment(value: datetime, info: ValidationInfo) -> datetime:
    if value.tzinfo is None:
        value = value.replace(tzinfo=ZoneInfo(reading(info).timezone))
    if not 1900 <= value.year < 2200:  # beyond, a reader's own time zone could lead out of the calendar
        raise FieldError("moment", N_("This date is out of range."))
    return value.astimezone(UTC)


OrNone = BeforeValidator(_blank_is_none)
Moment = Annotated[datetime, AfterValidator(_local_moment)]


def typed_amount(value: Any, info: ValidationInfo) -> Any:
    """Read an amount as a person types it into a form; a JSON body sends amount and currency itself."""
    if not isinstance(value, str) or not reading(info).form:
        return value
    if not value.strip():
        return None
    context = reading(info)
    amount = parse_money(value, context.currency, context.locale)
    if amount.amount < 0:
        raise FieldError("negative", N_("Write an amount of 0 or more."))
    return amount
