"""Telephone numbers for invented people: those kept free for films where a country has any."""

from __future__ import annotations

from collections.abc import Callable

_FILM_NUMBERS = {
    "US": "+121255501{:02}",  # NANPA: 555-0100 to 555-0199
    "CA": "+141655501{:02}",
    "GB": "+442079460{:03}",  # Ofcom, "Telephone numbers for use in TV and radio drama programmes"
    "DE": "+493023125{:03}",  # Bundesnetzagentur, "Rufnummern für Medienproduktionen"
    "FR": "+3319900{:04}",  # Arcep: 01 99 00 xx xx
    "AU": "+61255501{:03}",  # ACMA: (02) 5550 xxxx
}


def invented_phones(country: str) -> Callable[[int], str]:
    """Return the function that gives the n-th invented number of a country; "" where none is well formed."""
    pattern = _FILM_NUMBERS.get(country) or _neighbours_of_the_example(country)

    def nth(number: int) -> str:
        return pattern.format(number % 100) if pattern and _is_valid(pattern.format(number % 100)) else ""

    return nth


def _neighbours_of_the_example(country: str) -> str | None:
    """Return a pattern around the number that libphonenumber shows as an example for the country."""
    import phonenumbers

    example = phonenumbers.example_number_for_type(country, phonenumbers.PhoneNumberType.FIXED_LINE)
    if example is None:
        return None
    e164: str = phonenumbers.format_number(example, phonenumbers.PhoneNumberFormat.E164)
    return e164[:-2] + "{:02}"


def _is_valid(e164: str) -> bool:
    import phonenumbers

    return bool(phonenumbers.is_valid_number(phonenumbers.parse(e164)))
