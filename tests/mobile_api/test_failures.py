"""Whatever a client sends, the answer is a problem that says so; never a 500."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from flask import Flask
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from tests.support.api import problem
from tests.support.clients import Phone, browser_of
from tests.support.installation import Installation
from tests.support.making import Maker

Api = Callable[..., Phone]
JSON = "application/json"


@pytest.mark.parametrize(
    ("content_type", "status"),
    [
        (JSON, 201), ("application/json; charset=utf-8", 201), ("APPLICATION/JSON", 201),
        ("application/merge-patch+json", 415), ("text/plain", 415), ("application/xml", 415), ("", 415),
        ("application/x-www-form-urlencoded", 415), ("multipart/form-data; boundary=x", 415), ("\x7f", 415),
    ],
)  # fmt: skip
def test_media_types(content_type: str, status: int, api_for: Api) -> None:
    answer = api_for("rep").post("/companies", data=b'{"name": "x"}', content_type=content_type)
    assert answer.status_code == status
    if status == 415:
        problem(answer, 415, "unsupported-media-type")
        assert answer.headers["Accept"] == JSON


def test_a_patch_is_a_merge_patch(api_for: Api, make: Maker) -> None:
    rep, path = api_for("rep"), f"/companies/{make.company('rep').id}"
    for kind in ("application/merge-patch+json", JSON):
        assert rep.patch(path, data=b'{"city": "Ulm"}', content_type=kind).status_code == 200
    answer = rep.patch(path, data=b"[]", content_type="application/json-patch+json")
    problem(answer, 415)
    assert answer.headers["Accept"] == "application/merge-patch+json, application/json"


@pytest.mark.parametrize(
    "body",
    [
        b"", b"{", b"\xff\xfe", b"nul", b'{"name": "\\ud800"}', b'{"name": NaN}', b"{'name': 1}", b"[" * 100_000,
        b'{"name": "x"} {}', "{}".encode("utf-16"), b"name=x",
    ],
)  # fmt: skip
def test_what_is_no_json(body: bytes, api_for: Api) -> None:
    rep = api_for("rep")
    assert problem(rep.post("/companies", data=body, content_type=JSON), 400, "malformed")["detail"]
    assert rep.get("/companies").json["items"] == []


@pytest.mark.parametrize("body", [b"null", b"[]", b'"x"', b"5", b"true", b'[{"name": "x"}]'])
def test_json_that_is_no_object(body: bytes, api_for: Api) -> None:
    errors = problem(api_for("rep").post("/companies", data=body, content_type=JSON), 422)["errors"]
    assert [error["pointer"] for error in errors] == ["#"]


@pytest.mark.parametrize("size", [1_000_001, 10_000_000])
def test_a_body_that_is_too_large(size: int, api_for: Api) -> None:
    rep = api_for("rep")
    for path in ("/companies", "/tokens", "/opportunities"):
        answer = rep.post(path, data=b'"' + b"x" * size + b'"', content_type=JSON)
        assert "xxx" not in problem(answer, 413, "too-large").get("detail", "")


def test_ten_thousand_characters(api_for: Api) -> None:
    answer = api_for("rep").post("/companies", json={"name": "x" * 10_000, "description": "y" * 10_000})
    (error,) = problem(answer, 422)["errors"]
    assert error == {"pointer": "#/name", "code": "string_too_long", "detail": "At most 200 characters."}


def test_no_such_path(api_for: Api) -> None:
    for path in ("/nothing", "/companies/7", "/companies/", "/companies/%00", "", "/companies/x/y/z"):
        known = problem(api_for("rep").get(path), 404, "not-found")
        assert problem(api_for(None, "acme").post(path), 404, "not-found") == known, "nobody is told less, nor more"


def test_no_such_workspace(app: Flask) -> None:
    told = [problem(browser_of(app, None).get(path), 404, "not-found")
            for path in ("/nowhere/api/v1/me", "/api/v1/me", "/api/v1/tokens")]  # fmt: skip
    assert all(one == told[0] for one in told)


def test_no_such_method(api_for: Api, make: Maker) -> None:
    rep = api_for("rep")
    for method, path, allowed in (
        ("PUT", "/companies", "GET, HEAD, OPTIONS, POST"),
        ("POST", f"/companies/{make.company('rep').id}", "DELETE, GET, HEAD, OPTIONS, PATCH"),
        ("BREW", "/me", "GET, HEAD, OPTIONS, PATCH"),
    ):
        answer = rep.open(path, method=method)
        problem(answer, 405, "method-not-allowed")
        assert ", ".join(sorted(answer.headers["Allow"].split(", "))) == allowed


def test_head_and_options(api_for: Api, make: Maker) -> None:
    rep, path = api_for("rep"), f"/companies/{make.company('rep').id}"
    whole, head = rep.get(path), rep.head(path)
    assert (head.status_code, head.data, head.headers["ETag"]) == (200, b"", whole.headers["ETag"])
    assert head.headers["Content-Length"] == whole.headers["Content-Length"]
    options = rep.options("/companies")
    assert (options.status_code, set(options.allow)) == (200, {"GET", "HEAD", "OPTIONS", "POST"})


@pytest.mark.parametrize(
    "header", ["", "Bearer", "Bearer ", "Basic cmVwOng=", "crm_x", "Bearer é", "Bearer \x00", f"Bearer {'x' * 9_000}"]
)
def test_tokens_that_are_none(header: str, api_for: Api) -> None:
    answer = api_for(None, "acme").get("/me", headers={"Authorization": header})
    problem(answer, 401, "not-signed-in")
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_a_workspace_that_is_not_open(api_for: Api, app: Flask, installation: Installation) -> None:
    for status in ("suspended", "closed"):
        with installation.place.owner() as connection:
            connection.execute("UPDATE public.tenants SET status = %s WHERE slug = 'acme'", [status])
        problem(api_for("rep").get("/me"), 403, "workspace-closed")
    assert api_for("outsider").get("/me").status_code == 200


class Sqlstate(psycopg.Error):
    """An error of the database with a code of its own."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.sqlstate = code


@pytest.mark.parametrize(
    ("error", "status", "kind"),
    [
        (OperationalError("x", {}, Sqlstate("57P01")), 503, "unavailable"),
        (OperationalError("x", {}, Sqlstate("40P01")), 503, "unavailable"),
        (PoolTimeout(), 503, "unavailable"),
        (IntegrityError("x", {}, Sqlstate("23503")), 409, "conflict"),
        (IntegrityError("x", {}, Sqlstate("23505")), 409, "conflict"),
        (IntegrityError("x", {}, Sqlstate("23514")), 500, ""),
        (ZeroDivisionError(), 500, ""),
    ],
)
def test_what_the_database_says(
    error: Exception, status: int, kind: str, api_for: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any, **__: Any) -> Any:
        raise error

    monkeypatch.setattr("mobile_api.companies.record", fail)
    answer = api_for("rep").get("/companies/018f3c5e-7a10-7000-8000-0123456789ab")
    told = problem(answer, status, kind)
    assert "psycopg" not in answer.text
    assert ("Retry-After" in answer.headers) is (status == 503)
    assert set(told) <= {"type", "title", "status", "detail"}


def test_a_database_that_is_gone(api_for: Api, app_with: Callable[..., Flask]) -> None:
    deaf = app_with(database_url="postgresql://nobody:x@127.0.0.1:1/none")
    answer = api_for("rep", of=deaf).get("/me")
    problem(answer, 503, "unavailable")
    assert answer.headers["Retry-After"] == "5"


def test_the_reader_is_told_in_their_language(api_for: Api) -> None:
    rep = api_for("rep")
    english = rep.post("/companies", json={}).json["errors"][0]
    nobody = api_for(None, "acme").get("/me", headers={"Accept-Language": "zh-CN"})
    assert english == {"pointer": "#/name", "detail": "This is needed.", "code": "missing"}
    told = problem(nobody, 401, "not-signed-in")["title"]
    assert not told.isascii()


def test_nothing_is_cached(api_for: Api, make: Maker) -> None:
    rep = api_for("rep")
    for path in ("/me", "/companies", f"/companies/{make.company('rep').id}", "/nothing"):
        assert rep.get(path).headers["Cache-Control"] == "no-store"
