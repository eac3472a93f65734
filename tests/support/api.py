"""What tests of the JSON API say again and again."""

from __future__ import annotations

from typing import Any

from werkzeug.test import TestResponse

PREFIX = "urn:saas-crm:problem:"


def problem(answer: TestResponse, status: int, kind: str = "") -> dict[str, Any]:
    """Return the problem an answer tells, having checked its shape, its status and its kind."""
    assert answer.status_code == status, answer.text
    assert answer.content_type == "application/problem+json"
    told: dict[str, Any] = answer.get_json(force=True)
    assert told["status"] == status
    assert told["title"]
    assert not kind or told["type"] == PREFIX + kind
    return told


def places(answer: TestResponse) -> set[str]:
    """Return the pointers and parameters that a 422 names."""
    errors = problem(answer, 422)["errors"]
    assert all(error["detail"] and error["code"] for error in errors)
    return {error.get("pointer") or error.get("parameter") for error in errors}
