"""What a Chinese name is sorted and found by: 华夏科技 stands under H, and is found by `huaxia`, `keji` and `hxkj`.

Names without Chinese characters have no pinyin, so that nothing is found by it in a Latin workspace.
"""

from __future__ import annotations

import re
from functools import lru_cache

from saas_crm.core.folding import fold
from tenants.legal_forms import without_cjk_form
from tenants.pinyin import readings

LONGEST_KEY = 200  # characters of a sort key, which is in indexes and cursors
MOST_SYLLABLES = 12  # of a name that are searched by pinyin
PERSON = 4  # characters that a person's name has at most: a surname of one or two, a given name of one or two

_HAN = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U000323af"
_RUN = re.compile(f"[{_HAN}]+")
_APART = re.compile(f"(?<=[{_HAN}])[ ·・]+(?=[{_HAN}])")


def sort_key(name: str, *, person: bool = False) -> str:
    """Return the text by which a name is sorted: folded, with each Chinese character behind its pinyin.

    Plain comparison of such keys, in any collation that minds spaces, sorts Latin and Chinese names into one
    alphabet, Chinese ones syllable by syllable and those of one sound by character. Names that differ in case,
    accents and character variants only have the same key. Of a `person` the surname is read as one.

    >>> sort_key("华夏 ABC")
    'hua 华xia 夏 abc'
    """
    folded = fold(name)
    if folded.isascii():
        return folded[:LONGEST_KEY]
    first = _RUN.match(folded)
    surname = person and first is not None and len(first[0]) <= PERSON

    def spelt(run: re.Match[str]) -> str:
        read = readings(run[0], surname=surname and run.start() == 0)
        return "".join(f"{syllable} {char}" if syllable else char for syllable, char in zip(read, run[0], strict=True))

    return _RUN.sub(spelt, folded)[:LONGEST_KEY].rstrip()


@lru_cache(2_000)
def pinyin_words(name: str, *, person: bool = False) -> str:
    """Return the words that a name's pinyin may begin with, "" without Chinese characters: from each syllable on, and
    the initials from each on. Legal forms are left out.

    In capitals, which no folded text has: so these words are matched at their beginnings only, and nothing else is.

    >>> pinyin_words("华夏科技有限公司")
    'HUAXIAKEJI XIAKEJI KEJI JI HXKJ XKJ KJ'
    """
    if name.isascii():
        return ""
    words: dict[str, None] = {}
    for run in _RUN.finditer(_APART.sub("", fold(name))):
        characters = (without_cjk_form(run[0]) or run[0])[:MOST_SYLLABLES]
        surname = person and run.start() == 0 and len(run[0]) <= PERSON
        read = [syllable for syllable in readings(characters, surname=surname) if syllable]
        words |= dict.fromkeys("".join(read[at:]) for at in range(len(read)))
        initials = "".join(syllable[0] for syllable in read)
        words |= dict.fromkeys(initials[at:] for at in range(len(initials) - 1))
    return " ".join(words).upper()
