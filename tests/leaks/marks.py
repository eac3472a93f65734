"""Secrets that can be told apart wherever they turn up: each field of each record bears one of its own.

A text is marked `zq0042n` (record 42, its name), a phone number and an amount have the record's number among their
digits. An answer is read for all of them, whatever it is: a page, JSON, a spreadsheet, a PDF, a cursor.
"""

from __future__ import annotations

import base64
import binascii
import io
import re
import zipfile
import zlib
from collections.abc import Iterable
from typing import NamedTuple
from urllib.parse import unquote

from werkzeug.test import TestResponse


class Mark(NamedTuple):
    """Which record, and which of its fields."""

    number: int
    field: str


FIELDS = {
    "n": "name", "s": "subject", "b": "body", "d": "description", "t": "tags", "c": "city", "a": "street",
    "r": "region", "z": "postcode", "i": "industry", "j": "job_title", "e": "email", "w": "website", "l": "location",
    "o": "close_note", "p": "phone", "m": "mobile", "v": "amount", "x": "note",
    "k": "payment",
}  # fmt: skip
ARCHIVE = "archive"
"""What stands for the permission where a secret is in an archive that somebody asked for: nobody else is given it."""
LETTERS = {name: letter for letter, name in FIELDS.items()}
_TEXT = re.compile(rf"[Zz]q(\d{{4}})([{''.join(FIELDS)}])")
_SIGNED = re.compile(r"[\w-]{16,}\.[\w-]{5,8}\.[\w-]{20,}|nonce(?:=\"|-)[\w+/=-]+")
"""Tokens against forged forms and foreign scripts: what stands in them by chance may look like a mark."""
_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
"""Ids, whose digits may read as a number that is dialled."""
_JOINED = re.compile(r"[\w-]")
_BETWEEN_DIGITS = re.compile(r"(?<=\d)[ \u00a0\u202f\-()/.]+(?=\d)")
_DIALLED = re.compile(r"30[ \u00a0\u202f\-)/]{0,2}77")
_PHONE = re.compile(r"(?:\+49|(?<![0-9a-zA-Z])0)3077(\d{4})(\d)7")
_AMOUNT = re.compile(r"6,?(\d{3}),?(\d)38(?![\d\w-])")
_CURSOR = re.compile(r"(?:after=|\"next\": ?\")([A-Za-z0-9_%=-]{16,})")
_SAID: dict[str, tuple[re.Pattern[str], Mark]] = {}
"""What others have given their names and amounts to: the text as it stands, how it stands alone, and what it marks."""
_STREAM = re.compile(rb"stream\r?\n(.*?)\r?\nendstream", re.S)


def text(number: int, field: str) -> str:
    """Return the mark of a text field."""
    return f"Zq{number:04}{LETTERS[field]}"


def phone(number: int, field: str) -> str:
    """Return a number of Berlin that is valid and like no other."""
    return f"+493077{number:04}{1 if field == 'phone' else 2}7"


def amount(number: int) -> str:
    """Return an amount of money that is like no other."""
    return f"6{number:04}38"


def know(said: str, number: int, field: str) -> None:
    """Take a text that is like no other for a mark: an id that a payment service gave, or the digits of a sum."""
    alone = rf"(?<![\w.,-]){re.escape(said)}(?:\.00)?(?![\w-]|[.,]\d)"
    _SAID[said] = re.compile(alone), Mark(number, LETTERS[field])


def forget_known() -> None:
    """Take no text for a mark but those that were made here."""
    _SAID.clear()


AROUND = 250
"""So many characters on each side of what may be a mark are looked at, to tell whether it is one."""


def marks_in(said: str) -> set[Mark]:
    """Return the marks in a text. Quick: there are tens of thousands of texts, and few have anything like a token."""
    found = {Mark(int(one[1]), one[2]) for one in _TEXT.finditer(said) if not _is_signed(said, *one.span())}
    for one in _DIALLED.finditer(said):
        around = said[max(one.start() - AROUND, 0) : one.end() + AROUND]
        dialled = _PHONE.findall(_BETWEEN_DIGITS.sub("", _ID.sub("", around)))
        found |= {Mark(int(number), "p" if which == "1" else "m") for number, which in dialled}
    for sum_ in _AMOUNT.finditer(said):
        before = said[max(sum_.start() - 1, 0) : sum_.start()]
        if not (before.isalnum() or before in ("_", ".", ",", "-")):
            found.add(Mark(int(sum_[1] + sum_[2]), "v"))
    for literal, (alone, mark) in _SAID.items():
        if literal in said and alone.search(said):
            found.add(mark)
    for cursor in _CURSOR.findall(said):
        found |= {Mark(int(number), letter) for number, letter in _TEXT.findall(_unpacked(cursor))}
    return found


def _is_signed(said: str, start: int, end: int) -> bool:
    """Whether what looks like a mark stands in the middle of a token or a nonce."""
    if not (_JOINED.match(said, max(start - 1, 0), start) or _JOINED.match(said, end)):
        return False
    first = max(start - AROUND, 0)
    around = said[first : end + AROUND]
    return any(one.start() + first <= start and end <= one.end() + first for one in _SIGNED.finditer(around))


def _unpacked(cursor: str) -> str:
    raw = unquote(cursor)
    try:
        return base64.urlsafe_b64decode(raw + "=" * (-len(raw) % 4)).decode("utf-8", "replace")
    except (binascii.Error, ValueError):
        return ""


def marks_of(answer: TestResponse) -> set[Mark]:
    """Return the marks in an answer: in its body, whatever that is, and in its headers."""
    body = answer.get_data()
    kind = answer.content_type or ""
    if body[:2] == b"PK":
        said = " ".join(_files_of(body))
    elif "pdf" in kind:
        said = " ".join(_streams_of(body))
    else:
        said = body.decode("utf-8", "replace")
    told = "\n".join(value for name, value in answer.headers if name != "Set-Cookie")
    return marks_in(f"{said}\n{told}")


def _files_of(body: bytes) -> Iterable[str]:
    with zipfile.ZipFile(io.BytesIO(body)) as package:
        for name in package.namelist():
            yield package.read(name).decode("utf-8", "replace")


def _streams_of(body: bytes) -> Iterable[str]:
    """Yield the page contents of a PDF; its letters are told by their codes, which Latin ones keep."""
    yield body.decode("latin-1")
    for stream in _STREAM.findall(body):
        packed = stream
        if packed.rstrip().endswith(b"~>"):
            packed = base64.a85decode(packed.strip().removesuffix(b"~>"))
        try:
            yield zlib.decompress(packed).decode("latin-1")
        except zlib.error:
            continue
