"""Which answers follow from what an operation declares, and the headers they carry."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from mobile_api.openapi.operations import Operation
from mobile_api.openapi.parameters import ETAG_PATTERN

PROBLEM_TYPE = "application/problem+json"

HEADERS: dict[str, dict[str, Any]] = {
    "RequestId": {
        "description": "Names this request in our logs; tell it when you ask for help.",
        "schema": {"type": "string", "pattern": "^[A-Za-z0-9_.-]{8,64}$"},
    },
    "RateLimitPolicy": {
        "description": "The limits that hold for your token, as in draft-ietf-httpapi-ratelimit-headers.",
        "schema": {"type": "string"},
        "example": '"token";q=600;w=60',
    },
    "RateLimit": {
        "description": "How much of each limit is left (`r`) and in how many seconds it is full again (`t`).",
        "schema": {"type": "string"},
        "example": '"token";r=599;t=60',
    },
    "RetryAfter": {
        "description": "Seconds to wait before the next try.",
        "required": True,
        "schema": {"type": "integer", "minimum": 0},
    },
    "RetryLater": {
        "description": "Seconds to wait before the next try, where trying again can help.",
        "schema": {"type": "integer", "minimum": 0},
    },
    "Replayed": {
        "description": "`true` when this was answered before, to the same Idempotency-Key.",
        "schema": {"type": "string", "enum": ["true"]},
    },
    "ETag": {
        "description": "The version of the record, to be sent as `If-Match` or `If-None-Match`.",
        "required": True,
        "schema": {"type": "string", "pattern": ETAG_PATTERN},
    },
    "Location": {
        "description": "Where the new record is.",
        "required": True,
        "schema": {"type": "string", "format": "uri-reference"},
    },
    "MovedTo": {
        "description": "The same address where the workspace is now.",
        "required": True,
        "schema": {"type": "string", "format": "uri-reference"},
    },
    "Allow": {
        "description": "The methods this path has.",
        "schema": {"type": "string"},
    },
    "WWWAuthenticate": {
        "description": "Always `Bearer`.",
        "required": True,
        "schema": {"type": "string"},
    },
}

_HEADER_NAMES = {
    "RequestId": "X-Request-ID", "RateLimitPolicy": "RateLimit-Policy", "RateLimit": "RateLimit",
    "RetryAfter": "Retry-After", "RetryLater": "Retry-After", "Replayed": "Idempotent-Replayed", "ETag": "ETag",
    "Location": "Location", "MovedTo": "Location", "Allow": "Allow", "WWWAuthenticate": "WWW-Authenticate",
}  # fmt: skip

WITHHELD = "DoneBefore"
"""The component for a write that was done when its key came first, and whose answer is not told again."""

PROBLEMS: dict[int, str] = {
    400: "The request cannot be read: no JSON, or not in UTF-8.",
    401: "No token, or one that is not valid any more.",
    402: "The payment was declined: nothing was changed.",
    403: "The member may see this but not do it; or the workspace is closed, or can only be read now.",
    404: "No such thing, or the member may not know of it.",
    405: "This path has no such method.",
    409: "It contradicts what is there: made already, changed by somebody else, or being done just now.",
    410: "The workspace has another address now, which `Location` names: put it in, programs are not led on.",
    412: "Somebody changed the record since; `current` is the record as it now is.",
    413: "The body is too large.",
    415: "The body is of a media type this operation does not read.",
    422: "Something in the body, the query or the headers breaks a rule; `errors` says where and which.",
    428: "It has to be said in `If-Match` which state of it you know.",
    429: "Too many requests; wait for `Retry-After` seconds.",
    503: "The workspace is closed for a moment, or the database does not answer.",
}

_PROBLEM_HEADERS = {
    401: ("WWWAuthenticate",),
    405: ("Allow",),
    409: ("RetryLater",),
    410: ("MovedTo",),
    429: ("RetryAfter",),
    503: ("RetryAfter",),
}


def problem_statuses(operation: Operation) -> list[int]:
    """Return the statuses of the problems an operation can answer with, in order."""
    conditions = {
        400: bool(operation.request_model),
        401: not operation.public,
        403: True,
        404: "<" in operation.path or operation.tag == "billing",  # where nothing is sold
        409: operation.idempotent,
        410: True,
        412: bool(operation.if_match),
        428: operation.if_match == "needed",
        413: bool(operation.request_model),
        415: bool(operation.request_model),
        422: True,
        429: True,
        503: True,
    }
    return sorted({*(status for status, holds in conditions.items() if holds), *operation.problems})


def success_headers(operation: Operation, status: int) -> dict[str, Any]:
    """Return references to the headers a good answer carries."""
    names = ["RequestId", "RateLimitPolicy", "RateLimit"]
    if operation.etag and status in (200, 201, 304):
        names.append("ETag")
    if status == 201:
        names.append("Location")
    if operation.idempotent:
        names.append("Replayed")
    return _references(*names)


def reused_responses() -> dict[str, Any]:
    """Return the descriptions of answers that many operations give, by component name: all problems, and WITHHELD."""
    return {
        WITHHELD: {
            "description": "It was done when this Idempotency-Key came first. What you may see has changed since, so"
            " the answer is not repeated: read the record anew. `Location`, if any, says where a new one is.",
            "headers": _references("RequestId", "RateLimitPolicy", "RateLimit", "Replayed"),
        }
    } | {
        problem_name(status): {
            "description": text,
            "headers": _references("RequestId", "RateLimitPolicy", "RateLimit", *_PROBLEM_HEADERS.get(status, ())),
            "content": {PROBLEM_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
        for status, text in PROBLEMS.items()
    }


def problem_name(status: int) -> str:
    """Return the component name of a problem: 404 → NotFound."""
    return HTTPStatus(status).phrase.title().replace(" ", "").replace("-", "")


def _references(*names: str) -> dict[str, Any]:
    return {_HEADER_NAMES[name]: {"$ref": f"#/components/headers/{name}"} for name in names}
