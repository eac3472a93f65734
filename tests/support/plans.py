"""What PostgreSQL really did for a query: the rows its scans read and its joins compared."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import event

from tenants.db import db
from tenants.kept import before_run


def touched(plan: dict[str, Any]) -> float:
    """Return how many rows the scans of a plan read, and how many its joins compared in vain."""
    if inner := plan.get("Plans"):
        in_vain = plan.get("Rows Removed by Join Filter", 0) * plan["Actual Loops"]
        return float(in_vain + sum(touched(part) for part in inner))
    read = plan["Actual Rows"] + plan.get("Rows Removed by Filter", 0)
    return float(read * plan["Actual Loops"])


def rows_touched(find: Callable[[], Any]) -> tuple[float, str]:
    """Return how many rows the statement of `find` reads or compares, and the statement."""
    asked: list[tuple[str, Any]] = []
    connection = db.session.connection()

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_rest: Any) -> None:
        asked.append((statement, parameters))

    def note_kept(statement: bytes, parameters: Any) -> None:
        asked.append((statement.decode(), parameters))

    event.listen(connection, "before_cursor_execute", note)
    before_run.append(note_kept)
    try:
        find()
    finally:
        event.remove(connection, "before_cursor_execute", note)
        before_run.remove(note_kept)
    [(statement, parameters)] = asked
    found = connection.exec_driver_sql(f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}", parameters)
    return touched(found.scalar_one()[0]["Plan"]), statement
