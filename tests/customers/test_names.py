"""When two names mean one company."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from saas_crm.customers.names import is_near_same, jaro_winkler, name_key, similarity


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("Müller GmbH", "Mueller GmbH & Co. KG"),
        ("Müller GmbH", "MULLER"),
        ("华为技术有限公司", "华为技术"),
        ("华为技术股份有限公司", "华为技术集团"),
        ("華夏科技股份有限公司", "華夏科技"),
        ("深圳市腾讯计算机系统有限公司", "深圳腾讯计算机系统"),
        ("株式会社トヨタ", "トヨタ"),
        ("Acme, Inc.", "ACME Corporation"),
        ("Müller & Söhne", "Mueller und Soehne OHG"),
        ("Société Générale S.A.", "Societe Generale"),
        ("E.ON SE", "EON"),
        ("O'Brien Ltd", "OBrien Limited"),
        ("Ａｃｍｅ", "acme"),
    ],
)
def test_equal_keys(first: str, second: str) -> None:
    assert name_key(first) == name_key(second) != ""
    assert is_near_same(first, second)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("Siemens AG", "Simens"),
        ("Autohaus Meier", "Meier Autohaus GmbH"),
        ("华为技术", "华为技术服务有限公司"),
        ("Schneider Elektric", "Schneider Electric"),
        ("Huawei Technologies", "HuaweiTechnologies Co., Ltd."),
        ("Volkswagen", "Volkswagn AG"),
    ],
)
def test_near_same(first: str, second: str) -> None:
    assert is_near_same(first, second)
    assert is_near_same(second, first)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("Deutsche Bank", "Deutsche Bahn"),
        ("北京银行", "南京银行"),
        ("中国银行", "中国农业银行"),
        ("华夏科技", "华讯科技"),
        ("Filiale 12", "Filiale 13"),
        ("Acme", "Apex"),
        ("Volkswagen", "Volksbank"),
        ("GmbH", "AG"),
        ("", "Acme"),
        ("", ""),
        ("!!!", "???"),
    ],
)
def test_different(first: str, second: str) -> None:
    assert not is_near_same(first, second)


def test_a_name_of_legal_forms_only_keeps_a_key() -> None:
    assert name_key("公司") == "公司"
    assert name_key("GmbH") == "gmbh"
    assert name_key("!!!") == ""


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ("MARTHA", "MARHTA", 0.9611),
        ("DIXON", "DICKSONX", 0.8133),
        ("JELLYFISH", "SMELLYFISH", 0.8963),
        ("", "a", 0.0),
    ],
)
def test_jaro_winkler_as_published(first: str, second: str, expected: float) -> None:
    assert jaro_winkler(first, second) == pytest.approx(expected, abs=0.0001)


@given(st.text(max_size=30), st.text(max_size=30))
def test_similarity_is_symmetric_and_bounded(first: str, second: str) -> None:
    assert 0 <= similarity(first, second) <= 1
    assert similarity(first, second) == pytest.approx(similarity(second, first))


@given(st.text(max_size=30))
def test_a_name_is_the_same_as_itself(name: str) -> None:
    assert similarity(name, name) == (1.0 if name_key(name) else 0.0)


def test_a_very_long_name_is_quick() -> None:
    assert is_near_same("华" * 100_000, "华" * 99_999)
