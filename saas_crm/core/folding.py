"""One spelling for comparing: case, width, accents, Chinese variants and invisible characters make no difference."""

from __future__ import annotations

import re
import unicodedata

from saas_crm.core.variants import variants

RULES = 3
"""Counts up with every change of what is folded, found or sorted by: what was stored before is then renewed.

1 knew no Chinese variants and no pinyin; 2 told no fields apart and did not find deals by their customers.
"""

# What decomposition does not take apart although readers take it for a letter with a mark.
_LETTERS = str.maketrans({"ø": "o", "đ": "d", "ð": "d", "ł": "l", "þ": "th", "ı": "i", "ħ": "h", "æ": "ae", "œ": "oe"})
_LETTERS |= variants()

# Control characters (NUL among them), unpaired surrogates, and format characters that nobody sees: joiners,
# direction marks, soft hyphens, variation selectors. White space is not here; it is collapsed.
_INVISIBLE = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u00ad\u034f\u0600-\u0605\u061c\u06dd\u070f\u180b-\u180f\u200b-\u200f"
    "\u202a-\u202e\u2060-\u206f\ud800-\udfff\ufe00-\ufe0f\ufeff\ufff9-\ufffb\U000e0000-\U000e0fff]"
)

# Accents of Latin, Greek and Cyrillic, points of Hebrew, vowel signs and the stretcher of Arabic. The voicing
# marks of kana and the vowel signs of Indic scripts are letters to their readers and stay.
_ACCENTS = re.compile(
    "[\u0300-\u036f\u0483-\u0487\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a\u0640\u064b-\u065f"
    "\u0670\u06d6-\u06dc\u06df-\u06e4\u06e7\u06e8\u06ea-\u06ed\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]"
)


def fold(text: str) -> str:
    """Return `text` in the spelling that is compared: Ｍüller → muller, Straße → strasse, ㈱ → (株), 臺灣 → 台湾.

    NFKC and case folding as Unicode's "caseless matching of identifiers" (Unicode Standard, section 3.13),
    then accents are taken off and Chinese characters are written the Simplified way. White space becomes single
    spaces; the answer is safe for PostgreSQL (no NUL, no surrogate) and folding it again changes nothing.
    """
    if text.isascii():
        return " ".join(_INVISIBLE.sub("", text).lower().split())
    text = _INVISIBLE.sub("", text)
    while (once := _fold_once(text)) != text:
        text = once
    return text


def _fold_once(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text).casefold())
    bare = unicodedata.normalize("NFKC", _ACCENTS.sub("", decomposed)).translate(_LETTERS)
    return " ".join(_INVISIBLE.sub("", bare).split())
