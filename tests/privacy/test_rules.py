"""Who may be contacted, and until when something is kept."""

from __future__ import annotations

from datetime import UTC, date, datetime
from uuid import UUID

import pytest

from saas_crm.privacy.fingerprints import fingerprints, is_known, new_salt
from saas_crm.privacy.rules import Statement, kept_until, latest, may_contact, refusals


def said(channel: str, purpose: str, state: str, day: int, written: int = 1, number: int = 0) -> Statement:
    at, created_at = datetime(2026, 5, day, tzinfo=UTC), datetime(2026, 6, written, tzinfo=UTC)
    return Statement(channel, purpose, state, at, created_at, UUID(int=number))


@pytest.mark.parametrize(
    ("statements", "purpose", "expected"),
    [
        ([], "marketing", False),
        ([], "survey", False),
        ([], "sales", True),
        ([], "service", True),
        ([said("email", "marketing", "given", 1)], "marketing", True),
        ([said("phone", "marketing", "given", 1)], "marketing", False),
        ([said("email", "sales", "given", 1)], "marketing", False),
        ([said("email", "marketing", "given", 1), said("email", "marketing", "withdrawn", 2)], "marketing", False),
        ([said("email", "marketing", "withdrawn", 2), said("email", "marketing", "given", 1)], "marketing", False),
        ([said("email", "marketing", "given", 2, 1), said("email", "marketing", "objected", 2, 2)], "marketing", False),
        ([said("email", "marketing", "given", 2, 1, 9), said("email", "marketing", "objected", 2, 2, 1)], "marketing",
         False),
        ([said("email", "marketing", "given", 2, 2, 1), said("email", "marketing", "objected", 2, 1, 9)], "marketing",
         True),
        ([said("email", "sales", "objected", 1)], "sales", False),
        ([said("email", "sales", "objected", 1)], "service", True),
        ([said("email", "sales", "objected", 1), said("email", "sales", "given", 2)], "sales", True),
    ],
)  # fmt: skip
def test_may_contact(statements: list[Statement], purpose: str, expected: bool) -> None:
    assert may_contact(statements, "email", purpose) is expected


def test_what_was_refused_is_told_by_channel() -> None:
    statements = [
        said("phone", "sales", "objected", 1), said("phone", "marketing", "withdrawn", 1),
        said("email", "marketing", "given", 1),
        said("post", "survey", "objected", 1), said("post", "survey", "given", 2),
    ]  # fmt: skip
    assert refusals(statements) == {"phone": ("marketing", "sales")}
    assert len(latest(statements)) == 4


@pytest.mark.parametrize(
    ("day", "years", "expected"),
    [(date(2020, 5, 3), 10, date(2030, 5, 3)), (date(2024, 2, 29), 1, date(2025, 3, 1)),
     (date(2024, 2, 29), 4, date(2028, 2, 29)), (date(2020, 5, 3), 0, date(2020, 5, 3))],
)  # fmt: skip
def test_kept_until(day: date, years: int, expected: date) -> None:
    assert kept_until(day, years) == expected


def test_fingerprints_know_a_person_however_it_is_written_and_tell_nothing() -> None:
    salt = new_salt()
    kept = fingerprints(["Eva Tulpe", "eva@tulpe.example", "+493012345678"], salt)
    for typed in ("eva tulpe", "EVA TULPE ", "Eva@Tulpe.example", "+49 30 12345678", "+49 (30) 1234-5678"):
        assert is_known(typed, salt, kept), typed
    for typed in ("Eva", "eva@tulpe.example.org", "+493012345679", ""):
        assert not is_known(typed, salt, kept), typed
    assert not is_known("Eva Tulpe", new_salt(), kept)
    assert not any("tulpe" in one for one in kept)
