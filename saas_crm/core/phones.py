"""Phone numbers: kept as E.164, shown the way people of the reader's country write them.

An extension is kept behind a semicolon, as in RFC 3966: `+493012345678;ext=12`. Rules and formats are those
of libphonenumber (the `phonenumbers` package). Importing it costs 1 MB and about 50 ms, and each country's
table loads at its first number, so it is imported where a number is met and not at start.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from typing import TYPE_CHECKING

from tenants.marks import N_

if TYPE_CHECKING:
    from phonenumbers import PhoneNumber

MAX_LENGTH = 60  # characters anybody may type; the longest real number with extension has about 30
EXTENSION = ";ext="


class PhoneError(ValueError):
    """What was typed is no phone number; `message` is English source text, translated where it is shown."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def parse_phone(raw: str, country: str | None) -> str:
    """Return the E.164 form of what somebody typed in `country` (ISO 3166 alpha-2; None: + is needed).

    Raises PhoneError with the code `not_a_number`, `country_needed`, `too_short`, `too_long` or `unknown`.
    """
    import phonenumbers

    text = unicodedata.normalize("NFKC", raw).strip()
    if len(text) > MAX_LENGTH:
        raise PhoneError("too_long", N_("This phone number is too long."))
    try:
        number = phonenumbers.parse(text, country)
    except phonenumbers.NumberParseException as failure:
        raise _unreadable(failure.error_type, abroad=text.startswith("+")) from None
    _check(number)
    e164 = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return f"{e164}{EXTENSION}{number.extension}" if number.extension else e164


def show_phone(e164: str, country: str | None) -> str:
    """Return a stored number as people in `country` write it: nationally at home, with +49 elsewhere.

    What is no number (an import's leftovers) is returned as it is.
    """
    return _shown(e164, country or "")


def dial_phone(e164: str) -> str:
    """Return the target of a `tel:` link (RFC 3966): the extension stays a parameter.

    >>> dial_phone("+493012345678;ext=12")
    'tel:+493012345678;ext=12'
    """
    return f"tel:{e164}"


def phone_digits(text: str) -> str:
    """Return the ASCII digits of any spelling, extension excluded: what two spellings have in common."""
    plain = unicodedata.normalize("NFKC", text).partition(EXTENSION)[0]
    return "".join(char for char in plain if char in "0123456789")


def written_forms(e164: str) -> list[str]:
    """Return the spellings under which a stored number is searched.

    E.164, the national digits, and both formats with their spaces, so that a fragment is found as people
    type it: +493012345678, 03012345678, 030 12345678, +49 30 12345678.
    """
    import phonenumbers

    plain, _, extension = e164.partition(EXTENSION)
    number = _stored(plain)
    if number is None:
        return [e164]
    formats = phonenumbers.PhoneNumberFormat
    national = phonenumbers.format_number(number, formats.NATIONAL)
    forms = [
        plain,
        phone_digits(national),
        national,
        phonenumbers.format_number(number, formats.INTERNATIONAL),
    ]
    return list(dict.fromkeys([*forms, extension] if extension else forms))


@lru_cache(maxsize=4096)
def _shown(e164: str, country: str) -> str:
    import phonenumbers

    plain, _, extension = e164.partition(EXTENSION)
    number = _stored(plain)
    if number is None:
        return e164
    number.extension = extension or None
    formats = phonenumbers.PhoneNumberFormat
    at_home = number.country_code == phonenumbers.country_code_for_region(country)
    return phonenumbers.format_number(number, formats.NATIONAL if at_home else formats.INTERNATIONAL)


def _stored(plain: str) -> PhoneNumber | None:
    import phonenumbers

    try:
        return phonenumbers.parse(plain, None)
    except phonenumbers.NumberParseException:
        return None


def _check(number: PhoneNumber) -> None:
    """Refuse what cannot be dialled; numbers of ranges too new for the tables pass by their length."""
    import phonenumbers

    results = phonenumbers.ValidationResult
    length = phonenumbers.is_possible_number_with_reason(number)
    if length == results.TOO_LONG:
        raise PhoneError("too_long", N_("This phone number is too long."))
    if length in (results.TOO_SHORT, results.IS_POSSIBLE_LOCAL_ONLY):
        raise PhoneError("too_short", N_("This phone number is too short. Is the area code missing?"))
    if length != results.IS_POSSIBLE:
        raise PhoneError("unknown", N_("No such phone number exists. Please check its digits."))


def _unreadable(error: int, *, abroad: bool) -> PhoneError:
    from phonenumbers import NumberParseException as Failure

    if error == Failure.INVALID_COUNTRY_CODE:
        if abroad:
            return PhoneError("unknown", N_("No country has this code. Please check the digits after the +."))
        return PhoneError("country_needed", N_("Write the number with + and the country's code."))
    if error == Failure.TOO_LONG:
        return PhoneError("too_long", N_("This phone number is too long."))
    if error in (Failure.TOO_SHORT_NSN, Failure.TOO_SHORT_AFTER_IDD):
        return PhoneError("too_short", N_("This phone number is too short. Is the area code missing?"))
    return PhoneError("not_a_number", N_("This is not a phone number."))
