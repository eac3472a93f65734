"""How texts mention a person: a regular expression of PostgreSQL for their name, addresses and numbers.

What is blanked never comes back, so a pattern finds nothing that may be something else: names as they are written,
addresses and numbers that neither begin nor end within a longer one. All groups are without a number.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from sqlalchemy import ColumnElement, func, or_

SHORTEST_NUMBER = 6
"""Digits of a phone number that are enough to take it for the person's."""
LAST_DIGITS = 8
_BETWEEN = r"(?:[ ()./-]|\(0\))*"
_AREA_OPENS = r"(?:\((?=[+0-9]+\)[ ./-]*[0-9]))?"
_CHINESE = 0x2E80
"""From here on characters stand in no words that one could tell apart."""


def mention_of(name: str, emails: Iterable[str], phones: Iterable[str], *, elsewhere: bool = False) -> str:
    """Return the pattern, which minds case; "" where nothing is long enough to be told apart.

    A name is found as whole words, as it is stored and in capitals, also with the family name first; a number by its
    last digits, however it is grouped, with its own codes before it or without. `elsewhere`, in texts that do not hang
    on the person, a name that may be a common word ("Will") is not looked for.
    """
    names = () if elsewhere and _is_common(name) else dict.fromkeys(_names(name))
    return "|".join([*names, *(_email(one.strip()) for one in emails if one.strip()), *_numbers(phones)])


def says(texts: Iterable[Any], pattern: str) -> ColumnElement[bool]:
    """Return the clause "one of the texts mentions them"."""
    return or_(*(text.regexp_match(pattern) for text in texts))


def place_in(texts: Iterable[Any], pattern: str) -> Any:
    """Return the SQL of the first place at which one of the texts mentions them, with some words around it."""
    found = func.substring(func.concat_ws("\n", *texts), f".{{0,40}}(?:{pattern}).{{0,40}}")
    return func.btrim(func.regexp_replace(found, r"\s+", " ", "g"))


def _is_common(name: str) -> bool:
    """Whether a name alone tells too little: one word, or two Chinese characters."""
    return len(name.split()) < 2 and (len(name) < 3 or any(ord(char) < _CHINESE for char in name))


def _names(name: str) -> Iterator[str]:
    parts = name.split()
    if len(name.strip()) < 2:
        return
    rest = " ".join(parts[:-1])
    orders = [name, f"{parts[-1]} {rest}", f"{parts[-1]}, {rest}"] if rest else [name]
    for order in orders:
        yield _word(order)
        yield _word(order.upper())
        if name.islower():
            yield _word(order.title())


def _word(text: str) -> str:
    words = r"\s+".join(map(_literally, text.split()))
    begins = "(?<![[:alnum:]])" if _is_letter(text[:1]) else ""
    return begins + words + ("(?![[:alnum:]])" if _is_letter(text[-1:]) else "")


def _literally(text: str) -> str:
    return re.sub(r"([^0-9A-Za-z\x80-\U0010ffff])", r"\\\1", text)


def _is_letter(char: str) -> bool:
    r"""Whether a word ends beside it: Chinese characters stand in no words that one could tell apart.

    By classes and not by `\m`: where the database knows ASCII letters only, that finds no word that begins with Ü.
    """
    return char.isalnum() and ord(char) < _CHINESE


def _email(address: str) -> str:
    """Return the pattern of an address, in whatever case and not within a longer one."""
    chars = (f"[{one.lower()}{one.upper()}]" if one.isascii() and one.isalpha() else _literally(one) for one in address)
    return "(?<![[:alnum:]._%+-])" + "".join(chars) + r"(?![[:alnum:]-]|\.[[:alnum:]])"


def _numbers(phones: Iterable[str]) -> Iterator[str]:
    for phone in phones:
        digits = re.sub(r"\D", "", phone)
        if len(digits) >= SHORTEST_NUMBER:
            codes = ""
            for digit in digits[:-LAST_DIGITS]:
                codes = f"(?:{codes}{digit}{_BETWEEN})?"
            own = _BETWEEN.join(digits[-LAST_DIGITS:])
            yield rf"(?<![0-9]){_AREA_OPENS}(?:\+ ?|00|0)?{codes}{own}(?![0-9])"
