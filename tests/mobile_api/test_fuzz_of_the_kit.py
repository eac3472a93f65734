"""A small API built from the kit stands every check of schemathesis, so that routes built with it can."""

from __future__ import annotations

import logging
import threading
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any, Literal
from uuid import UUID

import pytest
import schemathesis
from flask import Flask, Response, jsonify, request
from flask_babel import Babel
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from schemathesis.engine import events, from_schema
from werkzeug.exceptions import HTTPException
from werkzeug.serving import make_server

from saas_crm.core.cursors import CursorError, decode_cursor, encode_cursor
from mobile_api.openapi import Info, Operation, Registry, describe, list_of, sparse
from mobile_api.problems import ApiProblem, problem, problem_of_status
from mobile_api.reading import if_match_allows, read_body, read_idempotency_key, read_query
from saas_crm.core.money import Money

Name = Annotated[str, StringConstraints(min_length=1, max_length=40)]


class CompanyIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    id: UUID | None = None
    name: Name
    kind: Literal["firm", "person"] = "firm"
    revenue: Money | None = None
    tags: list[Annotated[str, StringConstraints(max_length=10)]] = Field(default=[], max_length=5)


class CompanyPatch(CompanyIn):
    name: Name = None  # type: ignore[assignment]


class Company(BaseModel):
    model_config = ConfigDict(extra="forbid")

    id: UUID
    version: int
    name: str
    kind: Literal["firm", "person"]
    revenue: Money | None
    tags: list[str]


class Listing(BaseModel):
    model_config = ConfigDict(extra="forbid")

    limit: int = Field(default=25, ge=1, le=200)
    after: str | None = Field(default=None, max_length=200)
    kind: list[Literal["firm", "person"]] = []
    named: bool | None = None
    near: UUID | None = None


@dataclass
class Shop:
    """The API: a dictionary behind the kit."""

    companies: dict[UUID, Company]

    def list_companies(self) -> Any:
        asked = read_query(Listing, request.args.items(multi=True))
        after: UUID | None = None
        if asked.after is not None:
            try:
                (after,) = decode_cursor(asked.after, "companies", [UUID])  # type: ignore[assignment]
            except CursorError:
                raise ApiProblem(problem("not-found")) from None
        rows = [self.companies[key] for key in sorted(self.companies) if after is None or key > after]
        page = rows[: asked.limit]
        following = encode_cursor("companies", [page[-1].id]) if len(rows) > len(page) else None
        return {"items": [row.model_dump(mode="json") for row in page], "next": following}

    def make_company(self) -> Any:
        read_idempotency_key(request.headers.get("Idempotency-Key"))
        sent = read_body(CompanyIn, request.get_data(), request.content_type)
        key = sent.id or uuid.uuid4()
        if key in self.companies:
            raise ApiProblem(problem("already-exists"))
        self.companies[key] = Company(version=1, **{**sent.model_dump(), "id": key})
        response = self._answer(key, 201)
        response.headers["Location"] = f"/api/v1/companies/{key}"
        return response

    def show_company(self, company_id: UUID) -> Any:
        return self._answer(company_id)

    def change_company(self, company_id: UUID) -> Any:
        read_idempotency_key(request.headers.get("Idempotency-Key"))
        types = registry()["change_company"].body_types
        sent = read_body(CompanyPatch, request.get_data(), request.content_type, allowed=types)
        known = self._find(company_id)
        if not if_match_allows(request.headers.get("If-Match"), f'"{known.version}"'):
            raise ApiProblem(problem("precondition-failed", current=known.model_dump(mode="json")))
        changes = {name: getattr(sent, name) for name in sent.model_fields_set if name != "id"}
        self.companies[company_id] = known.model_copy(update={**changes, "version": known.version + 1})
        return self._answer(company_id)

    def drop_company(self, company_id: UUID) -> Any:
        self._find(company_id)
        del self.companies[company_id]
        return "", 204

    def _find(self, key: UUID) -> Company:
        if key not in self.companies:
            raise ApiProblem(problem("not-found"))
        return self.companies[key]

    def _answer(self, key: UUID, status: int = 200) -> Response:
        found = self._find(key)
        response = jsonify(found.model_dump(mode="json"))
        response.status_code = status
        response.headers["ETag"] = f'"{found.version}"'
        return response


def registry(shop: Shop | None = None) -> Registry:
    shop = shop or Shop({})
    found = Registry()
    one: dict[str, Any] = {"path": "/companies/<uuid:company_id>", "tag": "companies"}
    many: dict[str, Any] = {"path": "/companies", "tag": "companies"}

    def add(view: Any, summary: str, **declared: Any) -> None:
        found.add(
            Operation(operation_id=view.__name__, summary=summary, permission="company:read", **declared),
            view,
        )

    add(
        shop.list_companies,
        "List",
        **many,
        method="GET",
        query_model=Listing,
        responses={200: list_of(sparse(Company))},
        problems=(404,),
    )
    add(
        shop.make_company,
        "Make",
        **many,
        method="POST",
        request_model=CompanyIn,
        responses={201: Company},
        idempotent=True,
        etag=True,
    )
    add(shop.show_company, "Show", **one, method="GET", responses={200: Company}, etag=True)
    add(
        shop.change_company,
        "Change",
        **one,
        method="PATCH",
        request_model=CompanyPatch,
        responses={200: Company},
        idempotent=True,
        etag=True,
        if_match=True,
    )
    add(shop.drop_company, "Drop", **one, method="DELETE", responses={204: None})
    return found


def application() -> Flask:
    app = Flask(__name__)
    Babel(app)
    operations = registry(Shop({}))
    for operation, view in operations.bound():
        rule = "/api/v1" + operation.path
        app.add_url_rule(rule, operation.operation_id, view, methods=[operation.method], strict_slashes=False)
    app.add_url_rule("/openapi.json", "description", lambda: describe(operations, Info("Shop", "1", "/api/v1")))

    @app.before_request
    def check_token() -> None:
        if request.path.startswith("/api/") and request.headers.get("Authorization") != "Bearer secret":
            raise ApiProblem(problem("not-signed-in"), {"WWW-Authenticate": "Bearer"})

    @app.errorhandler(ApiProblem)
    def tell(raised: ApiProblem) -> Any:
        response = jsonify(raised.problem.body())
        response.status_code = raised.problem.status
        response.content_type = "application/problem+json"
        response.headers.update(raised.headers)
        return response

    @app.errorhandler(HTTPException)
    def tell_plainly(raised: HTTPException) -> Any:
        response = tell(ApiProblem(problem_of_status(raised.code or 500)))
        response.headers.update({name: value for name, value in raised.get_headers() if name == "Allow"})
        return response

    return app


@pytest.fixture
def address() -> Iterator[str]:
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = make_server("127.0.0.1", 0, application(), threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()


@pytest.mark.fuzz
def test_every_check_passes(address: str) -> None:
    schemathesis.openapi.format("cursor", st.uuids().map(lambda key: encode_cursor("companies", [key])))
    config = schemathesis.Config.from_dict(
        {
            "seed": 7,
            "headers": {"Authorization": "Bearer secret"},
            "generation": {"mode": "all", "max-examples": 25},
            # A lost race is no judgement of the data.
            "checks": {"positive_data_acceptance": {"expected-statuses": ["2xx", "404", "409", "412"]}},
        }
    )
    schema = schemathesis.openapi.from_url(f"{address}/openapi.json", config=config)
    failures: list[str] = []
    checked = 0
    for event in from_schema(schema).execute():
        if isinstance(event, events.NonFatalError):
            failures.append(f"{event.label}: {event.value!r}")
        if isinstance(event, events.FatalError):
            raise event.exception
        if isinstance(event, events.ScenarioFinished | events.FuzzScenarioFinished):
            for checks in event.recorder.checks.values():
                checked += len(checks)
                failures += [
                    f"{one.failure_info.failure}\n{one.failure_info.code_sample}" for one in checks if one.failure_info
                ]
    assert not failures, "\n\n".join(failures)
    assert checked > 1_000
