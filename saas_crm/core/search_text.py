"""The search index in pure functions: what is stored for a record, and what a query asks. No database here.

A record has a *document*: its names, addresses and numbers, folded, one field a line. Its grams stand in an
array under GIN; `grams.py` says which, `search_query.py` how they are asked for. This is the door to both.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from saas_crm.core.folding import fold
from saas_crm.core.grams import MAX_LINE, grams
from saas_crm.core.search_query import SearchQuery, like_pattern, prepare, query_grams, rank, terms

__all__ = [
    "SearchQuery", "document", "fold", "grams", "like_pattern", "prepare", "query_grams", "rank", "terms",
]  # fmt: skip

_NUMBER = re.compile(r"\d[\d ().\-/]{5,}\d")
_GERMAN = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue"})


def document(
    *names: str | None, emails: Iterable[str | None] = (), phones: Iterable[str | None] = (), pinyin: str = ""
) -> str:
    """Return the text that is stored for a record and matched with LIKE: one folded field a line.

    `names` are all words of the record (name, other name, address, website, number), the first what it is called;
    `phones` are E.164; `pinyin` are the words that `core.pinyin.pinyin_words` gives. German umlauts are found in both
    spellings, long numbers with and without their separators.
    """
    lines: dict[str, None] = {}
    for name in names:
        lines.update(dict.fromkeys(_name_lines(name or "")))
    for email in emails:
        lines[fold((email or "")[:MAX_LINE])] = None
    for phone in filter(None, phones):
        lines.update(dict.fromkeys(_phone_lines(phone)))
    lines.pop("", None)
    if pinyin:
        lines[f" {pinyin}"] = None
    return "\n".join(lines)


def _name_lines(name: str) -> Iterator[str]:
    cut = name[:MAX_LINE]
    yield fold(cut)[:MAX_LINE]
    yield fold(cut.translate(_GERMAN))[:MAX_LINE]
    for number in _NUMBER.findall(fold(cut)):
        yield re.sub(r"\D", "", number)


def _phone_lines(phone: str) -> Iterator[str]:
    from saas_crm.core.phones import written_forms  # its tables are needed only where there is a number

    yield from (fold(form) for form in written_forms(phone))
