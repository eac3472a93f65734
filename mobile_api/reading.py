"""From what a program sent to a checked value, held to exactly what the description says.

Pydantic reads leniently where forms need it: "7" is a number to it, 1700000000 a moment, and a cleaner may
shorten a text before its length is checked. So a body is checked twice: by the model, which explains itself
in the reader's language, and by the JSON Schema that is published, so that the two never drift.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

import orjson
from pydantic import BaseModel, ValidationError

from mobile_api.openapi.parameters import IDEMPOTENCY_KEY_PATTERN
from mobile_api.openapi.schemas import schema_of, without_null
from mobile_api.problems import ApiProblem, FieldProblem, invalid_body, invalid_query, pointer, problem
from saas_crm.core.i18n import gettext as _

if TYPE_CHECKING:
    from jsonschema_rs import Draft202012Validator

Model = TypeVar("Model", bound=BaseModel)

MAX_BODY = 1_000_000  # bytes
_ETAGS = re.compile(r'(W/)?("[^"]*")')
_VERSION = re.compile(r'"v([0-9]{1,18})(?:-([0-9a-f]{8}))?(\.[0-9a-z]+)?"')
_INTEGER = re.compile(r"-?(0|[1-9][0-9]{0,18})")


def read_body(
    model: type[Model],
    raw: bytes,
    content_type: str | None,
    *,
    allowed: Iterable[str] = ("application/json",),
    context: Any = None,
) -> Model:
    """Return the checked body. Raises ApiProblem: 415, 413, 400 (no JSON) or 422 (a broken rule)."""
    kind = (content_type or "").partition(";")[0].strip().lower()
    if kind not in allowed:
        raise ApiProblem(problem("unsupported-media-type", ", ".join(allowed)), {"Accept": ", ".join(allowed)})
    if len(raw) > MAX_BODY:
        raise ApiProblem(problem("too-large", _("At most %(size)s bytes.", size=MAX_BODY)))
    try:
        data = orjson.loads(raw)
    except orjson.JSONDecodeError as broken:
        raise ApiProblem(problem("malformed", _("The body is no JSON: %(why)s.", why=str(broken)))) from None
    return checked_body(model, data, context=context)


def checked_body(model: type[Model], data: Any, *, context: Any = None) -> Model:
    """Return the checked value of parsed JSON, also for one write of a batch. Raises ApiProblem (422)."""
    try:
        value = model.model_validate(data, context=context)
    except ValidationError as failed:
        raise ApiProblem(invalid_body(failed)) from failed
    errors = [FieldProblem(pointer=pointer(at), detail=text, code=code) for at, text, code in _drift(model, data)]
    if errors:
        raise ApiProblem(problem("invalid", errors=errors))
    return value


def read_query(model: type[Model], pairs: Iterable[tuple[str, str]], *, context: Any = None) -> Model:
    """Return the checked query; unknown and repeated parameters are refused. Raises ApiProblem (422)."""
    data, errors = _collected(model, pairs)
    if not errors:
        try:
            value = model.model_validate(data, context=context)
        except ValidationError as failed:
            raise ApiProblem(invalid_query(failed)) from failed
        errors = [_wrong_parameter(str(at[0]) if at else "", text, code) for at, text, code in _drift(model, data)]
    if errors:
        raise ApiProblem(problem("invalid", errors=errors))
    return value


def refuse_query(pairs: Iterable[tuple[str, str]]) -> None:
    """Refuse every parameter of an operation that takes none. Raises ApiProblem (422)."""
    errors = [_wrong_parameter(name, _("This field does not exist."), "extra_forbidden") for name, _value in pairs]
    if errors:
        raise ApiProblem(problem("invalid", errors=errors))


def read_idempotency_key(value: str | None) -> str | None:
    """Return a usable key. Raises ApiProblem (422) for one with other characters, empty or too long."""
    if value is not None and not re.fullmatch(IDEMPOTENCY_KEY_PATTERN[1:-1], value, re.ASCII):
        raise ApiProblem(
            problem("invalid", errors=[_wrong_parameter("Idempotency-Key", _("This cannot be used here."), "pattern")])
        )
    return value


def if_match_allows(value: str | None, etag: str) -> bool:
    """Say whether a write may go on when the record's ETag is `etag` (with its quotes).

    RFC 9110, 13.1.1: without the header, with "*", and when the tag is in the list; a weak tag never matches.
    What is no list of tags matches nothing, so nothing is overwritten by mistake.
    """
    if value is None or value.strip() == "*":
        return True
    return etag in (tag for weak, tag in _ETAGS.findall(value) if not weak)


def if_none_match_holds(value: str | None, etag: str) -> bool:
    """Say whether the reader has what `etag` names already (RFC 9110, 13.1.2: compared weakly, "*" is anything)."""
    if value is None:
        return False
    return value.strip() == "*" or etag in (tag for _weak, tag in _ETAGS.findall(value))


def versions_named(value: str, rules: str) -> frozenset[int] | None:
    """Return the versions of a record that an If-Match header accepts; None when any will do ("*").

    What was read under other rules for fields than the reader's present ones (`rules`, "" for none) is no version of
    what they see now: their copy holds blanks where there are values, or the other way round. For the rest only the
    version counts in an ETag such as `"v7.lx3k"`: what follows tells when something last happened with the record,
    which is nobody's edit.
    """
    if value.strip() == "*":
        return None
    found = (_VERSION.fullmatch(tag) for weak, tag in _ETAGS.findall(value) if not weak)
    return frozenset(int(match[1]) for match in found if match and (match[2] or "") == rules)


def _wrong_parameter(name: str, detail: str, code: str) -> FieldProblem:
    return FieldProblem(parameter=name, detail=detail, code=code)


def _collected(model: type[BaseModel], pairs: Iterable[tuple[str, str]]) -> tuple[dict[str, Any], list[FieldProblem]]:
    """Return the parameters in the types their schemas name, and those that are given too often."""
    properties = _properties(model)
    data: dict[str, Any] = {}
    errors = []
    for name, text in pairs:
        schema = properties.get(name, {})
        if name in data:
            errors.append(_wrong_parameter(name, _("Give this only once."), "repeated"))
        elif schema.get("type") == "array":
            data[name] = [_typed(part, schema.get("items", {})) for part in text.split(",")]
        else:
            data[name] = _typed(text, schema)
    return data, errors


def _typed(text: str, schema: dict[str, Any]) -> Any:
    kind = schema.get("type")
    if kind == "integer" and _INTEGER.fullmatch(text):
        return int(text)
    if kind == "boolean" and text in ("true", "false"):
        return text == "true"
    return text


def _drift(model: type[BaseModel], data: Any) -> Iterable[tuple[tuple[str | int, ...], str, str]]:
    """Yield what the model let pass although the published schema does not."""
    for found in _validator(model).iter_errors(data):
        yield tuple(found.instance_path), _("This cannot be used here."), _code(found.kind)


def _code(kind: object) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", type(kind).__name__).lower()


@cache
def _validator(model: type[BaseModel]) -> Draft202012Validator:
    from jsonschema_rs import Draft202012Validator

    return Draft202012Validator(schema_of(model), validate_formats=True)


@cache
def _properties(model: type[BaseModel]) -> dict[str, dict[str, Any]]:
    return {name: without_null(schema) for name, schema in schema_of(model).get("properties", {}).items()}
