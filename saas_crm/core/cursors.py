"""Where a list goes on: an opaque text that holds the key of the last row.

It is not signed. It can only say after which key to go on, in a query that starts from what the member may
see; somebody who writes one by hand learns nothing. So it is checked for form and for the kind of list it was
made for, and otherwise refused.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

KeyValue = str | int | UUID | datetime | date | Decimal | None

MAX_LENGTH = 2_000  # characters; the longest key is a name of 200 characters at 4 bytes each


class CursorError(ValueError):
    """The text is no cursor of this list."""


def encode_cursor(scope: str, key: Sequence[KeyValue]) -> str:
    """Return the cursor after the row with this key.

    `scope` names the list and its order ("companies:-updated_at"); a cursor serves that one only.
    """
    packed = json.dumps([scope, *(_pack(value) for value in key)], ensure_ascii=False, separators=(",", ":"))
    return base64.urlsafe_b64encode(packed.encode()).decode().rstrip("=")


def decode_cursor(cursor: str, scope: str, kinds: Sequence[type]) -> tuple[KeyValue, ...]:
    """Return the key in a cursor; any value may be None, where the sorted column may.

    Raises CursorError for anything but a cursor made by `encode_cursor` for this scope and these kinds.
    """
    try:
        packed = _unpacked(cursor)
        if not isinstance(packed, list) or len(packed) != len(kinds) + 1 or packed[0] != scope:
            raise CursorError("a cursor of another list")
        return tuple(_unpack(value, kind) for value, kind in zip(packed[1:], kinds, strict=True))
    except CursorError:
        raise
    except (ValueError, TypeError, InvalidOperation, RecursionError) as broken:
        raise CursorError("no cursor") from broken


def _unpacked(cursor: str) -> Any:
    if len(cursor) > MAX_LENGTH:
        raise CursorError("too long for a cursor")
    try:
        raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as broken:
        raise CursorError("no cursor") from broken
    return json.loads(raw.decode())


def _pack(value: KeyValue) -> Any:
    if value is None or isinstance(value, str | int):
        return value
    return value.isoformat() if isinstance(value, date) else str(value)


def _unpack(value: Any, kind: type) -> KeyValue:
    if value is None:
        return None
    if kind is int:
        if type(value) is int and abs(value) < 2**63:
            return value
    elif isinstance(value, str):
        return _READERS[kind](value)
    raise CursorError("a value of another kind")


def _text(value: str) -> str:
    value.encode()  # an unpaired surrogate cannot go to the database
    if "\x00" in value:
        raise CursorError("a NUL")
    return value


def _moment(value: str) -> datetime:
    moment = datetime.fromisoformat(value)
    if moment.tzinfo is None:
        raise CursorError("a moment without a time zone")
    if not date.min.year < moment.year < date.max.year:
        raise CursorError("a moment that is in no calendar where others are")
    return moment


def _number(value: str) -> Decimal:
    number = Decimal(value)
    if not number.is_finite() or len(value) > 40:
        raise CursorError("a number out of range")
    return number


_READERS: dict[type, Callable[[str], KeyValue]] = {
    str: _text, UUID: UUID, datetime: _moment, date: date.fromisoformat, Decimal: _number,
}  # fmt: skip
