"""The description: complete, valid, the same every time."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any, Literal
from uuid import UUID

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator
from pydantic import BaseModel, ConfigDict, Field

from mobile_api.openapi import Info, Operation, Registry, describe, list_of, sparse
from mobile_api.openapi.parameters import path_parameters, template
from mobile_api.openapi.schemas import schema_of
from saas_crm.core.money import Money
from saas_crm.edge.declared import members_only, public, requires

INFO = Info("CRM", "1.0.0", {"url": "/demo/api/v1"}, tags=(("companies", "Customers."),))


class CompanyIn(BaseModel):
    """What a company is made of."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(min_length=1, max_length=200)
    revenue: Money | None = None


class CompanyPatch(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: str = None  # type: ignore[assignment]
    revenue: Money | None = None


class Company(BaseModel):
    id: UUID
    name: str
    revenue: Money | None


class Listing(BaseModel):
    model_config = ConfigDict(extra="forbid")

    limit: int = Field(default=25, ge=1, le=200, description="How many.")
    after: str | None = None
    tag: list[str] = []
    sort: Literal["name", "-name"] | None = None


def view(**_: object) -> None:
    """Answer nothing; only the declaration matters here."""


def registry() -> Registry:
    found = Registry()
    one: dict[str, Any] = {"path": "/companies/<uuid:company_id>", "tag": "companies"}
    many: dict[str, Any] = {"path": "/companies", "tag": "companies"}
    change = Operation(
        **one,
        method="PATCH",
        operation_id="change",
        summary="Change",
        permission="company:update",
        request_model=CompanyPatch,
        responses={200: Company},
        etag=True,
        if_match=True,
        idempotent=True,
    )
    drop = Operation(**one, method="DELETE", operation_id="drop", summary="Drop", responses={204: None})
    listing = Operation(
        **many,
        method="GET",
        operation_id="list",
        summary="List",
        query_model=Listing,
        responses={200: list_of(sparse(Company))},
    )
    make = Operation(
        **many,
        method="POST",
        operation_id="make",
        summary="Make",
        public=True,
        request_model=CompanyIn,
        responses={201: Company},
        etag=True,
        idempotent=True,
    )
    for operation in (change, drop, listing, make):
        found.add(operation, view)
    return found


def document() -> dict[str, Any]:
    return describe(registry(), INFO)


def test_it_is_valid_openapi() -> None:
    assert list(OpenAPIV31SpecValidator(document()).iter_errors()) == []  # type: ignore[arg-type]


def test_it_is_the_same_every_time() -> None:
    program = (
        "import importlib.util as u, json, sys; s = u.spec_from_file_location('t', sys.argv[1]);"
        "m = u.module_from_spec(s); sys.modules['t'] = m; s.loader.exec_module(m);"
        "print(json.dumps(m.document()))"
    )
    outputs = {
        subprocess.run(
            [sys.executable, "-c", program, __file__],
            check=True,
            capture_output=True,
            env={"PYTHONHASHSEED": seed},
        ).stdout
        for seed in ("1", "2")
    }
    assert outputs == {json.dumps(document()).encode() + b"\n"}


def test_every_reference_leads_somewhere() -> None:
    found = document()

    def references(node: object) -> set[str]:
        inside = node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
        own = {node["$ref"]} if isinstance(node, dict) and "$ref" in node else set()
        return own.union(*map(references, inside))

    def leads_somewhere(reference: str) -> bool:
        target: Any = found
        for part in reference.removeprefix("#/").split("/"):
            target = target.get(part, {})
        return bool(target)

    written = references(found)
    assert written
    assert [reference for reference in written if not leads_somewhere(reference)] == []


def test_paths_and_parameters() -> None:
    assert template("/a/<uuid:company_id>/b/<name>") == "/a/{company_id}/b/{name}"
    assert path_parameters("/a/<uuid:company_id>") == [
        {"name": "company_id", "in": "path", "required": True, "schema": {"type": "string", "format": "uuid"}}
    ]
    parameters = {one["name"]: one for one in document()["paths"]["/companies"]["get"]["parameters"]}
    assert parameters["limit"]["schema"] == {"type": "integer", "minimum": 1, "maximum": 200, "default": 25}
    assert parameters["limit"]["description"] == "How many."
    assert parameters["after"]["schema"] == {"type": "string"}
    assert parameters["sort"]["schema"] == {"type": "string", "enum": ["name", "-name"]}
    assert parameters["tag"]["explode"] is False
    with pytest.raises(KeyError):
        path_parameters("/a/<any(x,y):z>".replace("any(x,y)", "path"))


def test_answers_follow_from_the_declaration() -> None:
    paths = document()["paths"]
    change, drop = paths["/companies/{company_id}"]["patch"], paths["/companies/{company_id}"]["delete"]
    listing, make = paths["/companies"]["get"], paths["/companies"]["post"]
    assert list(change["responses"]) == "200 204 400 401 403 404 409 410 412 413 415 422 429 503".split()  # noqa: SIM905
    assert list(drop["responses"]) == ["204", "401", "403", "404", "410", "422", "429", "503"]
    assert "content" not in drop["responses"]["204"]
    assert list(listing["responses"]) == ["200", "401", "403", "410", "422", "429", "503"]
    assert list(make["responses"]) == ["201", "204", "400", "403", "409", "410", "413", "415", "422", "429", "503"]
    assert {"ETag", "Location"} <= set(make["responses"]["201"]["headers"])
    assert make["security"] == []
    assert change["security"] == [{"token": []}]
    assert list(change["requestBody"]["content"]) == ["application/merge-patch+json", "application/json"]
    assert change["x-permission"] == "company:update"
    assert "company:update" in change["description"]
    assert [one["$ref"] for one in change["parameters"][1:]] == [
        "#/components/parameters/IdempotencyKey",
        "#/components/parameters/IfMatch",
    ]


def test_schemas() -> None:
    schemas = document()["components"]["schemas"]
    assert schemas["CompanyIn"]["additionalProperties"] is False
    assert schemas["CompanyIn"]["required"] == ["name"]
    assert schemas["CompanyFields"]["required"] == ["id"]
    assert schemas["Company"]["required"] == ["id", "name", "revenue"]
    assert schemas["CompanyList"]["required"] == ["items", "next"]
    assert schemas["Money"]["required"] == ["amount", "currency"]
    assert schemas["Company"]["properties"]["revenue"]["anyOf"][0] == {"$ref": "#/components/schemas/Money"}
    assert "default" not in schemas["CompanyPatch"]["properties"]["name"]
    assert schemas["CompanyPatch"]["properties"]["revenue"]["default"] is None
    assert "title" not in schemas["CompanyIn"]["properties"]["name"]
    assert schemas["Problem"]["required"] == ["type", "title", "status"]
    assert "$defs" not in schema_of(CompanyIn)


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"responses": {404: None}}, "no good answer"),
        ({"request_model": CompanyIn}, "has no body"),
        ({"query_model": Company}, "unknown fields"),
    ],
)
def test_contradictions_are_refused(changes: dict[str, Any], complaint: str) -> None:
    plain = {
        "method": "GET",
        "path": "/x",
        "operation_id": "x",
        "summary": "X",
        "tag": "x",
        "responses": {200: None},
    }
    with pytest.raises(ValueError, match=complaint):
        Operation(**{**plain, **changes})


def test_the_registry_refuses_doubles() -> None:
    found = registry()
    with pytest.raises(ValueError, match="called"):
        found.add(found["make"], view)
    again = Operation(method="POST", path="/companies", operation_id="y", summary="", tag="", responses={204: None})
    with pytest.raises(ValueError, match="two operations on"):
        found.add(again, view)


def test_the_decorator_reads_the_permission() -> None:
    found = Registry()
    declared: dict[str, Any] = {"summary": "X", "tag": "x", "responses": {204: None}}

    @found.operation("GET", "/a", **declared)
    @requires("company:read")
    def needs() -> None: ...

    @found.operation("GET", "/b", **declared)
    @members_only
    def mine() -> None: ...

    @found.operation("POST", "/c", operation_id="sign_in", **declared)
    @public("workspace")
    def anybody() -> None: ...

    assert [(one.operation_id, one.permission, one.public) for one in found.operations()] == [
        ("needs", "company:read", False),
        ("mine", None, False),
        ("sign_in", None, True),
    ]
    with pytest.raises(ValueError, match="names no permission"):
        found.operation("GET", "/d", **declared)(view)


def test_a_docstring_is_summary_and_description() -> None:
    found = Registry()

    @found.operation("GET", "/a", tag="x", responses={200: Company}, etag=True)
    @members_only
    def show() -> None:
        """Show it.

        In one line
        or two.

        And more.
        """

    operation = found["show"]
    assert (operation.summary, operation.description) == ("Show it", "In one line or two.\n\nAnd more.")
    written = describe(found, INFO)["paths"]["/a"]["get"]
    assert "304" in written["responses"]
    assert {"$ref": "#/components/parameters/IfNoneMatch"} in written["parameters"]
