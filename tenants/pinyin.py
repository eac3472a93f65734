"""Chinese characters to toneless pinyin: for addresses that people can type, for searching and for sorting.

`pypinyin` with its dictionary of phrases takes 58 MB of every worker that ever names a workspace (measured);
without it 12 MB. So it is loaded at the first Chinese name only, without phrases, and the readings that
company names really need are told here.
"""

from __future__ import annotations

import os
import unicodedata
from functools import cache, lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

# Words in which a character is not read in its most frequent way, as met in names of companies and places.
READINGS = {
    "重庆": "chóng qìng", "重慶": "chóng qìng", "银行": "yín háng", "銀行": "yín háng", "行业": "háng yè",
    "长城": "cháng chéng", "长春": "cháng chūn", "长沙": "cháng shā", "长江": "cháng jiāng",
    "长安": "cháng ān", "长虹": "cháng hóng", "长远": "cháng yuǎn", "长兴": "cháng xīng",
    "長城": "cháng chéng", "長江": "cháng jiāng", "長榮": "cháng róng", "长荣": "cháng róng",
    "音乐": "yīn yuè", "音樂": "yīn yuè", "乐器": "yuè qì", "厦门": "xià mén", "廈門": "xià mén",
    "华厦": "huá xià", "朝阳": "cháo yáng", "都市": "dū shì", "成都": "chéng dū", "首都": "shǒu dū",
    "大厦": "dà shà", "便利": "biàn lì", "调研": "diào yán", "传媒": "chuán méi", "会计": "kuài jì",
    "會計": "kuài jì", "重工": "zhòng gōng", "蔚来": "wèi lái", "曾氏": "zēng shì", "仇氏": "qiú shì",
}  # fmt: skip


# Surnames that are read in another way than the character elsewhere.
SURNAMES = {
    "曾": "zeng", "单": "shan", "解": "xie", "仇": "qiu", "区": "ou", "查": "zha", "翟": "zhai", "盖": "ge",
    "朴": "piao", "覃": "qin", "缪": "miao", "黑": "he", "秘": "bi", "种": "chong", "召": "shao", "句": "gou",
    "员": "yun", "乐": "yue", "郇": "xun", "隗": "wei", "尉迟": "yu chi", "万俟": "mo qi", "长孙": "zhang sun",
}  # fmt: skip


def readings(characters: str, *, surname: bool = False) -> list[str]:
    """Return for each Chinese character its toneless syllable, "" where none is known; `surname` comes first.

    For thousands of names: pypinyin is asked once for each character.

    >>> readings("重庆曾记"), readings("曾国华", surname=True)
    (['chong', 'qing', 'ceng', 'ji'], ['zeng', 'guo', 'hua'])
    """
    found: list[str] = []
    if surname:
        known = SURNAMES.get(characters[:2]) or SURNAMES.get(characters[:1])
        found = known.split() if known else []
    phrases = _phrases()
    while len(found) < len(characters):
        at = len(found)
        found += phrases.get(characters[at : at + 2]) or (_syllable(characters[at]),)
    return found


@cache
def _phrases() -> dict[str, tuple[str, ...]]:
    return {word: tuple(map(_toneless, read.split())) for word, read in READINGS.items()}


def _toneless(syllable: str) -> str:
    return "".join(char for char in unicodedata.normalize("NFD", syllable) if char.isascii())


@lru_cache(10_000)
def _syllable(character: str) -> str:
    read = _reader()(character)[0]
    return read if read.isascii() and read.isalpha() else ""


def syllables(text: str) -> list[str]:
    """Return one toneless syllable per Chinese character ("ü" is written "v" as on a keyboard).

    >>> syllables("华夏科技")
    ['hua', 'xia', 'ke', 'ji']
    """
    return [part.lower() for part in _reader()(text) if part.isascii()]


@cache
def _reader() -> Callable[[str], list[str]]:
    os.environ.setdefault("PYPINYIN_NO_PHRASES", "1")
    os.environ.setdefault("PYPINYIN_NO_DICT_COPY", "1")
    from pypinyin import lazy_pinyin, load_phrases_dict

    load_phrases_dict({word: [[part] for part in read.split()] for word, read in READINGS.items()})
    return lazy_pinyin
