"""The whole description, in one deterministic document."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from pydantic import BaseModel

from mobile_api.openapi.answers import (
    HEADERS,
    PROBLEMS,
    WITHHELD,
    problem_name,
    problem_statuses,
    reused_responses,
    success_headers,
)
from mobile_api.openapi.operations import Operation, Registry
from mobile_api.openapi.parameters import (
    HEADER_PARAMETERS,
    header_parameters,
    path_parameters,
    query_parameters,
    template,
)
from mobile_api.openapi.schemas import Mode, components, schema_of
from mobile_api.problems import Problem

PROOF = (
    "The token of a device has to be proven within the last ten minutes (`POST /tokens/proof`); else the answer is 403 "
    "of the type `proof-required`."
)
References = dict[tuple[type[BaseModel], Mode], Any]


@dataclass(frozen=True, slots=True)
class Info:
    """What the description says about the API as a whole; `tags` are names with descriptions, in order.

    `server` is a Server Object: its address, with variables where it has any.
    """

    title: str
    version: str
    server: dict[str, Any]
    description: str = ""
    tags: tuple[tuple[str, str], ...] = field(default=())


def describe(registry: Registry, info: Info) -> dict[str, Any]:
    """Return the OpenAPI 3.1 document: the same declarations always give the same bytes."""
    operations = registry.operations()
    references, schemas = components(_models(operations))
    paths: dict[str, dict[str, Any]] = {}
    for operation in operations:
        entry = paths.setdefault(template(operation.path), {})
        entry[operation.method.lower()] = _operation(operation, references)
    return {
        "openapi": "3.1.0",
        "info": {"title": info.title, "version": info.version, "description": info.description},
        "servers": [info.server],
        "tags": [{"name": name, "description": text} for name, text in info.tags],
        "paths": {path: paths[path] for path in sorted(paths)},
        "components": {
            "schemas": schemas,
            "parameters": HEADER_PARAMETERS,
            "headers": HEADERS,
            "responses": reused_responses(),
            "securitySchemes": {
                "token": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "An opaque token, made by signing in or by an admin.",
                }
            },
        },
    }


def _models(operations: list[Operation]) -> Iterator[tuple[type[BaseModel], Mode]]:
    yield Problem, "serialization"
    for operation in operations:
        if operation.request_model:
            yield operation.request_model, "validation"
        for model in operation.responses.values():
            if model:
                yield model, "serialization"


def _operation(operation: Operation, references: References) -> dict[str, Any]:
    parameters = [*path_parameters(operation.path), *_query(operation), *header_parameters(operation)]
    written: dict[str, Any] = {
        "operationId": operation.operation_id,
        "summary": operation.summary,
        "description": _description(operation),
        "tags": [operation.tag],
        "security": [] if operation.public else [{"token": []}],
        "parameters": parameters,
        "requestBody": _body(operation, references),
        "responses": _responses(operation, references),
        "x-permission": operation.permission,
    }
    return {key: value for key, value in written.items() if value not in (None, "") and (value or key == "security")}


def _description(operation: Operation) -> str:
    needed = f"Needs the permission `{operation.permission}`." if operation.permission else ""
    proof = PROOF if operation.proven else ""
    return "\n\n".join(part for part in (operation.description, needed, proof) if part)


def _query(operation: Operation) -> list[dict[str, Any]]:
    if operation.query_model is None:
        return []
    schema = schema_of(operation.query_model)
    if "$defs" in schema:
        raise ValueError(f"{operation.operation_id}: a query model has plain fields only, no models or enums")
    return query_parameters(schema)


def _body(operation: Operation, references: References) -> dict[str, Any] | None:
    if operation.request_model is None:
        return None
    schema = references[operation.request_model, "validation"]
    return {"required": True, "content": {kind: {"schema": schema} for kind in operation.body_types}}


def _responses(operation: Operation, references: References) -> dict[str, Any]:
    answers: dict[str, Any] = {}
    good = {**operation.responses, **({304: None} if operation.revalidates else {})}
    for status, model in sorted(good.items()):
        answer: dict[str, Any] = {
            "description": HTTPStatus(status).phrase,
            "headers": success_headers(operation, status),
        }
        if model is not None:
            answer["content"] = {"application/json": {"schema": references[model, "serialization"]}}
        answers[str(status)] = answer
    if operation.idempotent:
        answers.setdefault("204", {"$ref": f"#/components/responses/{WITHHELD}"})
    for status in problem_statuses(operation):
        if status not in PROBLEMS:
            raise ValueError(f"{operation.operation_id}: no problem is described for {status}")
        answers[str(status)] = {"$ref": f"#/components/responses/{problem_name(status)}"}
    return answers
