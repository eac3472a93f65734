"""How values read in the reader's language: money, numbers, dates, times, phone numbers.

Babel takes 50 µs and more for one value; a list shows hundreds, so answers are remembered.
"""

from __future__ import annotations

import re
from copy import copy
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from babel import Locale, dates, numbers
from flask import Flask, g

from saas_crm.core.clock import now
from saas_crm.core.i18n import gettext as _
from saas_crm.core.i18n import spoken
from saas_crm.core.money import Money, minor_digits
from saas_crm.core.phones import dial_phone, show_phone
from saas_crm.edge.language import reader_timezone
from tenants.veils import is_veiled, unveiled

_REMEMBERED = 50_000
_LETTERS_AND_DIGITS = re.compile(r"(?<=[^\W\d_])(?=\d)")


def init_app(app: Flask) -> None:
    """Register the filters."""
    app.jinja_env.tests["veiled"] = is_veiled
    app.jinja_env.globals["unveiled"] = unveiled
    app.jinja_env.filters.update(
        money=money, money_short=money_short, number=number, date=day, datetime=moment, time=clock_time,
        relative=relative, month=month, phone=phone, dial=dial_phone, country=country_name,
        size=size,
    )  # fmt: skip


def dotted(*parts: str | None) -> str:
    """Join what there is of several words by middle dots, of which none begins a line."""
    return "\N{NO-BREAK SPACE}· ".join(part for part in parts if part)


def money(amount: Decimal | Money | None, currency: str | None = None) -> str:
    """Write an amount with its currency; whole amounts without decimals. Of one the reader does not get, nothing."""
    value, code = (amount.amount, amount.currency) if isinstance(amount, Money) else (amount, currency or "USD")
    return "" if value is None or is_veiled(value) else _money(value, code, spoken())


@lru_cache(_REMEMBERED)
def _money(amount: Decimal, currency: str, locale: str) -> str:
    digits = 0 if amount == amount.to_integral_value() else minor_digits(currency)
    return _apart(_currency_pattern(locale, digits).apply(amount, locale, currency=currency, currency_digits=False))


def _apart(written: str) -> str:
    """Put a space between a currency that is written in letters and its amount: KWD 4, and not KWD4, but NT$390.

    CLDR asks for it (UTS #35, Numbers, currencySpacing); Babel does without.
    """
    return _LETTERS_AND_DIGITS.sub("\N{NO-BREAK SPACE}", written)


@lru_cache
def _currency_pattern(locale: str, digits: int) -> Any:
    """Return the locale's pattern for amounts, with exactly so many decimals."""
    pattern = copy(Locale.parse(locale).currency_formats["standard"])
    pattern.frac_prec = (digits, digits)
    return pattern


def money_short(amount: Decimal | None, currency: str) -> str:
    """Write a sum in few characters: €1.2M, 120万元; the whole amount belongs in a title beside it."""
    return "" if amount is None or is_veiled(amount) else _money_short(amount, currency, spoken())


@lru_cache(_REMEMBERED)
def _money_short(amount: Decimal, currency: str, locale: str) -> str:
    digits = 1 if abs(amount) >= 1000 else 0
    return _apart(numbers.format_compact_currency(amount, currency, locale=locale, fraction_digits=digits))


def number(value: Decimal | int | None) -> str:
    """Write a number with the reader's separators."""
    return "" if value is None else _number(value, spoken())


@lru_cache(_REMEMBERED)
def _number(value: Decimal | int, locale: str) -> str:
    return numbers.format_decimal(value, locale=locale)


def size(count: int | None) -> str:
    """Write how large a file of so many bytes is, in megabytes, of small ones in kilobytes."""
    if count is None:
        return ""
    return (
        f"{number(round(Decimal(count) / 1_000_000, 1))} MB" if count >= 100_000 else f"{number(-(-count // 1000))} kB"
    )


def day(value: date | datetime | None, form: str = "medium") -> str:
    """Write a calendar date; a moment is first taken to the reader's time zone, a date stays what it is."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        value = value.astimezone(ZoneInfo(reader_timezone())).date()
    return _day(value, form, spoken())


@lru_cache(_REMEMBERED)
def _day(value: date, form: str, locale: str) -> str:
    return dates.format_date(value, form, locale=locale)


def weekday(value: date) -> str:
    """Write a calendar date with its day of the week, and without a year: for what lies a few days ahead or back."""
    return _weekday(value, spoken())


@lru_cache(1_000)
def _weekday(value: date, locale: str) -> str:
    return dates.format_skeleton("MMMEd", value, locale=locale)


def month(value: date | None) -> str:
    """Write a month and its year."""
    return "" if value is None else _month(value, spoken())


@lru_cache(1_000)
def _month(value: date, locale: str) -> str:
    return dates.format_skeleton("yMMM", value, locale=locale)


def month_name(number: int) -> str:
    """Write the name of a month, 1 to 12, standing alone."""
    return str(Locale.parse(spoken()).months["stand-alone"]["wide"][number])


def moment(value: datetime | None) -> str:
    """Write a date and time in the reader's time zone."""
    return "" if value is None else _moment(value.replace(second=0, microsecond=0), reader_timezone(), spoken())


@lru_cache(_REMEMBERED)
def _moment(value: datetime, zone: str, locale: str) -> str:
    local = value.astimezone(ZoneInfo(zone))  # the month in letters: 11/10 is read as two days, here and there
    day, time = dates.format_date(local, "medium", locale=locale), dates.format_time(local, "short", locale=locale)
    return str(dates.get_datetime_format("medium", locale=locale)).format(time, day)


def clock_time(value: datetime | None) -> str:
    """Write a time of day in the reader's time zone."""
    return "" if value is None else _time(value.replace(second=0, microsecond=0), reader_timezone(), spoken())


@lru_cache(_REMEMBERED)
def _time(value: datetime, zone: str, locale: str) -> str:
    return dates.format_time(value, "short", tzinfo=ZoneInfo(zone), locale=locale)


def relative(value: datetime | None) -> str:
    """Write how long ago something was, or how soon it is: "3 hours ago", "in 2 days"."""
    if value is None:
        return ""
    seconds = round((value - now()).total_seconds())
    if abs(seconds) < 60:
        return _("just now")
    step = 60 if abs(seconds) < 86_400 else 3_600
    return _relative(seconds // step * step, spoken())


@lru_cache(_REMEMBERED)
def _relative(seconds: int, locale: str) -> str:
    return dates.format_timedelta(timedelta(seconds=seconds), add_direction=True, locale=locale, threshold=1.2)


def phone(e164: str | None) -> str:
    """Write a number as people of the workspace's country do."""
    tenant = g.get("tenant")
    return show_phone(e164, tenant.country if tenant else None) if e164 else ""


def country_name(code: str | None) -> str:
    """Return a country's name in the reader's language."""
    return Locale.parse(spoken()).territories.get(code, code) if code else ""
