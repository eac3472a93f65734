"""Connections that are out of step: the driver takes them for good ones, and they are not to be trusted any more.

Where a session ends behind a pooler, its last words may arrive beside the next answer: the driver gets two answers to
one command, and says InternalError, without a code. What such a connection answers then may belong to anything.
"""

from __future__ import annotations

import psycopg
from sqlalchemy import Connection, Engine, event
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import OperationalError


def out_of_step(error: BaseException | None) -> bool:
    """Whether it is the driver's own word, and not the database's, that an answer was not what it had asked for."""
    return isinstance(error, psycopg.InternalError) and error.sqlstate is None


def told_as_lost(error: psycopg.Error) -> OperationalError:
    """Return what SQLAlchemy says of a connection that has gone."""
    return OperationalError(None, None, error, hide_parameters=True, connection_invalidated=True)


def lose(connection: Connection, error: BaseException) -> None:
    """Drop a connection that has gone, and have the pool look at those that are as old before it hands them out.

    What went past SQLAlchemy it would take for good; and where one has gone, the database has mostly been restarted:
    each of the others would be found dead by somebody else. SQLAlchemy does the same for what it runs itself.
    """
    connection.engine.pool._invalidate(connection.connection, error, _checkin=False)
    connection.invalidate(error)


def drop_those_out_of_step(engine: Engine) -> None:
    """Have the pool drop such connections, and tell them as lost."""
    event.listen(engine, "handle_error", _told, retval=True)


def _told(context: ExceptionContext) -> OperationalError | None:
    error = context.original_exception
    if not isinstance(error, psycopg.InternalError) or not out_of_step(error):
        return None
    context.is_disconnect = True
    return told_as_lost(error)
