"""Chinese characters to toneless pinyin, for addresses that people can type.

`pypinyin` with its dictionary of phrases takes 58 MB of every worker that ever names a workspace (measured);
without it 12 MB. So it is loaded at the first Chinese name only, without phrases, and the readings that
company names really need are told here.
"""

from __future__ import annotations

import os
from functools import cache
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
