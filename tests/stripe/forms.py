"""Parameters: from the form that is sent to nested values, held against Stripe's description."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qsl

from tests.stripe.errors import Misused

_NAME = re.compile(r"^([^\[\]]+)((?:\[[^\[\]]*\])*)$")
_WHOLE = re.compile(r"^-?\d+$")


def parse(text: str) -> dict[str, Any]:
    """Return `a[b][0][c]=d` as nested dictionaries; lists are dictionaries of numbers here."""
    found: dict[str, Any] = {}
    for name, value in parse_qsl(text, keep_blank_values=True, strict_parsing=bool(text)):
        match = _NAME.match(name)
        if match is None:
            raise Misused(400, f"Invalid parameter name: {name}", code="parameter_unknown", param=name)
        keys = [match.group(1), *re.findall(r"\[([^\[\]]*)\]", match.group(2))]
        _put(found, keys, value, name)
    return found


def _put(into: dict[str, Any], keys: list[str], value: str, name: str) -> None:
    node = into
    for key in keys[:-1]:
        node = node.setdefault(key or str(len(node)), {})
        if not isinstance(node, dict):
            raise Misused(400, f"Invalid hash: {name}", param=name)
    node[keys[-1] or str(len(node))] = value


def checked(given: Any, schema: dict[str, Any], name: str = "") -> Any:
    """Return what was given in the types that the schema asks for. Raises Misused for anything it does not allow."""
    if choices := schema.get("anyOf"):
        return _one_of(given, choices, name)
    kind = schema.get("type", "object")
    value = _READERS[kind](given, schema, name)
    allowed = schema.get("enum")
    if allowed and value not in allowed:
        said = ", ".join(str(choice) for choice in allowed)
        raise Misused(400, f"Invalid {name}: must be one of {said}", param=name)
    return value


def _one_of(given: Any, choices: list[dict[str, Any]], name: str) -> Any:
    deepest: Misused | None = None
    for choice in choices:
        try:
            return checked(given, choice, name)
        except Misused as refused:
            # What went wrong inside a structure says more than that a word was none of the allowed ones.
            if deepest is None or len(refused.error.get("param", "")) > len(deepest.error.get("param", "")):
                deepest = refused
    assert deepest is not None
    raise deepest


def _structure(given: Any, schema: dict[str, Any], name: str) -> dict[str, Any]:
    if not isinstance(given, dict):
        raise Misused(400, "Invalid object", param=name)
    properties, free = schema.get("properties", {}), schema.get("additionalProperties")
    found: dict[str, Any] = {}
    for key, value in given.items():
        full = f"{name}[{key}]" if name else key
        if value is None:
            continue
        if key in properties:
            found[key] = checked(value, properties[key], full)
        elif isinstance(free, dict):
            found[key] = checked(value, free, full)
        else:
            raise Misused(400, f"Received unknown parameter: {full}", code="parameter_unknown", param=full)
    for key in schema.get("required", []):
        if key not in found:
            full = f"{name}[{key}]" if name else key
            raise Misused(400, f"Missing required param: {full}.", code="parameter_missing", param=full)
    return found


def _list(given: Any, schema: dict[str, Any], name: str) -> list[Any]:
    if isinstance(given, dict) and all(_WHOLE.match(str(key)) for key in given):
        given = [given[key] for key in sorted(given, key=int)]
    if not isinstance(given, list | tuple):
        raise Misused(400, "Invalid array", param=name)
    return [checked(value, schema["items"], f"{name}[{place}]") for place, value in enumerate(given)]


def _text(given: Any, schema: dict[str, Any], name: str) -> str:
    if isinstance(given, dict | list | bool):
        raise Misused(400, f"Invalid string: {given}", param=name)
    value = str(given)
    if len(value) > schema.get("maxLength", len(value)):
        raise Misused(400, f"Invalid string: must be at most {schema['maxLength']} characters", param=name)
    return value


def _integer(given: Any, schema: dict[str, Any], name: str) -> int:
    if isinstance(given, bool) or not _WHOLE.match(str(given)):
        raise Misused(400, f"Invalid integer: {given}", code="parameter_invalid_integer", param=name)
    return int(given)


def _number(given: Any, schema: dict[str, Any], name: str) -> float:
    try:
        return float(given)
    except (TypeError, ValueError):
        raise Misused(400, f"Invalid decimal: {given}", param=name) from None


def _boolean(given: Any, schema: dict[str, Any], name: str) -> bool:
    if isinstance(given, bool):
        return given
    if given not in ("true", "false"):
        raise Misused(400, f"Invalid boolean: {given}", param=name)
    return bool(given == "true")


_READERS = {
    "object": _structure, "array": _list, "string": _text,
    "integer": _integer, "number": _number, "boolean": _boolean,
}  # fmt: skip
