"""Cursors: what was put in comes out, and nothing else does."""

from __future__ import annotations

import base64
import json
from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from saas_crm.core.cursors import CursorError, KeyValue, decode_cursor, encode_cursor

ID = UUID("018f3c5e-7a10-7000-8000-0123456789ab")

VALUES: dict[type, st.SearchStrategy[KeyValue]] = {
    str: st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=50),
    int: st.integers(-(2**63) + 1, 2**63 - 1),
    UUID: st.uuids(),
    datetime: st.datetimes(timezones=st.just(UTC)).filter(lambda moment: 1 < moment.year < 9999),
    date: st.dates(),
    Decimal: st.decimals(-(10**15), 10**15, places=3),
}


@st.composite
def keys(draw: st.DrawFn) -> tuple[list[type], list[KeyValue]]:
    kinds = draw(st.lists(st.sampled_from(list(VALUES)), min_size=1, max_size=3))
    return kinds, [draw(st.none() | VALUES[kind]) for kind in kinds]


@given(keys())
def test_what_goes_in_comes_out(case: tuple[list[type], list[KeyValue]]) -> None:
    kinds, key = case
    cursor = encode_cursor("companies:-updated_at", key)
    assert decode_cursor(cursor, "companies:-updated_at", kinds) == tuple(key)
    assert cursor.isascii()
    assert not set(cursor) & set("+/=&?# ")


def raw(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    ("cursor", "kinds"),
    [
        ("", [UUID]),
        ("garbage!", [UUID]),
        ("华", [UUID]),
        ("A", [UUID]),
        ("_" * 40, [UUID]),
        (raw("s"), [UUID]),
        (raw({"s": 1}), [UUID]),
        (raw([]), [UUID]),
        (raw(["s"]), [UUID]),
        (raw(["other", str(ID)]), [UUID]),
        (raw(["s", str(ID), 1]), [UUID]),
        (raw(["s", "no uuid"]), [UUID]),
        (raw(["s", 5]), [UUID]),
        (raw(["s", {"a": 1}]), [str]),
        (raw(["s", True]), [int]),
        (raw(["s", 2**70]), [int]),
        (raw(["s", "5"]), [int]),
        (raw(["s", 1.5]), [Decimal]),
        (raw(["s", "NaN"]), [Decimal]),
        (raw(["s", "1e99999999"]), [int]),
        (raw(["s", "9" * 50]), [Decimal]),
        (raw(["s", "x\x00y"]), [str]),
        (raw(["s", "\ud800"]), [str]),
        (raw(["s", "2024-01-01T00:00:00"]), [datetime]),
        (raw(["s", "0001-01-01T00:00:00Z"]), [datetime]),
        (raw(["s", "9999-12-31T23:59:59-12:00"]), [datetime]),
        (raw(["s", "2024-13-01"]), [date]),
        (base64.urlsafe_b64encode(b"[" * 1_400).decode().rstrip("="), [str]),
        ("A" * 5_000, [str]),
        (base64.urlsafe_b64encode(b"\xff\xfe").decode().rstrip("="), [str]),
    ],
)
def test_anything_else_is_refused(cursor: str, kinds: list[type]) -> None:
    with pytest.raises(CursorError):
        decode_cursor(cursor, "s", kinds)


@given(st.text(max_size=100) | st.from_regex(r"\A[A-Za-z0-9_-]{1,80}\Z"))
def test_no_text_breaks_it(cursor: str) -> None:
    with pytest.raises(CursorError):
        decode_cursor(cursor, "companies:name", [str, UUID])


def test_a_long_name_fits() -> None:
    cursor = encode_cursor("companies:name", ["🎉" * 200, ID])
    assert decode_cursor(cursor, "companies:name", [str, UUID]) == ("🎉" * 200, ID)
