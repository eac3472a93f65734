"""Stripe's published description of its API (OpenAPI), and what follows from it.

The file is put beside the environment's Python by infra/tools/fetch_stripe_description.py; it is no part of ours. It
describes version 2026-08-26.dahlia, one major before the version that the package speaks: DIFFERENCES holds what the
later one changed in the requests that the double knows, read from the package's own parameter types (15.6.2 beside
16.1.0) and from Stripe's changelog of endive; test_differences holds it against them.
"""

from __future__ import annotations

import gc
import sys
from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any

import orjson

FILE = Path(sys.prefix) / "stripe" / "description.json"
VERSION = "2026-10-28.endive"
_FORM = "application/x-www-form-urlencoded"

_ANCHOR = {
    "type": "object",
    "properties": {"type": {"type": "string", "enum": ["now", "unchanged"]}},
    "required": ["type"],
}
_MOMENT = {"type": {"type": "string", "enum": ["now", "timestamp", "unchanged"]}, "timestamp": {"type": "integer"}}
_PREVIEWED_ANCHOR = {**_ANCHOR, "properties": _MOMENT}
DIFFERENCES: dict[str, dict[str, Any]] = {
    "POST /v1/subscriptions/{}": {"billing_cycle_anchor": _ANCHOR},
    "POST /v1/subscriptions/{}/resume": {"billing_cycle_anchor": _ANCHOR},
    "POST /v1/invoices/create_preview": {"subscription_details.billing_cycle_anchor": _PREVIEWED_ANCHOR},
    "POST /v1/checkout/sessions": {
        "payment_method_types": None,
        "allowed_payment_method_types": {"type": "array", "items": {"type": "string"}},
    },
}
"""What to change in the parameters of an operation: a schema instead of the described one, None where it is gone."""


@cache
def _whole() -> dict[str, Any]:
    collecting = gc.isenabled()
    gc.disable()  # a hundred thousand small objects, none of which is garbage
    try:
        whole: dict[str, Any] = orjson.loads(FILE.read_bytes())
    finally:
        if collecting:
            gc.enable()
    return whole


def described_version() -> str:
    """Return the version that the description is of."""
    return str(_whole()["info"]["version"])


def components() -> dict[str, Any]:
    """Return the schemas of all objects by name."""
    found: dict[str, Any] = _whole()["components"]["schemas"]
    return found


@cache
def _tree() -> dict[str, Any]:
    """Return the paths as a tree of their segments; `{}` stands for an id, the empty segment for the path itself."""
    root: dict[str, Any] = {}
    for path, methods in _whole()["paths"].items():
        node = root
        for segment in path.strip("/").split("/"):
            node = node.setdefault("{}" if segment.startswith("{") else segment, {})
        node[""] = methods
    return root


def find(method: str, path: str) -> tuple[str, tuple[str, ...]] | None:
    """Return the operation, such as "GET /v1/prices/{}", and the ids within the path; None for one Stripe has not."""
    found = _walk(_tree(), path.strip("/").split("/"), (), ())
    if found is None or method.lower() not in found[2]:
        return None
    return f"{method} /{'/'.join(found[0])}", found[1]


def _walk(node: dict[str, Any], rest: list[str], names: tuple[str, ...], ids: tuple[str, ...]) -> Any:
    if not rest:
        return (names, ids, node[""]) if "" in node else None
    segment, later = rest[0], rest[1:]
    if segment and segment in node and (found := _walk(node[segment], later, (*names, segment), ids)):
        return found
    if segment and "{}" in node:
        return _walk(node["{}"], later, (*names, "{}"), (*ids, segment))
    return None


@cache
def parameters(operation: str) -> dict[str, Any]:
    """Return the schema of what an operation takes, from the query or the form."""
    method, path = operation.split(" ")
    node = _tree()
    for segment in path.strip("/").split("/"):
        node = node[segment]
    described = node[""][method.lower()]
    schema: dict[str, Any] = {"type": "object", "properties": {}, "required": []}
    for parameter in described.get("parameters", []):
        if parameter["in"] == "query":
            schema["properties"][parameter["name"]] = parameter["schema"]
            if parameter.get("required"):
                schema["required"].append(parameter["name"])
    form = described.get("requestBody", {}).get("content", {}).get(_FORM, {}).get("schema", {})
    schema["properties"] |= form.get("properties", {})
    schema["required"] += form.get("required", [])
    schema = deepcopy(schema)
    for path, changed in DIFFERENCES.get(operation, {}).items():
        *outer, name = path.split(".")
        properties = schema["properties"]
        for step in outer:
            properties = properties[step]["properties"]
        properties.pop(name, None)
        if changed is not None:
            properties[name] = changed
    return schema


@cache
def answer_schema(operation: str) -> dict[str, Any]:
    """Return the schema of an operation's answer."""
    method, path = operation.split(" ")
    node = _tree()
    for segment in path.strip("/").split("/"):
        node = node[segment]
    found: dict[str, Any] = node[""][method.lower()]["responses"]["200"]["content"]["application/json"]["schema"]
    return found


@cache
def expandable(name: str) -> frozenset[str]:
    """Return the fields of an object that may be expanded."""
    return frozenset(components()[name].get("x-expandableFields", []))
