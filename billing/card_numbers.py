"""Numbers of cards that somebody types where none are asked for: they are not kept, and not passed on."""

from __future__ import annotations

import re

_DIGITS = re.compile(r"(?<!\d)\d(?:[ .\-\u2013]?\d){11,18}(?!\d)")
"""12 to 19 digits, with what people put between them (ISO/IEC 7812-1)."""
HIDDEN = "••••"


def without_cards(text: str) -> str:
    """Return a text in which what may be the number of a card is hidden; other long numbers stay."""
    return _DIGITS.sub(lambda found: HIDDEN if _may_be_one(found[0]) else found[0], text)


def _may_be_one(written: str) -> bool:
    """Whether its last digit checks the others, as that of every card does (Luhn)."""
    digits = [int(sign) for sign in written if sign.isdigit()]
    doubled = [sum(divmod(2 * digit, 10)) for digit in digits[-2::-2]]
    return (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0
