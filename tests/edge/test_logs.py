"""Logs say what happened and to which record, and nothing about people."""

from __future__ import annotations

import io
import json
import logging
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from logging.handlers import SocketHandler, SysLogHandler
from pathlib import Path
from typing import Any

import pytest
import structlog
from flask import Blueprint, Flask
from sqlalchemy import insert

from saas_crm.access.shared_models import User
from saas_crm.customers.models import Company
from saas_crm.edge.declared import public, requires
from tenants.db import SHARED, db
from tests.support.clients import Browser, Phone
from tests.support.installation import Installation
from tests.support.mailbox import Mailbox

PERSON = {
    "company": "Nordwind Getriebebau GmbH", "slug": "nordwind", "name": "Mara Lindqvist",
    "email": "mara.lindqvist@nordwind.example", "password": "a secret of Mara's own", "locale": "en", "country": "AT",
    "place_of": "AT", "currency": "EUR", "timezone": "Europe/Vienna",
}  # fmt: skip
PERSONAL = (
    "Nordwind", "nordwind", "Mara", "Lindqvist", "mara", "secret", "Jonas Keller", "keller", "6765432", "Musterweg",
    "colleague-to-be", "Searched", "tok_", "crm_", "Rita", "rep@acme", "broken@x", "Confidential",
)  # fmt: skip

bp = Blueprint("failing_probe", __name__)


@bp.get("/_probe/unique")
@public("outside")
def unique() -> str:
    """Break a rule of the database with an address in it."""
    with db.engines[SHARED].begin() as connection:
        for _ in range(2):
            connection.execute(
                insert(User).values(email="broken@x.example", name="Mara Lindqvist", password_hash="secret")
            )
    return "never"


@bp.get("/_probe/crash")
@requires("company:read")
def crash() -> str:
    """Break a rule of the database while a record with people's words is written."""
    db.session.add(Company(name="Confidential", sort_name=None, name_key="x"))
    db.session.flush()
    return "never"


@pytest.fixture
def written(
    app_with: Callable[..., Flask], installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[Flask, io.StringIO]]:
    """An application that logs everything, and what it has logged."""
    output = io.StringIO()
    before = structlog.get_config()
    handler = logging.StreamHandler(output)
    logging.getLogger().addHandler(handler)
    with monkeypatch.context() as patched:
        patched.setattr(sys, "stderr", output)
        app = app_with(log_level="DEBUG")
        app.config["PROPAGATE_EXCEPTIONS"] = False
        app.register_blueprint(bp)
    yield app, output
    logging.getLogger().removeHandler(handler)
    structlog.configure(**before)


def lines(output: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in output.getvalue().splitlines() if line.startswith("{")]


def test_a_whole_journey_leaves_no_personal_data(
    written: tuple[Flask, io.StringIO], client_for: Callable[..., Browser], api_for: Callable[..., Phone],
    installation: Installation, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    app, output = written
    browser = client_for(None, of=app)
    assert browser.post("/signup", data=PERSON).status_code == 303
    mailbox = Mailbox(installation)
    link = mailbox.link(PERSON["email"], containing="/verify/")
    browser.get(link)
    browser.post(link)
    contact = {
        "name": "Jonas Keller",
        "email": "jonas@keller.example",
        "phone": "+43 1 6765432",
        "street": "Musterweg 1",
    }
    assert browser.post("/nordwind/contacts", data=contact).status_code == 303
    browser.post("/nordwind/contacts", data={**contact, "email": "keller@"})
    browser.get("/nordwind/search?q=Searched+words+keller")
    browser.get("/nordwind/contacts?q=Jonas%20Keller")
    browser.post("/nordwind/settings/members/invitations", data={"email": "colleague-to-be@nordwind.example"})
    browser.post("/signout")
    browser.post("/signin", data={"email": PERSON["email"], "password": "wrong secret"})
    browser.post("/signin", data={"email": PERSON["email"], "password": PERSON["password"]})
    browser.post("/forgot", data={"email": PERSON["email"]})
    phone = api_for(None, slug="nordwind", of=app)
    token = phone.post(
        "/tokens", json={"email": PERSON["email"], "password": PERSON["password"], "device": "tok_phone"}
    )
    phone.token = token.json.get("token", "") if token.status_code == 201 else ""
    phone.post("/contacts", json={"name": "Jonas Keller", "email": "nonsense keller"})
    phone.get("/search?q=Keller")
    mailbox.arrived()
    text = output.getvalue()
    assert len(lines(output)) > 12
    assert [word for word in PERSONAL if word in text.replace(str(installation.folder), "")] == []
    if phone.token:
        assert phone.token not in text


@pytest.mark.parametrize(
    ("path", "event"), [("/_probe/unique", "contradicted"), ("/acme/_probe/crash", "request failed")]
)
def test_an_error_of_the_database_tells_no_values(
    path: str, event: str, written: tuple[Flask, io.StringIO], client_for: Callable[..., Browser]
) -> None:
    """PostgreSQL names the values that clash in its messages; the traceback is logged without them."""
    app, output = written
    answer = client_for("rep", of=app).get(path)
    assert answer.status_code >= 400
    text = output.getvalue()
    assert event in text
    assert [word for word in PERSONAL if word in text + answer.text.replace("Rita Rep", "")] == []


def test_each_request_is_one_line_that_names_its_record_by_ids(
    written: tuple[Flask, io.StringIO], client_for: Callable[..., Browser], cast: Any
) -> None:
    app, output = written
    client_for("rep", of=app).get("/acme/companies?q=x", headers={"X-Request-ID": "request-of-the-rep"})
    [line] = [line for line in lines(output) if line["event"] == "request"]
    assert line["request_id"] == "request-of-the-rep"
    assert (line["method"], line["route"], line["status"]) == ("GET", "/companies", 200)
    assert line["tenant"] == str(cast.tenants["acme"].id)
    assert line["member"] == str(cast["rep"].member_id)
    assert line["level"] == "info"
    assert line["ms"] > 0
    assert line["sql"] > 0
    moment = datetime.fromisoformat(line["timestamp"])
    assert moment.utcoffset() == timedelta(0)
    assert abs(datetime.now(UTC) - moment) < timedelta(minutes=5), "the time of now, not one of another zone"


def test_what_is_logged_goes_to_standard_error_alone(
    written: tuple[Flask, io.StringIO], client_for: Callable[..., Browser], capfd: pytest.CaptureFixture[str],
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """Not to standard output, to no file and to no address; the handlers of libraries have no other place either."""
    app, output = written
    monkeypatch.chdir(tmp_path)
    client_for("rep", of=app).get("/acme/_probe/crash")
    assert "request failed" in output.getvalue()
    assert capfd.readouterr().out == ""
    assert list(tmp_path.iterdir()) == []
    loggers = [logging.getLogger(), *map(logging.getLogger, logging.root.manager.loggerDict)]
    handlers = {type(handler) for logger in loggers for handler in logger.handlers}
    ours = [kind for kind in handlers if not kind.__module__.startswith("_pytest")]
    assert not [kind for kind in ours if issubclass(kind, logging.FileHandler | SocketHandler | SysLogHandler)]
