"""Watches over tests: who asks the database by one connection holds no transaction on another meanwhile.

The tenant's tables and the shared ones are reached by two connections. A request, job or command that is in the middle
of a transaction on one of them and asks the other waits for itself where the pooler has but one to give; where it has a
few, they wait for each other. Whatever a test has the product do is looked at; what it opens by itself is not.

All tests are watched: tests/conftest.py has the hook.
"""

from __future__ import annotations

import traceback
from collections.abc import Generator
from pathlib import Path
from typing import Any

import click
import psycopg
import pytest
from flask import has_app_context, has_request_context, request
from flask.globals import app_ctx
from psycopg.pq import TransactionStatus
from sqlalchemy import event
from sqlalchemy.engine import Engine
from sqlalchemy.pool import Pool

HOME = Path(__file__).resolve().parents[2]
PRODUCT = ("saas_crm", "web", "mobile_api", "tenants", "billing")
HOLDS_BOTH = {
    "saas_crm.access.accepting.accept": "the link and a member of old are held until the shared row is written",
    "saas_crm.access.jobs.drop_membership": "a member who is removed is held until the shared row is gone, as above",
    "saas_crm.access.sso.joining.let_in_by": "as with an invitation",
    "saas_crm.access.known_browsers.tell_of_device": "the mail is queued before the device's token is good",
}
"""Who may, by module and function, and why. Where there is but one connection they are told to come back."""
KEY = "Idempotency-Key"
"""Who sends one holds it until all is done: the same request sent again waits for this one."""
_OPEN = (TransactionStatus.ACTIVE, TransactionStatus.INTRANS, TransactionStatus.INERROR)
_out: dict[Any, int] = {}
"""The connections that pools have given out, and the application context in which each was."""
_found: dict[str, None] = {}


def _here() -> int:
    return id(app_ctx._get_current_object()) if has_app_context() else 0


def _look(asked: Any = None) -> None:
    here = _here()
    held = [c for c, where in list(_out.items()) if where == here and c is not asked]
    if not here or all(c.info.transaction_status not in _OPEN for c in held):
        return
    way = [frame for frame in traceback.extract_stack() if _is_ours(frame.filename)]
    names = [f"{_module(frame.filename)}.{frame.name}" for frame in way]
    if (who := _who(names)) and not set(names) & HOLDS_BOTH.keys():
        _found[f"{who} asks in {' < '.join(reversed(names[-4:]))} while a transaction is open"] = None


def _who(names: list[str]) -> str:
    """Return what the product was asked to do: a request, a job, a command; "" for what the test itself does."""
    if has_request_context():
        return "" if KEY in request.headers else f"{request.method} {request.url_rule}"
    if "saas_crm.worker.execute" in names:
        return "a job"
    command = click.get_current_context(silent=True)
    return f"`{command.command_path}`" if command else ""


def _is_ours(file: str) -> bool:
    path = Path(file)
    return path.is_relative_to(HOME) and path.relative_to(HOME).parts[0] in PRODUCT


def _module(file: str) -> str:
    return ".".join(Path(file).relative_to(HOME).with_suffix("").parts)


@event.listens_for(Pool, "checkout")
def _given(connection: Any, _record: Any, _proxy: Any) -> None:
    _look(connection)
    _out[connection] = _here()


@event.listens_for(Pool, "checkin")
def _back(connection: Any, _record: Any) -> None:
    _out.pop(connection, None)


@event.listens_for(Engine, "before_cursor_execute")
def _asked(connection: Any, *_: Any) -> None:
    _look(connection.connection.driver_connection)


def _watched(connect: Any) -> Any:
    def connecting(*args: Any, **options: Any) -> Any:
        _look()
        return connect(*args, **options)

    return connecting


psycopg.connect = _watched(psycopg.connect)  # for what goes past SQLAlchemy


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call() -> Generator[None, Any, Any]:
    """Fail a test in which something held one connection and asked another."""
    taken()  # of those before, which nobody watched
    result = yield
    found = taken()
    assert not found, "\n".join(found)
    return result


def taken() -> list[str]:
    """Return what was found since, and forget it."""
    found = list(_found)
    _found.clear()
    return found
