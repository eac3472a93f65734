"""Accents that can be read, and what follows from them for light and dark pages."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from saas_crm.access.looks.rules import (
    DARK_GROUNDS,
    LIGHT_GROUNDS,
    READABLE,
    USUAL,
    contrast,
    is_colour,
    is_readable,
    mixed,
    palette,
    suggestion,
)

COLOURS = st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}")


@pytest.mark.parametrize(("first", "second", "expected"), [
    ("#000000", "#ffffff", 21.0), ("#ffffff", "#ffffff", 1.0), ("#767676", "#ffffff", 4.54),
    ("#777777", "#ffffff", 4.48),
])  # fmt: skip
def test_contrast_is_that_of_wcag(first: str, second: str, expected: float) -> None:
    assert contrast(first, second) == contrast(second, first)
    assert round(contrast(first, second), 2) == expected


@pytest.mark.parametrize("text", ["", "#fff", "0b6376", "#0B6376", "#0b637g", "#0b6376 ", "red", "#0b6376;}"])
def test_what_is_no_colour(text: str) -> None:
    assert not is_colour(text)


@given(COLOURS)
def test_a_suggestion_is_always_readable(accent: str) -> None:
    found = suggestion(accent)
    assert is_colour(found)
    assert is_readable(found)
    assert (found == accent) == is_readable(accent)


@given(COLOURS)
def test_whatever_is_readable_reads_in_light_and_dark(accent: str) -> None:
    found = palette(suggestion(accent))
    for place, grounds in enumerate((LIGHT_GROUNDS, DARK_GROUNDS)):
        for ground in grounds:
            assert contrast(found.accent[place], ground) >= READABLE
            assert contrast(found.text[place], ground) >= READABLE
        assert contrast(found.text[place], found.soft[place]) >= READABLE
        assert contrast(found.on_accent[place], found.accent[place]) >= READABLE


def test_the_usual_accent_is_that_of_the_styles() -> None:
    assert is_readable(USUAL)
    for name in ("color", "older"):
        style = Path(f"web/static/css/tokens/{name}.css").read_text()
        assert re.search(rf"--accent: (light-dark\()?{USUAL}\b", style), name


def test_mixing() -> None:
    assert mixed("#000000", "#ffffff", 0.5) == "#808080"
    assert mixed("#123456", "#abcdef", 0) == "#123456"
    assert mixed("#123456", "#abcdef", 1) == "#abcdef"
