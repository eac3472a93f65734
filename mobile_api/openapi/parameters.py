"""Where an operation takes values from besides the body: its path, its query, its headers."""

from __future__ import annotations

import re
from typing import Any

from mobile_api.openapi.operations import Operation
from mobile_api.openapi.schemas import without_null

IDEMPOTENCY_KEY_PATTERN = "^[A-Za-z0-9._:~-]{1,200}$"
ETAG_PATTERN = '^"[!#-~]{1,100}"$'

_CONVERTERS: dict[str, dict[str, Any]] = {
    "uuid": {"type": "string", "format": "uuid"},
    "int": {"type": "integer", "minimum": 0},
    "string": {"type": "string", "minLength": 1, "pattern": "^[^/]+$"},
}
_VARIABLE = re.compile(r"<(?:(?P<converter>[a-z]+):)?(?P<name>[a-z_][a-z0-9_]*)>")

HEADER_PARAMETERS: dict[str, dict[str, Any]] = {
    "IdempotencyKey": {
        "name": "Idempotency-Key",
        "in": "header",
        "required": False,
        "description": "Makes a write happen once: the same key and body gives the same answer for 24 hours,"
        " or 204 if your permissions have changed meanwhile; the same key with another body is refused. Use a new UUID"
        " for each intention.",
        "schema": {"type": "string", "pattern": IDEMPOTENCY_KEY_PATTERN},
    },
    "IfMatch": {
        "name": "If-Match",
        "in": "header",
        "required": False,
        "description": "The `ETag` of the record as you know it. If somebody has changed it since, nothing is written"
        " and the answer is 412 with the record as it now is.",
        "schema": {"type": "string"},
        "example": '"v7"',
    },
    "IfMatchNeeded": {
        "name": "If-Match",
        "in": "header",
        "required": True,
        "description": "The `ETag` of what you know, since it costs money: without it the answer is 428. If somebody"
        " has changed it since, nothing is changed and the answer is 412 with what it now is; `*` takes whatever is"
        " there.",
        "schema": {"type": "string"},
        "example": '"v7"',
    },
    "IfNoneMatch": {
        "name": "If-None-Match",
        "in": "header",
        "required": False,
        "description": "The `ETag` of what you have. If it is still the same, the answer is 304 without a body.",
        "schema": {"type": "string"},
        "example": '"v7"',
    },
}


def template(rule: str) -> str:
    """Return the OpenAPI path of a Werkzeug rule: /companies/<uuid:company_id> → /companies/{company_id}."""
    return _VARIABLE.sub(lambda match: "{" + match["name"] + "}", rule)


def path_parameters(rule: str) -> list[dict[str, Any]]:
    """Return the path's parameters. Raises KeyError for a converter that is not described here."""
    return [
        {
            "name": match["name"],
            "in": "path",
            "required": True,
            "schema": dict(_CONVERTERS[match["converter"] or "string"]),
        }
        for match in _VARIABLE.finditer(rule)
    ]


def query_parameters(schema: dict[str, Any]) -> list[dict[str, Any]]:
    """Return a parameter for each property of a query model's schema; a list is written with commas."""
    required = set(schema.get("required", ()))
    return [_query_parameter(name, name in required, value) for name, value in schema["properties"].items()]


def header_parameters(operation: Operation) -> list[dict[str, Any]]:
    """Return references to the request headers an operation reads."""
    names = [
        ("IdempotencyKey", operation.idempotent),
        ("IfMatch", operation.if_match is True),
        ("IfMatchNeeded", operation.if_match == "needed"),
        ("IfNoneMatch", operation.revalidates),
    ]
    return [{"$ref": f"#/components/parameters/{name}"} for name, read in names if read]


def _query_parameter(name: str, required: bool, schema: dict[str, Any]) -> dict[str, Any]:
    plain = without_null(schema)
    described = {"description": plain.pop("description")} if "description" in plain else {}
    many = {"style": "form", "explode": False} if plain.get("type") == "array" else {}
    return {"name": name, "in": "query", "required": required, **described, **many, "schema": plain}
