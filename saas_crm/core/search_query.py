r"""What a query asks of the search index.

A query is cut into *terms*; each must occur in the document (`LIKE`, the recheck), and the grams that every
such document surely has choose the candidates (`grams @> query_grams`).

A query of one or two Latin letters matches at word starts only; three and more match anywhere; in scripts
without spaces one character matches anywhere. A query that has other words is not asked for legal forms; a
query of nothing else finds only fields that begin with one, or have those letters inside another word, and
`SearchQuery.too_common` says so, for a hint to add a word.

Latin letters may be pinyin as well: `hua` finds 华夏, `xia` too, `uax` does not, for that is how nobody begins.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from saas_crm.core.folding import fold
from saas_crm.core.grams import LEGAL_PAIRS, LEGAL_WORDS, RUNS, pairs, runs, triples
from tenants.legal_forms import LATIN_FORMS, without_cjk_form

MAX_QUERY = 100  # characters of a query that are looked at
MAX_TERMS = 8

_PHONE = re.compile(r"[+(\d][\d ().\-/]*")
_BETWEEN_SYLLABLES = re.compile(r"['’ ]")
_LEGAL_CHARS = frozenset("".join(LEGAL_PAIRS))
_LEGAL_PARTS = frozenset(
    word[start:end] for word in LEGAL_WORDS for start in range(len(word)) for end in range(start + 3, len(word) + 1)
)


@dataclass(frozen=True, slots=True)
class SearchQuery:
    """A query made ready: `grams` for the index, `patterns` for the recheck with LIKE.

    Of each term one of its patterns must match: what is written, or else the pinyin of it. Without grams there is
    nothing to look for, and the answer is empty. `too_common`: it is made of legal forms only, so a hint should ask
    for another word.
    """

    folded: str
    terms: tuple[str, ...]
    grams: tuple[str, ...]
    patterns: tuple[tuple[str, ...], ...]
    too_common: bool


def prepare(query: str) -> SearchQuery:
    """Return all that a search needs of what somebody typed; any text will do."""
    parts = terms(query)
    sure, legal = _asked_grams(parts)
    return SearchQuery(
        folded=_cut(query).rstrip(),
        terms=tuple(parts),
        grams=tuple(sorted(sure or legal)),
        patterns=tuple(_patterns(part) for part in parts),
        too_common=bool(legal) and not sure,
    )


def query_grams(query: str) -> list[str]:
    """Return the grams that every document containing the query's terms surely has; [] finds nothing.

    "mith" asks for `mit` and `ith` but for no word start, since it may stand inside "smith"; in "anna-smith"
    the second word is known to begin, so ` sm` is asked too. "sm" alone asks for ` sm`: word starts only.
    """
    return list(prepare(query).grams)


def terms(query: str) -> list[str]:
    """Return the parts of a query that must all occur in a document, folded, at most eight.

    Punctuation around a word does not count. A legal form beside other words is left out: Acme GmbH also
    finds Acme Ltd, 华为技术有限公司 also finds 华为技术; a two-letter one stays at the end, where it may be
    a word being typed ("anna sa"). A phone number is one term however it is spaced: (030) 123-4567.
    """
    folded = _cut(query)
    if _PHONE.fullmatch(folded):
        return _phone_terms(folded)
    words = [word for part in folded.split(" ") if (word := _trimmed(part))]
    last = len(words) - 1
    kept = [part for at, word in enumerate(words) if (part := _without_form(word, last=at == last))]
    return list(dict.fromkeys(kept or words))[:MAX_TERMS]


def like_pattern(term: str) -> str:
    r"""Return the LIKE pattern for "contains `term`"; the escape is `\`, PostgreSQL's default."""
    escaped = term.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"


def rank(folded_query: str, folded_label: str, pinyin: str = "") -> int:
    """Say how well a label answers: 0 equal, 1 begins so, 2 a word begins so, 3 contains it, 4 does not.

    When the query is not in the label as it stands, the worst of its terms counts, but never better than 2. `pinyin`
    are the words of the label's.
    """
    whole = min(_rank_one(folded_query, folded_label), _rank_pinyin(folded_query, pinyin))
    if whole < 4 or not folded_query:
        return whole
    parts = terms(folded_query)
    return max((2, *(min(_rank_one(part, folded_label), _rank_pinyin(part, pinyin)) for part in parts)))


def sounds(folded: str) -> str:
    """Return a query, or a term of one, as pinyin is stored, "" when it can be none: xi'an → XIAN."""
    letters = _BETWEEN_SYLLABLES.sub("", folded)
    return letters.upper() if letters.isascii() and letters.isalpha() else ""


def _patterns(term: str) -> tuple[str, ...]:
    pinyin = sounds(term)
    return (like_pattern(term), f"% {pinyin}%") if pinyin else (like_pattern(term),)


def _rank_pinyin(folded_query: str, pinyin: str) -> int:
    wanted, words = sounds(folded_query), pinyin.split()
    if not wanted or not any(word.startswith(wanted) for word in words):
        return 4
    # They come behind the name from each syllable on.
    initials = next((word for word in words if not words[0].endswith(word)), "")
    return 0 if wanted == words[0] else 1 if words[0].startswith(wanted) or initials.startswith(wanted) else 2


def _rank_one(wanted: str, label: str) -> int:
    at = label.find(wanted) if wanted else -1
    if at < 0:
        return 4
    if at == 0:
        return 0 if wanted == label else 1
    starts = {match.start() for match in RUNS.finditer(label)}
    while at >= 0:
        if at in starts:
            return 2
        at = label.find(wanted, at + 1)
    return 3


def _cut(query: str) -> str:
    return fold(query[: MAX_QUERY * 4])[:MAX_QUERY]


def _asked_grams(parts: list[str]) -> tuple[set[str], set[str]]:
    """Return the grams to ask for, and those that legal forms may have kept out of the index."""
    sure: set[str] = set()
    legal: set[str] = set()
    for term in parts:
        found = list(runs(term))
        for at, (run, dense) in enumerate(found):
            if dense:
                asked = set(pairs(run)) or {run}
                kept_out = asked & (LEGAL_PAIRS | _LEGAL_CHARS)
            else:
                asked = _asked_of_word(run, begins=at > 0, alone=len(found) == 1)
                kept_out = {gram for gram in asked if run in _LEGAL_PARTS and not gram.startswith(" ")}
            sure |= asked - kept_out
            legal |= kept_out
    return sure, legal


def _asked_of_word(run: str, *, begins: bool, alone: bool) -> set[str]:
    if len(run) < 3:
        return {f" {run}"} if begins or alone else set()
    return triples(run) | ({f" {run[:2]}"} if begins else set())


def _trimmed(word: str) -> str:
    found = list(RUNS.finditer(word))
    return word[found[0].start() : found[-1].end()] if found else ""


def _without_form(word: str, *, last: bool) -> str:
    letters = "".join(char for char in word if char not in ".'’")
    if letters in LATIN_FORMS and (len(letters) >= 3 or not last):
        return ""
    return _trimmed(without_cjk_form(word))


def _phone_terms(folded: str) -> list[str]:
    digits = re.sub(r"\(0\)|\D", "", folded)
    if len(digits) >= 7 or folded.startswith("+"):
        plain = digits[2:] if digits.startswith("00") and len(digits) >= 10 else digits
        return [plain] if plain else []
    return list(dict.fromkeys(re.findall(r"\d+", folded)))[:MAX_TERMS]
