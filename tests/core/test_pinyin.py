"""Chinese names by their pinyin: what they are sorted by and what finds them."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from saas_crm.core.folding import fold
from saas_crm.core.pinyin import LONGEST_KEY, pinyin_words, sort_key
from tenants.pinyin import readings


@pytest.mark.parametrize("ordered", [
    ("3M", "阿里巴巴", "Acme", "Ärzte", "北京", "重庆", "Hua", "华夏", "黄山", "Huawei", "上海", "Zebra", "中国"),
    ("华", "华夏", "华夏科技", "华阳", "花旗", "黄河"),
    ("ABC", "ABC 科技", "ABC科技", "ABD"),
    ("台南", "臺灣", "台中"),
])  # fmt: skip
def test_latin_and_chinese_names_make_one_alphabet(ordered: tuple[str, ...]) -> None:
    keys = [sort_key(name) for name in ordered]
    assert all(one < other for one, other in pairwise(keys)), keys


@pytest.mark.parametrize(("name", "key"), [
    ("", ""), ("Müller AG", "muller ag"), ("华夏", "hua 华xia 夏"), ("華夏 ABC", "hua 华xia 夏 abc"),
    ("重庆银行", "chong 重qing 庆yin 银hang 行"), ("トヨタ", "トヨタ"), ("𪚥", sort_key("𪚥")),
])  # fmt: skip
def test_sort_keys(name: str, key: str) -> None:
    assert sort_key(name) == key


def test_a_surname_is_read_as_one() -> None:
    names = ["曾国华", "单雄", "张伟", "尉迟恭", "曾"]
    assert [sort_key(name, person=True).split()[0] for name in names] == ["zeng", "shan", "zhang", "yu", "zeng"]
    assert sort_key("曾国华").startswith("ceng")
    assert sort_key("单位工会委员会", person=True).startswith("dan"), "no name of a person"


@settings(max_examples=300)
@given(st.text(max_size=80), st.text(alphabet="华夏臺重 aB3", max_size=60))
def test_equal_names_have_equal_keys_and_keys_are_short(one: str, other: str) -> None:
    for name in (one, other, one + other):
        key = sort_key(name)
        assert key == sort_key(fold(name))
        assert len(key) <= LONGEST_KEY
        assert "\x00" not in key
        assert not key.startswith(" ")
        assert name.isascii() is False or pinyin_words(name) == ""


@pytest.mark.parametrize(("name", "words"), [
    ("Acme GmbH", ""), ("Müller", ""), ("トヨタ", ""), ("", ""),
    ("华夏科技有限公司", "HUAXIAKEJI XIAKEJI KEJI JI HXKJ XKJ KJ"),
    ("華夏", "HUAXIA XIA HX"), ("王 小明", "WANGXIAOMING XIAOMING MING WXM XM"), ("公司", "GONGSI SI GS"),
    ("ABC科技", "KEJI JI KJ"),
])  # fmt: skip
def test_words_of_pinyin(name: str, words: str) -> None:
    assert pinyin_words(name) == words


def test_a_long_name_has_few_words() -> None:
    assert len(pinyin_words("华夏" * 500)) < 1_000


@given(st.text(alphabet=st.characters(min_codepoint=0x4E00, max_codepoint=0x9FFF), max_size=30))
def test_each_character_has_one_reading(characters: str) -> None:
    for surname in (False, True):
        found = readings(characters, surname=surname)
        assert len(found) == len(characters)
        assert all(syllable == "" or (syllable.isascii() and syllable.isalpha()) for syllable in found)
