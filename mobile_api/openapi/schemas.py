"""Pydantic models as JSON Schema 2020-12, the dialect of OpenAPI 3.1."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, Field, create_model
from pydantic.json_schema import DEFAULT_REF_TEMPLATE, GenerateJsonSchema, JsonSchemaValue, models_json_schema
from pydantic_core import core_schema

Mode = Literal["validation", "serialization"]
Item = TypeVar("Item", bound=BaseModel)

REF_TEMPLATE = "#/components/schemas/{model}"
CURSOR_PATTERN = "^[A-Za-z0-9_-]+$"


class SchemaWriter(GenerateJsonSchema):
    """Pydantic's generator without noise, and without defaults that the schema itself forbids."""

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002 - Pydantic's hook
        """Return False: a title that repeats the field's name tells nothing."""
        return False

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        """Leave out the None that a merge patch uses for "not given" where null is not allowed."""
        written = super().default_schema(schema)
        if written.get("default", ...) is None and not _takes_null(written):
            del written["default"]
        return written

    def model_schema(self, schema: core_schema.ModelSchema) -> JsonSchemaValue:
        """Require only the id of a model whose fields the reader chooses."""
        written = super().model_schema(schema)
        if getattr(schema["cls"], "__sparse__", False):
            written["required"] = [name for name in written.get("required", []) if name == "id"]
        return written


def list_of(model: type[Item]) -> type[BaseModel]:
    """Return the model of one page of a list: {"items": […], "next": cursor or null}."""
    return _list_of(model)


@cache
def _list_of(model: type[BaseModel]) -> type[BaseModel]:
    text = Field(description="Give it as `after` for the next page; null at the end.", pattern=CURSOR_PATTERN)
    fields: dict[str, Any] = {"items": (list[model], ...), "next": (str | None, text)}  # type: ignore[valid-type]
    return create_model(f"{model.__name__}List", __doc__="One page of a list.", **fields)


@cache
def sparse(model: type[Item]) -> type[Item]:
    """Return the model of an answer in which only the `fields` asked for need to be, and the id."""
    chosen = create_model(f"{model.__name__}Fields", __base__=model, __doc__=model.__doc__)
    chosen.__sparse__ = True  # type: ignore[attr-defined]
    return chosen


def schema_of(model: type[BaseModel], mode: Mode = "validation") -> dict[str, Any]:
    """Return the schema of one model by itself, with what it refers to under `$defs`."""
    return model.model_json_schema(schema_generator=SchemaWriter, mode=mode, ref_template=DEFAULT_REF_TEMPLATE)


def components(
    models: Iterable[tuple[type[BaseModel], Mode]],
) -> tuple[dict[tuple[type[BaseModel], Mode], Any], dict[str, Any]]:
    """Return a reference for each model in its mode, and all schemas referred to, by name in order.

    A model that reads and writes differently gets two schemas, told apart by `-Input` and `-Output`.
    """
    wanted = sorted(set(models), key=lambda pair: (pair[0].__name__, pair[0].__module__, pair[1]))
    written, definitions = models_json_schema(wanted, ref_template=REF_TEMPLATE, schema_generator=SchemaWriter)
    shared: dict[str, Any] = {}
    schemas = {_plain(name): _tidy(schema, shared) for name, schema in definitions.get("$defs", {}).items()} | shared
    references = {(model, mode): _tidy(written[model, mode], shared) for model, mode in wanted}
    return references, {name: schemas[name] for name in sorted(schemas)}


SHARED_TITLES = ("Money",)
"""Schemas of values that are no models: written once, under their title."""


def _tidy(node: Any, shared: dict[str, Any]) -> Any:
    """Return a schema in which references bear plain names and shared values are references too."""
    if isinstance(node, list):
        return [_tidy(part, shared) for part in node]
    if not isinstance(node, dict):
        return node
    if isinstance(node.get("$ref"), str):
        return {**node, "$ref": REF_TEMPLATE.format(model=_plain(node["$ref"].rpartition("/")[2]))}
    kept = {key: _tidy(value, shared) for key, value in node.items()}
    if kept.get("type") == "object" and kept.get("title") in SHARED_TITLES:
        return _hoisted(kept, shared)
    return kept


def _hoisted(schema: dict[str, Any], shared: dict[str, Any]) -> dict[str, Any]:
    default = {"default": schema.pop("default")} if "default" in schema else {}
    shared[schema["title"]] = schema
    return {"$ref": REF_TEMPLATE.format(model=schema["title"]), **default}


def _plain(name: str) -> str:
    """Return what a schema is called outside: Company, CompanyFields, CompanyList."""
    return re.sub(r"Read(?=$|Fields$|List$|FieldsList$)", "", name).replace("FieldsList", "List")


def without_null(schema: dict[str, Any]) -> dict[str, Any]:
    """Return the schema for a place that cannot say null, such as a query parameter."""
    branches = schema.get("anyOf")
    rest = {key: value for key, value in schema.items() if key != "anyOf"}
    if rest.get("default", ...) is None:
        del rest["default"]
    if not branches:
        return rest
    kept = [branch for branch in branches if branch != {"type": "null"}]
    return {**rest, **kept[0]} if len(kept) == 1 else {**rest, "anyOf": kept}


def _takes_null(schema: JsonSchemaValue) -> bool:
    kinds = schema.get("type")
    if kinds is None:
        return not schema.keys() & {"$ref", "enum", "const", "anyOf"} or any(map(_takes_null, schema.get("anyOf", ())))
    return kinds == "null" or (isinstance(kinds, list) and "null" in kinds)
