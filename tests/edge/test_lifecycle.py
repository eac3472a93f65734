"""The life of a request: one commit at the edge when the answer is good, else nothing of it is left."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Blueprint, Flask, abort
from sqlalchemy import event, func, select

from saas_crm.core.audit import AuditEntry
from saas_crm.core.errors import Forbidden, InvalidInput, NotFound
from saas_crm.core.mail import Letter, send
from saas_crm.customers.models import Company
from saas_crm.edge.current import current_member
from saas_crm.edge.declared import members_only, public, requires
from tenants.db import SHARED, db
from tenants.kept import before_run
from tests.support.clients import Browser
from tests.support.installation import Installation
from tests.support.mailbox import queued
from tests.support.making import Maker

ENDINGS: dict[str, Any] = {
    "200": lambda: ("done", 200),
    "204": lambda: ("", 204),
    "303": lambda: ("", 303, {"Location": "/acme/"}),
    "400": lambda: ("no", 400),
    "404": lambda: ("no", 404),
    "409": lambda: ("no", 409),
    "422": lambda: ("no", 422),
    "500": lambda: ("no", 500),
    "abort": lambda: abort(418),
    "missing": lambda: _raise(NotFound()),
    "forbidden": lambda: _raise(Forbidden("company:update")),
    "invalid": lambda: _raise(InvalidInput({"name": "no"})),
    "crash": lambda: _raise(ZeroDivisionError()),
}
GOOD = ("200", "204", "303")


def _raise(error: Exception) -> None:
    raise error


bp = Blueprint("lifecycle_probe", __name__)


@bp.post("/_probe/write/<ending>")
@requires("company:create")
def write(ending: str) -> Any:
    """Write a row and queue a mail, and end in some way."""
    db.session.add(Company(name="Written", sort_name="written", name_key="written"))
    db.session.flush()
    send(db.session(), Letter("ann@x.example", "Written", ["Hello"]))
    return ENDINGS[ending]()


@bp.get("/_probe/read")
@members_only
def read() -> str:
    """Read a little."""
    return f"{current_member().name} {db.session.scalar(select(func.count()).select_from(Company))}"


@bp.get("/_probe/forgotten")
def forgotten() -> str:
    """Say nothing about who may call this."""
    return "secret"


@bp.get("/_probe/anywhere")
@public("anywhere")
def anywhere() -> str:
    """Answer inside and outside of workspaces."""
    return "here"


@pytest.fixture
def probed(app_with: Callable[..., Flask]) -> Iterator[Flask]:
    """The application with the endpoints above."""
    app = app_with()
    app.config["PROPAGATE_EXCEPTIONS"] = False
    app.register_blueprint(bp)
    return app


def companies(installation: Installation, make: Maker, schema: str) -> int:
    with installation.place.owner() as connection:
        row = connection.execute(f"SELECT count(*) FROM {schema}.companies").fetchone()
        return int(row[0]) if row else 0


@pytest.mark.parametrize("ending", ENDINGS)
def test_what_is_good_is_committed_and_what_is_not_leaves_nothing(
    ending: str, probed: Flask, client_for: Callable[..., Browser], installation: Installation, cast: Any, make: Maker
) -> None:
    schema = cast.tenants["acme"].schema_name
    answer = client_for("rep", of=probed).post(f"/acme/_probe/write/{ending}")
    assert (answer.status_code < 400) == (ending in GOOD)
    left = 1 if ending in GOOD else 0
    assert companies(installation, make, schema) == left
    assert len(queued(installation)) == left, "a mail leaves with the change or not at all"
    with installation.place.owner() as connection:
        audited = connection.execute(f"SELECT count(*) FROM {schema}.audit_log WHERE resource = 'company'").fetchone()
    assert audited == (left,)


def test_the_audit_names_who_and_through_what(
    probed: Flask, client_for: Callable[..., Browser], acting: Callable[..., Any], cast: Any
) -> None:
    client_for("rep", of=probed).post("/acme/_probe/write/200", headers={"X-Request-ID": "request-of-the-rep"})
    with acting("rep"):
        entry = db.session.scalars(select(AuditEntry).where(AuditEntry.resource == "company")).one()
    assert (entry.member_id, entry.through, entry.request_id, entry.action) == (
        cast["rep"].member_id, "web", "request-of-the-rep", "create",
    )  # fmt: skip


@pytest.mark.parametrize("path", ["/acme/_probe/read", "/acme/companies", "/acme/deals", "/acme/"])
def test_reading_ends_with_one_commit_and_no_rollback(
    path: str, probed: Flask, client_for: Callable[..., Browser]
) -> None:
    """A rollback would throw away the connection's prepared statements."""
    ends: list[str] = []
    with probed.app_context():
        engine = db.engine
    event.listen(engine, "commit", lambda _: ends.append("commit"))
    event.listen(engine, "rollback", lambda _: ends.append("rollback"))
    assert client_for("rep", of=probed).get(path).status_code == 200
    assert ends == ["commit"]


def test_an_endpoint_that_declares_nothing_is_refused(probed: Flask, client_for: Callable[..., Browser]) -> None:
    for who, path in ((None, "/_probe/forgotten"), ("owner", "/acme/_probe/forgotten")):
        answer = client_for(who, of=probed).get(path)
        assert answer.status_code == 403
        assert "secret" not in answer.text


def test_an_endpoint_may_live_anywhere(probed: Flask, client_for: Callable[..., Browser]) -> None:
    assert client_for(None, of=probed).get("/_probe/anywhere").text == "here"
    assert client_for(None, of=probed).get("/acme/_probe/anywhere").text == "here"
    assert client_for(None, of=probed).get("/nowhere-at-all/_probe/anywhere").status_code == 404


def test_a_write_without_the_token_of_the_form_is_refused(
    probed: Flask, client_for: Callable[..., Browser], installation: Installation, cast: Any, make: Maker
) -> None:
    browser = client_for("rep", of=probed)
    for headers in ({}, {"X-CSRFToken": "forged"}):
        answer = browser.post("/acme/_probe/write/200", csrf=False, headers=headers)
        assert answer.status_code == 400
    assert companies(installation, make, cast.tenants["acme"].schema_name) == 0


def test_the_token_of_one_browser_does_not_serve_another(client_for: Callable[..., Browser], probed: Flask) -> None:
    mine, theirs = client_for("rep", of=probed), client_for("owner", of=probed)
    theirs.write_session({**theirs.read_session(), "csrf_token": "f" * 40})
    answer = mine.post("/acme/_probe/write/200", csrf=False, headers={"X-CSRFToken": theirs.csrf_token()})
    assert answer.status_code == 400


def test_nothing_of_one_request_is_there_in_the_next(probed: Flask, client_for: Callable[..., Browser]) -> None:
    for who, name in (("rep", "Rita Rep"), ("outsider", "Otto"), ("viewer", "Vera Viewer"), ("rep", "Rita Rep")):
        slug = "other" if who == "outsider" else "acme"
        assert client_for(who, of=probed).get(f"/{slug}/_probe/read").text.startswith(name)
    assert client_for(None, of=probed).get("/acme/_probe/read").status_code == 302


def test_statements_are_counted_for_both_engines(probed: Flask, client_for: Callable[..., Browser]) -> None:
    """The count that pages are held to is what the database was really asked."""
    asked: list[str] = []
    with probed.app_context():
        for engine in (db.engine, db.engines[SHARED]):
            event.listen(engine, "before_cursor_execute", lambda *args: asked.append(args[2]))

    def kept(*_: object) -> None:
        asked.append("a kept query")

    before_run.append(kept)
    try:
        answer = client_for("rep", of=probed).get("/acme/_probe/read")
    finally:
        before_run.remove(kept)
    assert f'sql;desc="{len(asked)}"' in answer.headers["Server-Timing"]
    assert 2 <= len(asked) <= 4
    assert "a kept query" in asked
