"""Problem details: one shape for every error."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from pydantic import BaseModel, ConfigDict, ValidationError

from mobile_api.problems import (
    KINDS,
    invalid_body,
    invalid_query,
    pointer,
    problem,
    problem_of,
    problem_of_status,
)
from saas_crm.core.errors import (
    AlreadyExists,
    BusinessError,
    Forbidden,
    InvalidInput,
    NotFound,
    VersionConflict,
)
from tests.support.api import problem as problem_told
from tests.support.cast import Cast
from tests.support.clients import phone_of


class Phone(BaseModel):
    model_config = ConfigDict(extra="forbid")
    number: str


class Person(BaseModel):
    model_config = ConfigDict(extra="forbid")
    name: str
    age: int = 0
    phones: list[Phone] = []


def refused(data: object) -> ValidationError:
    with pytest.raises(ValidationError) as failed:
        Person.model_validate(data)
    return failed.value


def test_every_place_has_a_pointer() -> None:
    found = invalid_body(refused({"age": "x", "phones": [{"number": "1"}, {}], "a/b~c ü": 1})).body()
    assert (found["status"], found["type"]) == (422, "urn:saas-crm:problem:invalid")
    assert {(error["pointer"], error["code"]) for error in found["errors"]} == {
        ("#/name", "missing"),
        ("#/age", "int_parsing"),
        ("#/phones/1/number", "missing"),
        ("#/a~1b~0c%20%C3%BC", "extra_forbidden"),
    }
    assert all(error["detail"] for error in found["errors"])


@pytest.mark.parametrize("data", [None, [], "x", 5])
def test_a_body_that_is_no_object(data: object) -> None:
    (error,) = invalid_body(refused(data)).body()["errors"]
    assert error["pointer"] == "#"


def test_a_query_names_its_parameters() -> None:
    errors = invalid_query(refused({"nme": "x"})).body()["errors"]
    assert {error["parameter"] for error in errors} == {"name", "nme"}


@pytest.mark.parametrize(
    ("error", "conditional", "kind"),
    [
        (NotFound(), False, "not-found"),
        (Forbidden("company:update"), False, "forbidden"),
        (InvalidInput({"name": "Too long.", "": "No."}), False, "invalid"),
        (VersionConflict(object()), False, "changed-meanwhile"),
        (VersionConflict(object()), True, "precondition-failed"),
        (AlreadyExists(), False, "already-exists"),
    ],
)
def test_errors_of_the_business(error: BusinessError, conditional: bool, kind: str) -> None:
    found = problem_of(error, conditional=conditional)
    assert found.status == KINDS[kind][0]
    assert found.type.endswith(f":{kind}")
    assert found.title


def test_details_of_the_business() -> None:
    assert problem_of(Forbidden("company:update")).detail == "The permission company:update is needed."
    errors = problem_of(InvalidInput({"phones.0": "No number.", "": "No."}, {"phones.0": "phone"})).body()["errors"]
    assert [(error["pointer"], error["code"]) for error in errors] == [
        ("#/phones/0", "phone"),
        ("#", "invalid"),
    ]
    assert problem_of(VersionConflict(1), current={"name": "x"}).body()["current"] == {"name": "x"}


def test_an_unknown_error_stays_an_error() -> None:
    class Strange(BusinessError):
        pass

    with pytest.raises(Strange):
        problem_of(Strange())


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_says_something(kind: str) -> None:
    body = problem(kind).body()
    assert set(body) == {"type", "title", "status"}


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (404, "urn:saas-crm:problem:not-found"),
        (405, "urn:saas-crm:problem:method-not-allowed"),
        (418, "about:blank"),
    ],
)
def test_bare_statuses(status: int, kind: str) -> None:
    found = problem_of_status(status)
    assert (found.status, found.type) == (status, kind)


def test_pointer() -> None:
    assert pointer(()) == "#"
    assert pointer(("a", 0, "%")) == "#/a/0/%25"
    assert pointer(("\ud800",)) == "#/%3F"


def test_a_bare_refusal_claims_no_reason() -> None:
    assert problem_of_status(403).body() == problem("forbidden").body()


def test_a_view_that_declares_nothing_is_refused_plainly(app_with: Callable[..., Flask], cast: Cast) -> None:
    app = app_with()
    app.add_url_rule("/api/v1/undeclared", "undeclared", lambda: "never said")
    told = problem_told(phone_of(app, cast["owner"]).get("/undeclared"), 403, "forbidden")
    assert "network" not in str(told)
