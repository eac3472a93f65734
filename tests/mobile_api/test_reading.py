"""Bodies, queries and headers: read exactly as described."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

import pytest
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from mobile_api.problems import ApiProblem
from mobile_api.reading import MAX_BODY, if_match_allows, read_body, read_idempotency_key, read_query
from saas_crm.core.money import Money


class Visit(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, BeforeValidator(lambda text: text.strip() if isinstance(text, str) else text or "")] = Field(
        max_length=5
    )
    at: datetime | None = None
    day: date | None = None
    company_id: UUID | None = None
    count: int = 0
    done: bool = False
    price: Money | None = None


class Listing(BaseModel):
    model_config = ConfigDict(extra="forbid")

    limit: int = Field(default=25, ge=1, le=200)
    q: str = ""
    owner_id: UUID | None = None
    done: bool | None = None
    sort: Literal["name", "-name"] = "name"
    tag: list[str] = Field(default=[], max_length=3)


def status_of(raw: bytes, content_type: str | None = "application/json") -> int:
    with pytest.raises(ApiProblem) as raised:
        read_body(Visit, raw, content_type)
    return raised.value.problem.status


@pytest.mark.parametrize(
    ("raw", "content_type", "status"),
    [
        (b"{}", None, 415),
        (b"{}", "text/plain", 415),
        (b"{}", "application/merge-patch+json", 415),
        (b"", "application/json", 400),
        (b"{", "application/json", 400),
        (b"\xff", "application/json", 400),
        (b'{"name": NaN}', "application/json", 400),
        (b'{"name": "\\ud800"}', "application/json", 400),
        (b"[" * 5000, "application/json", 400),
        (b'"' + b"x" * MAX_BODY + b'"', "application/json", 413),
        (b"[]", "application/json", 422),
        (b"null", "application/json", 422),
        (b"{}", "application/json; charset=utf-8", 422),
    ],
)
def test_unreadable(raw: bytes, content_type: str | None, status: int) -> None:
    assert status_of(raw, content_type) == status


@pytest.mark.parametrize(
    ("part", "pointer"),
    [
        ('"name": null', "#/name"),
        ('"name": "     x"', "#/name"),
        ('"name": 5', "#/name"),
        ('"at": 1700000000', "#/at"),
        ('"at": "1700000000"', "#/at"),
        ('"at": "2024-01-01 00:00:00Z"', "#/at"),
        ('"day": "2024-01-01T00:00:00"', "#/day"),
        ('"company_id": "12345678123412341234123456789012"', "#/company_id"),
        ('"count": "7"', "#/count"),
        ('"count": true', "#/count"),
        ('"done": 1', "#/done"),
        ('"done": "yes"', "#/done"),
        ('"price": 5.0', "#/price"),
        ('"price": {"amount": 5, "currency": "EUR"}', "#/price"),
        ('"unknown": 1', "#/unknown"),
    ],
)
def test_only_what_is_described_is_taken(part: str, pointer: str) -> None:
    with pytest.raises(ApiProblem) as raised:
        read_body(Visit, f'{{"name": "x", {part}}}'.encode(), "application/json")
    errors = raised.value.problem.errors
    assert errors is not None
    assert (errors[0].pointer or "").startswith(pointer)
    assert errors[0].code


def test_a_good_body() -> None:
    visit = read_body(
        Visit,
        b'{"name": "x", "at": "2024-01-01T10:00:00Z", "price": {"amount": "5", "currency": "EUR"}}',
        "application/json; charset=utf-8",
    )
    assert visit.model_dump(mode="json", exclude_none=True) == {
        "name": "x",
        "at": "2024-01-01T10:00:00Z",
        "count": 0,
        "done": False,
        "price": {"amount": "5.00", "currency": "EUR"},
    }


def test_a_good_query() -> None:
    pairs = [("limit", "5"), ("done", "true"), ("tag", "a,5"), ("q", "25"), ("sort", "-name")]
    listing = read_query(Listing, pairs)
    assert (listing.limit, listing.done, listing.tag, listing.q, listing.sort) == (
        5,
        True,
        ["a", "5"],
        "25",
        "-name",
    )
    assert read_query(Listing, []) == Listing()


BAD_LIMITS = ("0", "201", "", " 5", "5.0", "1_0", "05", "５", "+5", "9" * 5000)


@pytest.mark.parametrize(
    ("name", "values"),
    [
        *(("limit", [value]) for value in BAD_LIMITS),
        ("limit", ["5", "5"]),
        ("done", ["1"]),
        ("done", ["yes"]),
        ("owner_id", ["x"]),
        ("owner_id", ["{12345678-1234-1234-1234-123456789012}"]),
        ("sort", ["age"]),
        ("tag", ["a,b,c,d"]),
        ("tag", ["a", "b"]),
        ("unknown", ["x"]),
        ("limit[gt]", ["5"]),
    ],
)
def test_a_bad_query(name: str, values: list[str]) -> None:
    with pytest.raises(ApiProblem) as raised:
        read_query(Listing, [(name, value) for value in values])
    assert raised.value.problem.status == 422
    assert {error.parameter for error in raised.value.problem.errors or ()} == {name}


@pytest.mark.parametrize("value", ["", " ", "a b", "ü", "x" * 201, "a\n", '"a"'])
def test_bad_idempotency_keys(value: str) -> None:
    with pytest.raises(ApiProblem):
        read_idempotency_key(value)


@pytest.mark.parametrize(
    ("value", "allowed"),
    [
        (None, True),
        ("*", True),
        ('"7"', True),
        ('"6", "7"', True),
        ('W/"7"', False),
        ('W/"7","7"', True),
        ('"8"', False),
        ("7", False),
        ("", False),
        ('"', False),
        ('"77', False),
        ("ü" * 1_000, False),
    ],
)
def test_if_match(value: str | None, allowed: bool) -> None:
    assert if_match_allows(value, '"7"') is allowed


def test_good_idempotency_keys() -> None:
    assert read_idempotency_key(None) is None
    assert read_idempotency_key(str(UUID(int=7))) == str(UUID(int=7))
