"""What others do in the very moment of a statement: on a connection of their own, finished before it is sent."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

from flask import Flask
from sqlalchemy import event

from tenants.db import db


@contextmanager
def just_before(app: Flask, beginning: str, others: Callable[[int], object]) -> Iterator[list[str]]:
    """Have `others` act, once and in a thread of theirs, right before a statement that begins so is sent.

    They are told the process of the database that would run it. Yields the statements before which they did.
    """
    with app.app_context():
        engine = db.engine
    done: list[str] = []

    def notice(connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if not done and statement.startswith(beginning):
            done.append(statement)
            with ThreadPoolExecutor(1) as elsewhere:
                elsewhere.submit(others, connection.connection.driver_connection.info.backend_pid).result()

    event.listen(engine, "before_cursor_execute", notice)
    try:
        yield done
    finally:
        event.remove(engine, "before_cursor_execute", notice)
