"""An archive's file, sent to the console as its script sends it."""

from __future__ import annotations

import hashlib
from typing import Any

from werkzeug.test import TestResponse

from tests.support.operators import OperatorPerson

PAGE, BEGIN = "/operator/restore", "/operator/restore/uploads"


def told(content: bytes, **other: Any) -> dict[str, Any]:
    return {"slug": "acme-two", "file_name": "acme.zip", "size": len(content),
            "sha256": hashlib.sha256(content).hexdigest()} | other  # fmt: skip


def begun(olga: OperatorPerson, content: bytes, **other: Any) -> dict[str, Any]:
    answer = olga.browser.post(BEGIN, data=told(content, **other))
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.get_json()
    return found


def put(person: OperatorPerson, begin: dict[str, Any], content: bytes, number: int) -> TestResponse:
    size = begin["piece_size"]
    piece = content[number * size : (number + 1) * size]
    return person.browser.post(f"{begin['to']}{number}", data=piece, content_type="application/octet-stream")


def sent(olga: OperatorPerson, content: bytes, **other: Any) -> dict[str, Any]:
    """Send a file in all its pieces; returns what the form says then."""
    begin = begun(olga, content, **other)
    for number in range(begin["pieces"]):
        assert put(olga, begin, content, number).status_code == 204
    return {"upload": begin["upload"], "slug": "acme-two", "name": "Acme of the file"}
