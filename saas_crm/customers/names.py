"""When two names mean one company: Müller GmbH and Mueller GmbH & Co. KG, 华为技术有限公司 and 华为技术.

`name_key` is kept in an indexed column and finds what differs in spelling and legal form only; `is_near_same`
then judges candidates that differ by a typing error or a word.
"""

from __future__ import annotations

import re

from saas_crm.core.folding import fold
from tenants.legal_forms import name_words, without_legal_forms

NEAR_SAME = 0.915
"""Jaro–Winkler similarity from which two names are worth a question; chosen on the pairs in the tests."""

OPENING = 6  # letters of a word that near-same names are looked for by
MAX_LENGTH = 200  # characters compared: the measure takes time with the square of the length

_CONNECTING = frozenset({"and", "und", "et"})
_UMLAUT = re.compile("([aou])e")
_CITY = re.compile("^([\u4e00-\u9fff]{2})[市省](?=[\u4e00-\u9fff]{2})")


def name_key(name: str) -> str:
    """Return what is left of a name when case, accents, punctuation and legal form are taken away.

    Equal keys mean the same name. "ue" counts as "ü", 深圳市 as 深圳. "" only for a name without letters.
    """
    return "".join(_words(name))


def openings(name: str) -> list[str]:
    """Return the first letters of a name's two longest words, by which near-same names are looked for.

    Two, so that one of them may be mistyped; words of one letter say nothing.
    """
    words = without_legal_forms(name_words(fold(name[:MAX_LENGTH])))
    longest = sorted(dict.fromkeys(words), key=len, reverse=True)[:2]
    return [word[:OPENING] for word in longest if len(word) > 1]


def similarity(first: str, second: str) -> float:
    """Return how alike two company names are, 0.0 to 1.0, in whatever order their words stand.

    Where both have the same number of words the least similar pair counts, so that Deutsche Bank is not
    Deutsche Bahn. Names whose numbers differ are not alike: Filiale 12 and Filiale 13 are two.
    """
    ours, theirs = sorted(_words(first)), sorted(_words(second))
    if not ours or not theirs or _numbers(ours) != _numbers(theirs):
        return 0.0
    if ours == theirs:
        return 1.0
    whole = max(jaro_winkler("".join(ours), "".join(theirs)), jaro_winkler(name_key(first), name_key(second)))
    if len(ours) != len(theirs):
        return whole
    return min(whole, *(jaro_winkler(one, other) for one, other in zip(ours, theirs, strict=True)))


def is_near_same(first: str, second: str) -> bool:
    """Say whether a person should be asked if these two are one company."""
    return similarity(first, second) >= NEAR_SAME


def jaro_winkler(first: str, second: str) -> float:
    """Return the Jaro–Winkler similarity, 0.0 to 1.0.

    M. A. Jaro, "Advances in Record-Linkage Methodology", JASA 84 (1989), 414-420; W. E. Winkler, "String
    Comparator Metrics and Enhanced Decision Rules in the Fellegi-Sunter Model" (1990), with his prefix weight
    0.1 for at most four characters.
    """
    jaro = _jaro(first, second)
    prefix = 0
    for one, other in zip(first[:4], second[:4], strict=False):
        if one != other:
            break
        prefix += 1
    return jaro + prefix * 0.1 * (1 - jaro)


def _jaro(first: str, second: str) -> float:
    if first == second:
        return 1.0
    reach = max(max(len(first), len(second)) // 2 - 1, 0)
    free = [True] * len(second)
    hits: list[tuple[int, str]] = []
    for at, char in enumerate(first):
        for there in range(max(0, at - reach), min(len(second), at + reach + 1)):
            if free[there] and second[there] == char:
                free[there] = False
                hits.append((there, char))
                break
    if not hits:
        return 0.0
    swapped = sum(char != other for (_, char), (_, other) in zip(hits, sorted(hits), strict=True)) / 2
    count = len(hits)
    return (count / len(first) + count / len(second) + (count - swapped) / count) / 3


def _words(name: str) -> list[str]:
    words = without_legal_forms(name_words(fold(name[:MAX_LENGTH])))
    kept = [word for word in words if word not in _CONNECTING] or words
    return [_UMLAUT.sub(r"\1", _CITY.sub(r"\1", word)) for word in kept]


def _numbers(words: list[str]) -> list[str]:
    return sorted(number for word in words for number in re.findall(r"\d+", word))
