"""Text on paper: which font has a character, and where a line ends.

Latin letters are set in a font that goes into the file (Bitstream Vera, which comes with reportlab). Chinese, Japanese
and Korean ones name fonts that every reader of PDF substitutes from those of its own or its system's: a font with
20,000 characters would make each file, and the program, larger by many megabytes.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from functools import cache, lru_cache
from itertools import groupby

from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfbase.ttfonts import TTFont

LATIN, BOLD = "Vera", "VeraBd"
SIMPLIFIED, TRADITIONAL, JAPANESE, KOREAN = "STSong-Light", "MSung-Light", "HeiseiMin-W3", "HYSMyeongJo-Medium"
_CODECS = {SIMPLIFIED: "gbk", TRADITIONAL: "big5", JAPANESE: "shift_jis", KOREAN: "euc_kr"}
_MISSING = "\N{WHITE SQUARE}"
_NEVER_FIRST = set("、。，．：；！？）》〉」』】〕’”…％,.:;!?)]}%·")
_NEVER_LAST = set("（《〈「『【〔‘“([{")
Run = tuple[str, str]
"""A font and the characters set in it."""


@cache
def _latin() -> frozenset[int]:
    """Register the fonts, once in a process, and return the characters that the Latin one has."""
    for name in _CODECS:
        pdfmetrics.registerFont(UnicodeCIDFont(name))
    for name in (LATIN, BOLD):
        pdfmetrics.registerFont(TTFont(name, f"{name}.ttf"))
    return frozenset(pdfmetrics.getFont(LATIN).face.charToGlyph)


@lru_cache(30_000)
def _set(char: str, traditional: bool) -> Run:
    """Return the font for a character and the character itself, or what can be shown in its place."""
    if ord(char) in _latin():
        return LATIN, char
    order = (TRADITIONAL, SIMPLIFIED) if traditional else (SIMPLIFIED, TRADITIONAL)
    for font in (*order, JAPANESE, KOREAN):
        if _has(font, char):
            return font, char
    plain = unicodedata.normalize("NFKD", char)[:1]
    return _set(plain, traditional) if plain and plain != char else (SIMPLIFIED, _MISSING)


def _has(font: str, char: str) -> bool:
    try:
        return ord(char) < 0x10000 and bool(char.encode(_CODECS[font]))
    except UnicodeEncodeError:
        return False


def runs(text: str, *, bold: bool, traditional: bool) -> Iterator[Run]:
    """Yield a text as pieces of one font each."""
    chosen = [_set(char, traditional) for char in text if char.isprintable()]
    for font, piece in groupby(chosen, key=lambda one: one[0]):
        yield (BOLD if bold and font == LATIN else font), "".join(char for _font, char in piece)


def width(text: str, size: float, *, bold: bool, traditional: bool) -> float:
    """Return how wide a text is, in points."""
    pieces = runs(text, bold=bold, traditional=traditional)
    return float(sum(pdfmetrics.stringWidth(piece, font, size) for font, piece in pieces))


LONGEST = 1_200
"""Characters of a text that are set: more than the lines hold that are printed of it."""


def wrapped(text: str, size: float, room: float, *, bold: bool = False, traditional: bool = False) -> list[str]:
    """Return a text as lines that are no wider than `room`, in points; of a very long one the beginning."""
    lines = []
    for paragraph in text[:LONGEST].splitlines() or [""]:
        line, filled = "", 0.0
        for word in _words(paragraph):
            wide = width(word, size, bold=bold, traditional=traditional)
            if line and filled + wide > room:
                lines.append(line.rstrip())
                line, filled = "", 0.0
                word = word.lstrip()  # noqa: PLW2901 - a line begins with no space
                wide = width(word, size, bold=bold, traditional=traditional)
            while wide > room and len(word) > 1:
                word, wide, whole = _broken(word, size, room, bold, traditional)  # noqa: PLW2901
                lines.append(whole)
            line, filled = line + word, filled + wide
        lines.append(line.rstrip())
    return lines


def _broken(word: str, size: float, room: float, bold: bool, traditional: bool) -> tuple[str, float, str]:
    """Cut off as much of a word as fits; returns the rest, its width, and what fits."""
    fits = len(word)
    while fits > 1 and width(word[:fits], size, bold=bold, traditional=traditional) > room:
        fits -= max(1, fits // 8)
    rest = word[fits:]
    return rest, width(rest, size, bold=bold, traditional=traditional), word[:fits]


def _words(text: str) -> Iterator[str]:
    """Yield pieces between which a line may end: words with the space before them, and single Chinese characters."""
    piece = ""
    for char in text:
        ends = char.isspace() or (_is_wide(char) and char not in _NEVER_FIRST)
        after_wide = piece and _is_wide(piece[-1]) and char not in _NEVER_FIRST
        if piece and (ends or after_wide) and piece[-1] not in _NEVER_LAST:
            yield piece
            piece = ""
        piece += " " if char.isspace() else char
    if piece:
        yield piece


def _is_wide(char: str) -> bool:
    return unicodedata.east_asian_width(char) in "WF"
