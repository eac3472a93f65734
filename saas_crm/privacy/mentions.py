"""How texts mention a person: a regular expression of PostgreSQL for their name, addresses and numbers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

SHORTEST_NUMBER = 6
"""Digits of a phone number that are enough to take it for the person's."""
LAST_DIGITS = 8
_BETWEEN = r"[ ()./-]*"


def mention_of(name: str, emails: Iterable[str], phones: Iterable[str]) -> str:
    """Return the pattern, to be used without regard to case; "" where nothing is long enough to be told apart.

    A name is found as a whole word, also with the family name first; a number by its last digits, however it is
    grouped and with whatever code before it.
    """
    return "|".join([*_names(name), *(_word(email) for email in emails if email), *_numbers(phones)])


def _names(name: str) -> Iterator[str]:
    parts = name.split()
    if len(name.strip()) < 2:
        return
    yield _word(name)
    if len(parts) > 1:
        rest = " ".join(parts[:-1])
        yield _word(f"{parts[-1]} {rest}")
        yield _word(f"{parts[-1]}, {rest}")


def _word(text: str) -> str:
    words = r"\s+".join(re.sub(r"([^0-9A-Za-z\x80-\U0010ffff])", r"\\\1", word) for word in text.split())
    begins = "(?<![[:alnum:]])" if _is_letter(text[:1]) else ""
    return begins + words + ("(?![[:alnum:]])" if _is_letter(text[-1:]) else "")


def _is_letter(char: str) -> bool:
    r"""Whether a word ends beside it: Chinese characters stand in no words that one could tell apart.

    By classes and not by `\m`: where the database knows ASCII letters only, that finds no word that begins with Ü.
    """
    return char.isalnum() and ord(char) < 0x2E80


def _numbers(phones: Iterable[str]) -> Iterator[str]:
    for phone in phones:
        digits = re.sub(r"\D", "", phone)
        if len(digits) >= SHORTEST_NUMBER:
            yield rf"\+?[0-9 ()/-]{{0,9}}{_BETWEEN.join(digits[-LAST_DIGITS:])}"
