"""The description as values a page can show: operations by tag, fields by schema, everything linked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]
MANY_VALUES = 12
"""Of longer enumerations, such as the currencies, only the first few are shown."""


@dataclass(frozen=True, slots=True)
class Kind:
    """What a value is: its type in words, and the schema to link to, if it has a name."""

    text: str
    schema: str = ""


@dataclass(frozen=True, slots=True)
class Field:
    """A parameter or a property."""

    name: str
    kind: Kind
    required: bool
    text: str


@dataclass(frozen=True, slots=True)
class Answer:
    """A possible answer."""

    status: str
    text: str
    kind: Kind | None

    @property
    def good(self) -> bool:
        """Whether it is what was asked for."""
        return self.status < "400"


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation, ready to be shown."""

    id: str
    method: str
    path: str
    summary: str
    text: str
    public: bool
    path_fields: list[Field]
    query: list[Field]
    headers: list[Field]
    body: Kind | None
    body_types: list[str]
    answers: list[Answer]

    @property
    def kinds(self) -> list[Kind]:
        """What it takes and answers with."""
        taken = [field.kind for field in (*self.path_fields, *self.query, *self.headers)]
        answered = [answer.kind for answer in self.answers if answer.good and answer.kind]
        return [*taken, *answered, *([self.body] if self.body else [])]

    @property
    def path_told(self) -> list[Field]:
        """What the path itself does not say already: of `{contact_id}` nobody need be told that it is a UUID."""
        return [one for one in self.path_fields if one.text or one.kind.text != "uuid"]


@dataclass(frozen=True, slots=True)
class Schema:
    """A named schema."""

    name: str
    text: str
    fields: list[Field]


@dataclass(frozen=True, slots=True)
class Section:
    """The operations of one tag, and every schema they use, also by way of another."""

    name: str
    text: str
    operations: list[Operation]
    schemas: list[Schema]


@dataclass(frozen=True, slots=True)
class Reference:
    """The whole description."""

    title: str
    version: str
    text: str
    sections: list[Section]
    headers: list[Field]
    problems: dict[str, str]
    schemas: list[Schema]
    """Those of no section: how problems are told."""

    def section(self, name: str) -> Section | None:
        """Return the section of a tag, None for an unknown one."""
        return next((one for one in self.sections if one.name == name), None)


def reference(document: Json) -> Reference:
    """Return what the page shows of an OpenAPI document as `openapi.describe` writes it."""
    operations = [
        (written["tags"][0], _operation(document, path, method, written))
        for path, methods in document["paths"].items()
        for method, written in methods.items()
    ]
    schemas = {name: _schema(name, schema) for name, schema in document["components"]["schemas"].items()}
    of_tag = {tag["name"]: [one for name, one in operations if name == tag["name"]] for tag in document["tags"]}
    sections = [
        Section(tag["name"], tag["description"], of_tag[tag["name"]], _used(of_tag[tag["name"]], schemas))
        for tag in document["tags"]
    ]
    used = [schema for section in sections for schema in section.schemas]
    info = document["info"]
    problems = {answer.status: answer.text for _, one in operations for answer in one.answers if not answer.good}
    headers = {field.name: field for _, one in operations for field in one.headers}
    return Reference(
        info["title"], info["version"], info["description"], sections, list(headers.values()),
        dict(sorted(problems.items())), [one for one in schemas.values() if one not in used],
    )  # fmt: skip


def _used(operations: list[Operation], schemas: dict[str, Schema]) -> list[Schema]:
    """Return the schemas that operations name, and those that these name, in the order of the document."""
    ahead = [one.schema for operation in operations for one in operation.kinds]
    found: set[str] = set()
    while ahead:
        name = ahead.pop()
        if name and name not in found:
            found.add(name)
            ahead += [field.kind.schema for field in schemas[name].fields]
    return [schema for name, schema in schemas.items() if name in found]


def _operation(document: Json, path: str, method: str, written: Json) -> Operation:
    parameters = [_resolved(document, one) for one in written.get("parameters", ())]
    content = written.get("requestBody", {}).get("content", {})
    places = {place: [_parameter(one) for one in parameters if one["in"] == place] for place in _PLACES}
    return Operation(
        id=written["operationId"], method=method.upper(), path=path, summary=written["summary"],
        text=written.get("description", ""), public=written["security"] == [], path_fields=places["path"],
        query=places["query"], headers=places["header"],
        body=next((_kind(one["schema"]) for one in content.values()), None), body_types=list(content),
        answers=[_answer(document, status, answer) for status, answer in written["responses"].items()],
    )  # fmt: skip


_PLACES = ("path", "query", "header")


def _parameter(written: Json) -> Field:
    return Field(written["name"], _kind(written["schema"]), written["required"], written.get("description", ""))


def _answer(document: Json, status: str, written: Json) -> Answer:
    answer = _resolved(document, written)
    kind = next((_kind(one["schema"]) for one in answer.get("content", {}).values()), None)
    return Answer(status, answer["description"], kind)


def _schema(name: str, written: Json) -> Schema:
    required = written.get("required", ())
    fields = [
        Field(key, _kind(value), key in required, value.get("description", ""))
        for key, value in written.get("properties", {}).items()
    ]
    return Schema(name, written.get("description", ""), fields)


def _resolved(document: Json, written: Json) -> Json:
    if "$ref" not in written:
        return written
    found: Any = document
    for part in written["$ref"].removeprefix("#/").split("/"):
        found = found[part]
    resolved: Json = found
    return resolved


def _kind(schema: Json) -> Kind:
    """Return a schema in words: "list of text, at most 30", "one of open, won, lost", "Money or null"."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return Kind(name, name)
    if "anyOf" in schema:
        kinds = [_kind(branch) for branch in schema["anyOf"]]
        return Kind(" or ".join(kind.text for kind in kinds), next((kind.schema for kind in kinds if kind.schema), ""))
    if "enum" in schema:
        return Kind("one of " + _few([str(value) or "(empty)" for value in schema["enum"]]))
    if schema.get("type") == "array":
        inner = _kind(schema.get("items", {}))
        return Kind(f"list of {inner.text}{_limits(schema, 'minItems', 'maxItems')}", inner.schema)
    if schema.get("type") == "string":
        return Kind(schema.get("format", "text") + _limits(schema, "minLength", "maxLength"))
    return Kind(schema.get("type", "any") + _limits(schema, "minimum", "maximum"))


def _limits(schema: Json, least: str, most: str) -> str:
    words = [f"at least {schema[least]}"] if schema.get(least) else []
    words += [f"at most {schema[most]}"] if most in schema else []
    return ", " + ", ".join(words) if words else ""


def _few(values: list[str]) -> str:
    return ", ".join(values[:MANY_VALUES]) + (f" … ({len(values)} in all)" if len(values) > MANY_VALUES else "")
