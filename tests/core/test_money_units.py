"""Amounts with a unit behind the number: 12万, 1.5亿, 12k, 1.5m."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from saas_crm.core.money import Money, currencies
from saas_crm.core.money_input import UNITS, AmountError, parse_money


@pytest.mark.parametrize(("text", "currency", "locale", "amount"), [
    ("12万", "CNY", "zh_Hans", "120000"), ("12萬", "TWD", "zh_Hant", "120000"), ("1.5万", "CNY", "zh_Hans", "15000"),
    ("2亿", "CNY", "zh_Hans", "200000000"), ("2.35億", "TWD", "zh_Hant", "235000000"), ("12 万", "CNY", "en", "120000"),
    ("１２万", "CNY", "zh_Hans", "120000"), ("¥12万", "CNY", "zh_Hans", "120000"), 
    ("12万元", "CNY", "zh_Hans", "120000"),
    ("NT$ 3.5萬", "TWD", "zh_Hant", "35000"), ("1,200万", "CNY", "zh_Hans", "12000000"), 
    ("CNY 1万", "CNY", "en", "10000"),
    ("1.23456万", "CNY", "zh_Hans", "12345.60"), ("0.5万", "JPY", "en", "5000"), (".5k", "USD", "en", "500"),
    ("12k", "USD", "en", "12000"), ("12K", "EUR", "en", "12000"), ("1.5m", "USD", "en", "1500000"),
    ("1,5M", "EUR", "de", "1500000"), ("12 k €", "EUR", "de", "12000"), ("$1.5m", "USD", "en", "1500000"),
    ("1.234567k", "KWD", "en", "1234.567"), ("12K MMK", "MMK", "en", "12000"), ("0万", "CNY", "en", "0"),
])  # fmt: skip
def test_units(text: str, currency: str, locale: str, amount: str) -> None:
    assert parse_money(text, currency, locale) == Money(Decimal(amount), currency)


@pytest.mark.parametrize(("text", "currency", "code"), [
    ("万", "CNY", "not_a_number"), ("k", "USD", "not_a_number"), ("12kk", "USD", "not_a_number"),
    ("12万k", "CNY", "not_a_number"), ("1万2千", "CNY", "not_a_number"), ("万12", "CNY", "not_a_number"),
    ("1亿2万", "CNY", "not_a_number"), ("12千", "CNY", "not_a_number"), ("12b", "USD", "not_a_number"),
    ("12 kg", "USD", "not_a_number"), ("1k5", "USD", "not_a_number"),
    ("1.5.5万", "CNY", "not_a_number"), ("12mm", "USD", "not_a_number"),
    ("1.2345678万", "CNY", "too_precise"), ("1.2345k", "JPY", "too_precise"),
    ("1000000亿", "CNY", "too_large"), ("100000000m", "USD", "too_large"), ("99999999999999亿", "CNY", "too_large"),
])  # fmt: skip
def test_nonsense_is_refused(text: str, currency: str, code: str) -> None:
    with pytest.raises(AmountError) as refused:
        parse_money(text, currency, "en")
    assert refused.value.code == code


@given(st.integers(0, 99_999), st.sampled_from(sorted(UNITS)), st.sampled_from(["CNY", "TWD", "USD", "EUR", "JPY"]))
def test_a_unit_is_so_many_zeros(number: int, unit: str, currency: str) -> None:
    wanted = Money(Decimal(number) * 10 ** UNITS[unit], currency)
    assert parse_money(f"{number}{unit}", currency, "en") == wanted


def test_no_currency_reads_its_own_sign_as_a_unit() -> None:
    for currency in currencies():
        assert parse_money("12", currency, "en").amount == 12
        assert parse_money(f"{currency} 12", currency, "en").amount == 12
        assert parse_money(f"12 {currency}", currency, "en").amount == 12
