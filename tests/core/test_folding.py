"""Folding: one spelling for comparing."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from saas_crm.core.folding import fold
from saas_crm.core.variants import variants


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("", ""),
        ("Acme  Inc.\t\n ", "acme inc."),
        ("Müller Straße", "muller strasse"),
        ("MÜLLER", "muller"),
        ("Mu\u0308ller", "muller"),
        ("Łódź Ærø Þór Đà", "lodz aero thor da"),
        ("İstanbul ISPARTA ırmak", "istanbul isparta irmak"),
        ("ＡＢＣ　１２３", "abc 123"),
        ("ｶﾞｷﾞ", "ガギ"),
        ("がぎ パ", "がぎ パ"),
        ("한국", "한국"),
        ("㈱日立", "(株)日立"),
        ("ﬁne ½", "fine 1⁄2"),
        ("a\x00b\x07c", "abc"),
        ("a\u200bb\u00adc\ufeff", "abc"),
        ("a\u202eb\u200fc", "abc"),
        ("a\ud800b", "ab"),
        ("❤\ufe0f", "❤"),
        ("Ёлка", "елка"),
        ("ΆΓΙΟΣ άγιος", "αγιοσ αγιοσ"),
        ("مُحَمَّد", "محمد"),
        ("שָׁלוֹם", "שלום"),
        ("हिन्दी", "हिन्दी"),
        ("华为", "华为"),
        ("華為 臺灣 藍", "华为 台湾 蓝"),
        ("裡 裏 里", "里 里 里"),
        ("國際貿易股份有限公司", "国际贸易股份有限公司"),
        ("啟 啓 启 峯 峰 衞 衛", "启 启 启 峰 峰 卫 卫"),
        ("麼 麽 么", "么 么 么"),
        ("株式會社", "株式会社"),
        ("トヨタ", "トヨタ"),
    ],
)
def test_fold(text: str, folded: str) -> None:
    assert fold(text) == folded


@settings(max_examples=500)
@given(st.text(max_size=60))
def test_folding_again_changes_nothing_and_the_database_can_keep_it(text: str) -> None:
    folded = fold(text)
    assert fold(folded) == folded
    folded.encode()
    assert not {unicodedata.category(char) for char in folded} & {"Cc", "Cs"}
    assert folded == folded.strip()
    assert "  " not in folded


def test_every_character_folds_stably() -> None:
    letters = map(chr, range(0x110000))
    changed = (char for char in letters if unicodedata.normalize("NFKD", char.casefold()) != char)
    assert [char for char in changed if fold(fold(char)) != fold(char)] == []


def test_no_variant_stands_for_another_that_is_folded_too() -> None:
    table = variants()
    assert len(table) > 3_000
    assert {char: other for char, other in table.items() if other.translate(table) != other or len(other) != 1} == {}


@given(st.text(alphabet="aÄß ｂ华\u0301", max_size=12))
def test_case_and_width_make_no_difference(text: str) -> None:
    assert fold(text.upper()) == fold(text)
    assert fold(unicodedata.normalize("NFD", text)) == fold(unicodedata.normalize("NFC", text))
