"""The words that say what kind of firm a company is: GmbH, Ltd, 有限公司.

They are part of nearly every name and tell nobody apart, so the slug, the search index and the look for
duplicates all leave them out. The list stands in the lowest room because all three read it.

Sources: ISO 20275 "Entity legal forms" (GLEIF's code list) for the Latin abbreviations in everyday use;
《公司法》 of the PRC, 公司法 of Taiwan, 会社法 of Japan and 상법 of Korea for the East Asian ones.
"""

from __future__ import annotations

import re

LATIN_FORMS = frozenset(
    """
    gmbh ggmbh mbh ug ag kg kgaa ohg gbr ek ev eg se
    ltd limited plc llp llc lllp inc incorporated corp corporation co company pty pte
    sa sas sasu sarl eurl sprl srl spa snc sapi sab sl slu slne sau lda ltda eireli
    bv nv vof ab as asa oy oyj aps kft zrt nyrt doo dd sro sp zoo oü uab sia
    pt tbk sdn bhd jsc pjsc ooo zao oao pao gk kk
    ооо зао оао пао
    """.split()  # noqa: SIM905 - forty words read better in lines than in a list
)
"""Folded, without full stops; "S.A." is `sa`."""

CJK_FORMS = tuple(
    sorted(
        """
        股份有限公司 有限责任公司 有限責任公司 集团有限公司 集團有限公司 有限公司 集团公司 集團公司 股份公司
        公司 集团 集團 株式会社 有限会社 合同会社 合資会社 주식회사 유한회사
        """.split(),  # noqa: SIM905
        key=lambda form: (-len(form), form),
    )
)
"""Longest first, so that the whole form is taken."""

CJK_FORMS_IN_FRONT = ("株式会社", "有限会社", "合同会社", "合資会社", "주식회사", "유한회사")

_LEADING_LATIN = frozenset("pt ooo zao oao pao ооо зао оао пао the".split())  # noqa: SIM905
_INITIALS = re.compile(r"\b(?:[^\W\d_]\.){2,}(?:[^\W\d_]\b)?")
_APOSTROPHES = re.compile(r"['’‘`´]")
_WORDS = re.compile(r"[^\W_]+")


def name_words(folded: str) -> list[str]:
    """Return the words of a folded name: "s.p.a." is one word, "o'brien" is one word, "co.kg" is two.

    >>> name_words("müller gmbh & co. kg")
    ['müller', 'gmbh', 'co', 'kg']
    """
    text = _INITIALS.sub(lambda match: match[0].replace(".", ""), folded.replace("z o.o", "zoo"))
    return _WORDS.findall(_APOSTROPHES.sub("", text))


def without_legal_forms(words: list[str]) -> list[str]:
    """Return the words that name the company; all of them when nothing else would be left.

    Forms of three letters and more go wherever they stand; shorter ones are words of many languages
    ("as", "co", "se") and go only from the end.
    """
    kept = [short for word in words if (short := without_cjk_form(word)) and not _is_long_form(short)]
    while len(kept) > 1 and kept[-1] in LATIN_FORMS:
        kept.pop()
    if len(kept) > 1 and kept[0] in _LEADING_LATIN:
        kept.pop(0)
    return kept or words


def without_cjk_form(word: str) -> str:
    """Return `word` without an East Asian legal form at its end (or in front, as in Japan); "" if it is one.

    >>> without_cjk_form("华为技术有限公司")
    '华为技术'
    """
    for form in CJK_FORMS_IN_FRONT:
        word = word.removeprefix(form)
    for form in CJK_FORMS:
        if word.endswith(form):
            return without_cjk_form(word.removesuffix(form))
    return word


def _is_long_form(word: str) -> bool:
    return len(word) >= 3 and word in LATIN_FORMS
