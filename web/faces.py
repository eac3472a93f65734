"""Initials and colours for people and companies without a picture, the same everywhere and every time."""

from __future__ import annotations

import unicodedata
import zlib
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask

_LONGEST_PERSON = 4
_REMEMBERED = 20_000
TONES = 10
"""How many avatar colours the stylesheet has (`.avatar-tone-0` …)."""


@lru_cache(_REMEMBERED)
def initials(name: str) -> str:
    """Up to two characters that stand for `name`.

    Latin names give the first letters of the first and last word; a Chinese, Japanese or Korean name gives
    its last two characters, because the first is a surname that many share; a longer one, which is a
    company's, gives its first two, because the last ones only say that it is a company.
    """
    words = [word for word in name.split() if any(char.isalnum() for char in word)]
    if not words:
        return "?"
    if _is_cjk(words[0][0]):
        whole = "".join(words)
        return whole[-2:] if len(whole) <= _LONGEST_PERSON else whole[:2]
    picked = [words[0], words[-1]] if len(words) > 1 else [words[0]]
    return "".join(next(char for char in word if char.isalnum()) for word in picked).upper()


@lru_cache(_REMEMBERED)
def avatar_tone(name: str) -> int:
    """A number from 0 to `TONES` - 1 that depends on the name alone."""
    folded = unicodedata.normalize("NFKC", name).casefold().strip()
    return zlib.crc32(folded.encode("utf-8", "replace")) % TONES


def init_app(app: Flask) -> None:
    """Register both as template filters."""
    app.jinja_env.filters.update(initials=initials, avatar_tone=avatar_tone)


def _is_cjk(char: str) -> bool:
    return unicodedata.name(char, "").startswith(("CJK", "HIRAGANA", "KATAKANA", "HANGUL"))
