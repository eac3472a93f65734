"""The pieces of text under which the search index finds a record.

- Scripts written without spaces (Chinese, kana, Hangul; also emoji) give overlapping pairs, and singles so
  that one character can be asked for.
- Everything else gives triples, and for the first one and two letters of a word a gram with a space in front.
- Legal forms (有限公司, GmbH) are in most names and would make the longest posting lists for nobody. Their
  grams are left out, except where a field begins with one (集团采购, Limited Brands).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from saas_crm.core.folding import fold
from tenants.legal_forms import CJK_FORMS, LATIN_FORMS

MAX_LINE = 1_000  # characters of one field that are indexed

_DENSE = (
    "\u2600-\u27bf\u3005-\u3007\u3041-\u3096\u3099-\u309f\u30a1-\u30fa\u30fc-\u30ff\u3105-\u312f\u31f0-\u31ff"
    "\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3\uf900-\ufaff\U0001f000-\U0001faff\U00020000-\U000323af"
)
# Indic and South-East Asian blocks whole: their vowel signs are no `\w` to Python but part of the word.
RUNS = re.compile(rf"(?P<dense>[{_DENSE}]+)|(?:[^\W_{_DENSE}]|[\u0900-\u109f\u1780-\u17ff])+")
"""Stretches of one kind of writing in folded text."""

LEGAL_WORDS = frozenset(form for form in LATIN_FORMS if len(form) >= 3)
"""Latin legal forms long enough to have triples; "AG" and "Co" have only word-start grams and stay."""

LEGAL_PAIRS = frozenset(form[at : at + 2] for form in CJK_FORMS for at in range(len(form) - 1))
"""East Asian pairs that are left out of the index unless they stand in front."""


def grams(text: str) -> list[str]:
    """Return the sorted, unique grams under which a document is indexed; each line is a field."""
    found: set[str] = set()
    for line in text.split("\n"):
        for at, (run, dense) in enumerate(runs(fold(line)[:MAX_LINE])):
            found |= _dense_grams(run, in_front=at == 0) if dense else _word_grams(run, in_front=at == 0)
    return sorted(found)


def runs(folded: str) -> Iterator[tuple[str, bool]]:
    """Yield the stretches of one kind of writing, and whether it is one written without spaces."""
    for match in RUNS.finditer(folded):
        yield match[0], match.lastgroup == "dense"


def pairs(run: str) -> list[str]:
    """Return the overlapping pairs of a run, in order."""
    return [run[at : at + 2] for at in range(len(run) - 1)]


def triples(run: str) -> set[str]:
    """Return the overlapping triples of a run."""
    return {run[at : at + 3] for at in range(len(run) - 2)}


def _word_grams(run: str, *, in_front: bool) -> set[str]:
    starts = {f" {run[:1]}", f" {run[:2]}"}
    return starts | triples(run) if in_front or run not in LEGAL_WORDS else starts


def _dense_grams(run: str, *, in_front: bool) -> set[str]:
    all_pairs = pairs(run)
    left_out = [pair in LEGAL_PAIRS for pair in all_pairs]
    at = 0
    while in_front and at < len(left_out) and left_out[at]:
        left_out[at] = False
        at += 1
    covered = [False, *left_out, False]
    singles = {char for at, char in enumerate(run) if not (covered[at] or covered[at + 1])}
    return singles | {pair for pair, out in zip(all_pairs, left_out, strict=True) if not out}
