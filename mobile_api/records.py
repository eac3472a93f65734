"""Answers about single records: ETag, "not modified", "only if nobody else changed it"."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

import orjson
from flask import Response, g, request
from pydantic import Field

from mobile_api.reading import if_none_match_holds, versions_named
from mobile_api.registry import BASE
from saas_crm.core.forms import Input
from saas_crm.edge.current import member_or_none

Shown = Mapping[str, Any]
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
NEVER = -1
"""A version no record has."""


class Identified(Input):
    """A new record whose id the client may have made."""

    id: UUID | None = Field(default=None, description="Made by the client, so that it can work offline; else by us.")


def taken_id(body: Identified) -> UUID | None:
    """Take the client's id out of what was sent, where it is no value of the record like the others."""
    body.model_fields_set.discard("id")
    return body.id


class Versioned(Protocol):
    """What has a version that every save raises."""

    version: Any


def shown(record: Shown, *, tag: str | None = None, status: int = 200) -> Response:
    """Answer with one record and its ETag; 304 without a body when the reader has it already."""
    body = orjson.dumps(record, option=orjson.OPT_UTC_Z)
    etag = tag or tag_of(record, body)
    if request.method in ("GET", "HEAD") and if_none_match_holds(request.headers.get("If-None-Match"), etag):
        return Response(None, 304, {"ETag": etag})
    return Response(body, status, {"ETag": etag}, content_type="application/json")


def made(record: Shown, path: str) -> Response:
    """Answer 201 with a new record, and where it is: `path` is below the API's base."""
    response = shown(record, status=201)
    response.headers["Location"] = f"{request.script_root}{BASE}/{path}"
    return response


def gone() -> Response:
    """Answer 204."""
    response = Response(None, 204)
    del response.headers["Content-Type"]
    return response


def tag_of(record: Shown, body: bytes = b"") -> str:
    """Return the ETag of a record as it is shown: its version, and when something last happened with it.

    What happens with a record (a call, a visit) is no edit of it: the version stays, so nobody loses a race
    by it; but what is shown is not the same any more. So it is with a number given later.
    What has no version is told by its content.
    """
    if "version" not in record:
        content = body or orjson.dumps(record, option=orjson.OPT_UTC_Z)
        return f'"{hashlib.blake2b(content, digest_size=12).hexdigest()}"'
    happened: datetime | None = record.get("last_activity_at")
    rules, beside = _rules_told(), (_short(happened) if happened else "") + _digest(record.get("number"))
    return f'"v{record["version"]}{f"-{rules}" if rules else ""}{f".{beside}" if beside else ""}"'


def _digest(number: str | None) -> str:
    """Return a short word for a record's number, "" for none."""
    return hashlib.blake2b(number.encode(), digest_size=3).hexdigest() if number else ""


def _rules_told() -> str:
    """Return a short word for the rules under which the member reads, "" for none: others see another record."""
    member = member_or_none()
    if member is None or not member.fields:
        return ""
    told = ";".join(f"{key}={rule}" for key, rule in sorted(member.fields.items()))
    return hashlib.blake2b(told.encode(), digest_size=4).hexdigest()


def agreed_version(record: Versioned, show: Callable[[], Shown]) -> int | None:
    """Return the version the writer has seen, for the action to check; None when any will do.

    `show` gives the record as it then is, should the race be lost here or at the database.
    """
    g.show_current = lambda: with_tag(show())
    named = request.headers.get("If-Match")
    versions = versions_named(named, _rules_told()) if named is not None else None
    if versions is None:
        return None
    return record.version if record.version in versions else NEVER


def with_tag(record: Shown) -> tuple[Shown, str]:
    """Return what is shown of a record, and its tag."""
    return record, tag_of(record)


def _short(moment: datetime) -> str:
    """Return a moment's milliseconds in 36 digits."""
    left, digits = int(moment.timestamp() * 1000), ""
    while left > 0:
        left, digit = divmod(left, 36)
        digits = _DIGITS[digit] + digits
    return digits or "0"
