"""Amounts as people type them: 1.200,50 in Berlin, 1,200.50 in London, １２００ in Taipei, 1.5万 in Beijing, 12k."""

from __future__ import annotations

import re
import unicodedata
from decimal import Decimal
from functools import lru_cache

from saas_crm.core.money import LARGEST_INPUT, Money, minor_digits
from tenants.marks import N_

MAX_LENGTH = 60  # characters anybody may type into an amount field

UNITS = {"万": 4, "萬": 4, "亿": 8, "億": 8, "k": 3, "m": 6}
"""What may stand behind a number, and how many zeros it stands for."""

_NUMBER = re.compile(r"([+-]?)(\d[\d.,]*|[.,]\d+)", re.ASCII)
_NO_CENTS = re.compile(r"(?<=\d)[.,][-–—]{1,2}\Z", re.ASCII)
_FEW = re.compile(r"[1-9]\d{0,2}", re.ASCII)  # digits before the only mark that separates thousands
_GROUPS = {mark: re.compile(rf"\d{{1,3}}({re.escape(mark)}\d{{2,3}})*{re.escape(mark)}\d{{3}}") for mark in ".,"}


class AmountError(ValueError):
    """What was typed is no amount; `message` is English source text for `params`, translated where shown."""

    def __init__(self, code: str, message: str, **params: object) -> None:
        super().__init__(message % params if params else message)
        self.code = code
        self.message = message
        self.params = params


def parse_money(text: str, currency: str, locale: str) -> Money:
    """Return what somebody typed who writes numbers as in `locale` (a CLDR name such as de or zh_Hans).

    The currency's code or sign may stand before or after, spaces and apostrophes anywhere between digits.
    Where both marks occur the last is the decimal mark; a single mark that is not the locale's decimal mark
    separates thousands when three digits follow, else decimals, so that 1200.50 is understood in Berlin too. So does
    the decimal mark where the currency has no three decimals: 9.500 is €9,500 for everybody, 0.125 is refused. One
    of UNITS may stand behind the number, 12k or 12K, and the dash of 9500,- is left out.

    Raises AmountError: `not_a_number`, `too_precise` (more decimals than the currency has) or `too_large`.
    """
    plain = _without_currency(_ascii_digits(text[: MAX_LENGTH * 2]), currency)
    number, zeros = _without_unit(plain)
    match = _NUMBER.fullmatch(_NO_CENTS.sub("", re.sub(r"[\s'’]", "", number)))
    if match is None or len(plain) > MAX_LENGTH:
        raise _not_a_number()
    whole, decimals = _split(match[2], _decimal_mark(locale))
    if not zeros and len(decimals) == 3 > minor_digits(currency) and _FEW.fullmatch(whole):
        whole, decimals = whole + decimals, ""
    if len(decimals) - zeros > minor_digits(currency):
        raise _too_precise(currency)
    amount = Decimal(f"{match[1]}{whole or '0'}.{decimals or '0'}").scaleb(zeros)
    if abs(amount) >= LARGEST_INPUT:
        raise AmountError("too_large", N_("This amount is too large."))
    return Money(amount, currency)


def _split(number: str, decimal_mark: str) -> tuple[str, str]:
    """Return the digits before and after the decimal mark."""
    marks = re.findall(r"[.,]", number)
    kinds = set(marks)
    if not marks:
        return number, ""
    last = marks[-1]
    if len(kinds) == 1:
        grouped = len(marks) > 1 or (last != decimal_mark and _GROUPS[last].fullmatch(number) is not None)
        return (_ungrouped(number, last), "") if grouped else _at(number, last)
    if marks.count(last) > 1:
        raise _not_a_number()
    whole, decimals = _at(number, last)
    return _ungrouped(whole, "." if last == "," else ","), decimals


def _at(number: str, mark: str) -> tuple[str, str]:
    whole, _, decimals = number.partition(mark)
    return whole, decimals


def _ungrouped(number: str, mark: str) -> str:
    if mark in number and not _GROUPS[mark].fullmatch(number):
        raise _not_a_number()
    return number.replace(mark, "")


def _decimal_mark(locale: str) -> str:
    from babel.numbers import get_decimal_symbol

    return "," if get_decimal_symbol(locale) == "," else "."


def _ascii_digits(text: str) -> str:
    """Return the text with every script's digits and marks as ASCII ones."""
    plain = unicodedata.normalize("NFKC", text).translate({0x066B: ".", 0x066C: ",", 0x3001: ",", 0x2212: "-"})
    return "".join(str(unicodedata.decimal(char, char)) for char in plain).strip()


def _without_unit(text: str) -> tuple[str, int]:
    """Return what stands before the unit, and the zeros that the unit stands for; 0 without one."""
    unit = text[-1:].lower()
    if unit not in UNITS:
        return text, 0
    return text[:-1].rstrip(), UNITS[unit]


def _without_currency(text: str, currency: str) -> str:
    """Take the code or sign of the currency away."""
    for sign in _signs(currency):
        for rest in (text.removeprefix(sign), text.removesuffix(sign)):
            if rest != text:
                return rest.strip()
    return text


@lru_cache(32)
def _signs(currency: str) -> tuple[str, ...]:
    """Return the codes and signs of a currency, the longest first, whichever reader's sign it is: ¥, CN¥, 元."""
    from babel.numbers import get_currency_symbol

    signs = {get_currency_symbol(currency, locale) for locale in ("en", "zh_Hans_CN", "zh_Hant_TW", "de")}
    signs |= {get_currency_symbol(currency, locale).lstrip("ACNTUSHK") for locale in ("en", "zh_Hans_CN")}
    signs |= {currency, currency.lower(), *({"元"} if currency in ("CNY", "TWD") else ())}
    return tuple(sorted(signs - {""}, key=lambda sign: (-len(sign), sign)))


def _not_a_number() -> AmountError:
    return AmountError("not_a_number", N_("Write an amount such as 1200, 1200.50 or 12k."))


def _too_precise(currency: str) -> AmountError:
    digits = minor_digits(currency)
    if digits == 0:
        return AmountError("too_precise", N_("%(currency)s has no decimals."), currency=currency)
    message = N_("%(currency)s has at most %(digits)s decimals.")
    return AmountError("too_precise", message, currency=currency, digits=digits)
