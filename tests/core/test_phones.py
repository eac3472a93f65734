"""Phone numbers."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from saas_crm.core.phones import PhoneError, dial_phone, parse_phone, phone_digits, show_phone, written_forms


@pytest.mark.parametrize(
    ("raw", "country", "e164"),
    [
        ("030 12345678", "DE", "+493012345678"),
        ("030/123 456-78", "DE", "+493012345678"),
        ("+49 (0)30 12345678", "CN", "+493012345678"),
        ("0049 30 12345678", "FR", "+493012345678"),
        ("138 0013 8000", "CN", "+8613800138000"),
        ("１３８００１３８０００", "CN", "+8613800138000"),
        ("＋８６ 138-0013-8000", None, "+8613800138000"),
        ("02 2345 6789", "TW", "+886223456789"),
        ("(202) 555-0143 ext. 12", "US", "+12025550143;ext=12"),
        ("+12025550143;ext=12", None, "+12025550143;ext=12"),
        ("010-8888 7777 转 801", "CN", None),
        ("tel:+49-30-12345678", None, "+493012345678"),
    ],
)
def test_parse(raw: str, country: str | None, e164: str | None) -> None:
    if e164 is None:
        with pytest.raises(PhoneError):
            parse_phone(raw, country)
    else:
        assert parse_phone(raw, country) == e164
        assert parse_phone(e164, country) == e164


@pytest.mark.parametrize(
    ("raw", "country", "code"),
    [
        ("", "DE", "not_a_number"),
        ("abc", "DE", "not_a_number"),
        ("\x00", "DE", "not_a_number"),
        ("030 1234567", None, "country_needed"),
        ("030 1234567", "XX", "country_needed"),
        ("+999 12345678", "DE", "unknown"),
        ("12", "DE", "too_short"),
        ("555-0143", "US", "too_short"),
        ("0" * 30, "DE", "too_long"),
        ("1" * 10_000, "DE", "too_long"),
        ("📞", "DE", "not_a_number"),
    ],
)
def test_refused(raw: str, country: str | None, code: str) -> None:
    with pytest.raises(PhoneError) as refusal:
        parse_phone(raw, country)
    assert refusal.value.code == code
    assert refusal.value.message


@pytest.mark.parametrize(
    ("e164", "country", "shown"),
    [
        ("+493012345678", "DE", "030 12345678"),
        ("+493012345678", "CN", "+49 30 12345678"),
        ("+493012345678", None, "+49 30 12345678"),
        ("+493012345678", "XX", "+49 30 12345678"),
        ("+8613800138000", "CN", "138 0013 8000"),
        ("+12025550143;ext=12", "US", "(202) 555-0143 ext. 12"),
        ("+12025550143", "CA", "(202) 555-0143"),
        ("+12025550143;ext=12", "DE", "+1 202-555-0143 ext. 12"),
        ("call me", "DE", "call me"),
        ("", "DE", ""),
    ],
)
def test_show(e164: str, country: str | None, shown: str) -> None:
    assert show_phone(e164, country) == shown


def test_search_forms_and_digits() -> None:
    assert written_forms("+12025550143;ext=12") == [
        "+12025550143", "2025550143", "(202) 555-0143", "+1 202-555-0143", "12",
    ]  # fmt: skip
    assert written_forms("junk") == ["junk"]
    assert phone_digits("+49 (30) １２３;ext=9") == "4930123"
    assert dial_phone("+4930123;ext=9") == "tel:+4930123;ext=9"


@settings(max_examples=300)
@given(
    st.text(max_size=70) | st.text(alphabet="0123456789+-() ext;=.", max_size=30),
    st.sampled_from(["DE", "CN", "US", None]),
)
def test_any_text_is_parsed_or_refused(raw: str, country: str | None) -> None:
    try:
        e164 = parse_phone(raw, country)
    except PhoneError:
        return
    assert parse_phone(e164, None) == e164
    assert parse_phone(show_phone(e164, country), country) == e164


def test_the_tables_are_not_loaded_at_start() -> None:
    program = (
        "import sys, saas_crm.core.phones, saas_crm.core.search_text as search; search.document('Acme')\n"
        "assert 'phonenumbers' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
