"""A run with workspaces one release behind (TEST_BEHIND): a test of what is new there waits for the upgrade.

Nothing is written at a test that asks for an address the former release did not have and is told "being upgraded", or
that asks the database itself for a table or a column that is not there: if it fails, that is told as expected, unless
it met a server error as well. So it is where a server process of its own was asked, by what that has logged. Who gets
503 from an address of the former release has found a mistake. What is new at such an address (a preview, a token that
may do less) is tested under the mark `newest`, and not at all in such a run; so is what a thread or a worker of the
test's own would do, whose want of tables the test does not see.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from flask import request, request_finished
from flask.wrappers import Response

from tests.support.server import LOGS

FORMER_ADDRESSES = frozenset(
    (Path(__file__).parents[1] / "rollout" / "former_addresses.txt").read_text().splitlines()
)  # fmt: skip
"""Every address inside a workspace that the former release had, to be written anew when FORMER is raised."""
BEHIND = frozenset(filter(None, os.environ.get("TEST_BEHIND", "").split(",")))
"""Which workspaces are: of "acme", "other" and "spares"."""
IS_BEHIND = bool(BEHIND)
_FORMER_PAGES = [
    re.compile(re.sub(r"<uuid:\w+>", "[0-9a-f-]{36}", re.sub(r"<\w+>", "[^/]+", rule)))
    for method, rule in (address.split() for address in FORMER_ADDRESSES)
    if method == "GET"
]
_waiting: set[str] = set()
_failed: set[str] = set()
_read: dict[Path, int] = {}


def _note(_app: Any, response: Response, **_more: Any) -> None:
    if request.url_rule is not None:
        _note_status(response.status_code, request.method, request.url_rule.rule)


def _note_status(status: int, method: str, rule: str) -> None:
    if status >= 500:
        (_waiting if status == 503 else _failed).add(f"{method} {rule}")


def _logged() -> Iterator[str]:
    """Yield the lines that servers have written since it was asked last."""
    for log in filter(Path.exists, LOGS):
        with log.open("rb") as file:
            file.seek(_read.get(log, 0))
            written = file.read()
        _read[log] = _read.get(log, 0) + len(written)
        yield from written.decode(errors="replace").splitlines()


def _note_logged() -> None:
    """Note the addresses inside a workspace that a server of its own has let wait, or failed at."""
    for line in _logged():
        if '"status": 5' in line and line.startswith("{"):
            told = json.loads(line)
            if told["tenant"]:
                _note_status(told["status"], told["method"], told["route"])


def may_wait(method: str, rule: str, status: int) -> bool:
    """Whether an answer says "being upgraded" in such a run, at an address that the former release did not have.

    For walks over all addresses: so they ask the others all the same, instead of being told as expected to fail.
    """
    return IS_BEHIND and status == 503 and f"{method} {rule}" not in FORMER_ADDRESSES


def page_may_wait(path: str, status: int) -> bool:
    """Whether an answer to a browser says so, at a path ("/acme/settings/teams") that is new."""
    inside = f"/{path.partition('?')[0].split('/', 2)[-1]}"
    return IS_BEHIND and status == 503 and not any(former.fullmatch(inside) for former in _FORMER_PAGES)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Leave out what is new at an address of the former release."""
    if IS_BEHIND and item.get_closest_marker("newest"):
        pytest.skip("new at an address that the former release had")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol() -> Generator[None, Any, Any]:
    """Note, for each test, which addresses wait."""
    if not IS_BEHIND:
        return (yield)
    _waiting.clear()
    _failed.clear()
    list(_logged())
    with request_finished.connected_to(_note):
        return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(call: pytest.CallInfo[Any]) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Tell of a test that failed for want of what is new that it was expected to."""
    report = yield
    if IS_BEHIND and report.failed and call.excinfo is not None and (reason := _why(call.excinfo.value)):
        report.outcome, report.wasxfail = "skipped", f"waits for the upgrade: {reason}"
    return report


def _why(error: BaseException | None) -> str:
    """Return what a test lacked that only the upgrade brings; "" for a failure of its own."""
    _note_logged()
    if mistaken := _waiting & FORMER_ADDRESSES:
        print(f"these the former release served: {', '.join(sorted(mistaken))}")
        return ""
    if _failed:
        print(f"these failed: {', '.join(sorted(_failed))}")
        return ""
    if _waiting:
        return min(_waiting)
    while error is not None:
        if isinstance(error, psycopg.errors.UndefinedTable | psycopg.errors.UndefinedColumn):
            return str(error).splitlines()[0]
        error = error.__cause__ or error.__context__
    return ""
