"""Colours that can be read: WCAG 2.2's contrast, and a whole palette from one accent, for light and dark.

No colour reads on white and on black alike, so the one that is chosen is for light pages, and for dark ones it is made
lighter, as far as it needs. Grounds are those of web/static/css/tokens/color.css.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

READABLE = 4.5
"""Least contrast of text to its ground (WCAG 2.2, success criterion 1.4.3)."""
USUAL = "#0b6376"
"""The accent of who has chosen none; web/static/css/tokens holds what follows from it."""
WHITE, BLACK = "#ffffff", "#000000"
LIGHT_GROUNDS = ("#ffffff", "#f5f7f8", "#edf1f3")
DARK_CANVAS = "#0f1417"
DARK_GROUNDS = ("#0f1417", "#171d21", "#1d252a", "#20282d")
_STEPS = 100
_HEX = re.compile(r"#[0-9a-f]{6}")


@dataclass(frozen=True, slots=True)
class Palette:
    """Pairs for light and dark: the accent, a stronger one, a soft ground, text, and text on the accent."""

    accent: tuple[str, str]
    strong: tuple[str, str]
    soft: tuple[str, str]
    text: tuple[str, str]
    on_accent: tuple[str, str]


def is_colour(text: str) -> bool:
    """Whether a text is a colour, as USUAL is written."""
    return _HEX.fullmatch(text) is not None


def contrast(first: str, second: str) -> float:
    """Return the contrast of two colours, 1 to 21."""
    light, dark = sorted((_luminance(first), _luminance(second)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def is_readable(accent: str) -> bool:
    """Whether white can be read on the accent, and the accent on every light ground."""
    return all(contrast(accent, ground) >= READABLE for ground in LIGHT_GROUNDS)


def suggestion(accent: str) -> str:
    """Return the accent itself, or as much darker as it must be to be readable."""
    return _towards(BLACK, accent, is_readable)


def palette(accent: str) -> Palette:
    """Return all colours that follow from a readable accent; every text reads on every ground it stands on."""
    soft = mixed(WHITE, accent, 0.13), mixed(DARK_CANVAS, accent, 0.28)
    dark = _towards(WHITE, accent, lambda colour: _reads(colour, DARK_GROUNDS))
    on_dark = _towards(BLACK, mixed(BLACK, accent, 0.3), lambda colour: contrast(colour, dark) >= READABLE)
    text = (
        _towards(BLACK, accent, lambda colour: _reads(colour, (*LIGHT_GROUNDS, soft[0]))),
        _towards(WHITE, dark, lambda colour: _reads(colour, (*DARK_GROUNDS, soft[1]))),
    )
    return Palette(
        accent=(accent, dark), strong=(mixed(accent, BLACK, 0.22), mixed(dark, WHITE, 0.3)), soft=soft, text=text,
        on_accent=(WHITE, on_dark),
    )  # fmt: skip


def mixed(ground: str, colour: str, share: float) -> str:
    """Return a ground with a share of a colour in it, 0 to 1."""
    parts = zip(_parts(ground), _parts(colour), strict=True)
    return "#" + "".join(f"{round(below + (above - below) * share):02x}" for below, above in parts)


def _reads(colour: str, grounds: Sequence[str]) -> bool:
    return all(contrast(colour, ground) >= READABLE for ground in grounds)


def _towards(end: str, colour: str, will_do: Callable[[str], bool]) -> str:
    """Return the first colour on the way to an end that will do; the end itself where none does."""
    for step in range(_STEPS):
        found = mixed(colour, end, step / _STEPS)
        if will_do(found):
            return found
    return end


def _luminance(colour: str) -> float:
    red, green, blue = (_linear(part / 255) for part in _parts(colour))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else float(((part + 0.055) / 1.055) ** 2.4)


def _parts(colour: str) -> list[int]:
    return [int(colour[place : place + 2], 16) for place in (1, 3, 5)]
