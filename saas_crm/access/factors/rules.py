"""Pure rules of codes: which half minute a typed one is of, how recovery codes are written and read."""

from __future__ import annotations

import unicodedata
from datetime import datetime
from hmac import compare_digest

from pyotp import TOTP

STEP_SECONDS = 30
DIGITS = 6
RECOVERY_CODES = 10
FEW_CODES = 3
"""From so few left on the person is told to make new ones."""
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base 32: nothing that is misread on paper."""
LETTERS = 12  # of five bits each
_MISREAD = str.maketrans("ILO", "110")


def plain_code(typed: str) -> str:
    """Return a code as it is compared: also full-width digits, small letters, blanks and dashes will do."""
    upper = unicodedata.normalize("NFKC", typed).upper()
    return "".join(char for char in upper if char.isascii() and char.isalnum())


def looks_like_app_code(typed: str) -> bool:
    """Whether a code is one an app shows, and no recovery code."""
    found = plain_code(typed)
    return len(found) == DIGITS and found.isdigit()


def matching_step(secret: str, typed: str, moment: datetime, *, after: int) -> int | None:
    """Return the half minute (since 1970) whose code was typed, if it is one we take.

    The present one, the one before and the next, since clocks differ; never one that is not `after` the last used.
    """
    app, present, code = TOTP(secret), int(moment.timestamp()) // STEP_SECONDS, plain_code(typed)
    steps = (present, present - 1, present + 1)
    fitting = [step for step in steps if compare_digest(app.generate_otp(step), code)]
    return next((step for step in fitting if step > after), None)


def spelt_recovery_code(numbers: bytes) -> str:
    """Return a recovery code made of random bytes, one for each letter: "7K2M-09QX-ABCD"."""
    letters = "".join(ALPHABET[number % len(ALPHABET)] for number in numbers)
    return "-".join(letters[at : at + 4] for at in range(0, len(letters), 4))


def plain_recovery_code(typed: str) -> str:
    """Return a recovery code as it is compared: what may be misread on paper is read as it was meant."""
    return plain_code(typed).translate(_MISREAD)
