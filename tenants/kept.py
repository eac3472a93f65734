"""Queries that are put into SQL once and then handed to the driver as they are.

SQLAlchemy takes two to four times as long to run a short query as the driver does (0.33 against 0.10 ms of processor
time for "who is this", measured): it looks the statement up among the compiled ones, makes a context, wraps each row.
A page asks five such questions. So what is asked again and again is compiled when it is first needed and kept in the
driver's words; it runs on the session's own connection, in its transaction and after its flush.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache, wraps
from typing import Any, NamedTuple, ParamSpec, Protocol, TypeAlias, TypeVar, cast

import psycopg
from psycopg.rows import namedtuple_row
from sqlalchemy import CompoundSelect, Connection, Select
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.exc import DBAPIError, MultipleResultsFound

from tenants.out_of_step import lose, out_of_step, told_as_lost
from tenants.taken import Call, Ids, Pick
from tenants.veils import Veil, any_veils, veils_of

Query: TypeAlias = "Select[*tuple[Any, ...]] | CompoundSelect[*tuple[Any, ...]]"
Asked = ParamSpec("Asked")
Built = TypeVar("Built", bound=Query)
Built_co = TypeVar("Built_co", bound=Query, covariant=True)

_DIALECT: Any = PGDialect_psycopg()  # type: ignore[no-untyped-call]
EACH = "each_"
"""Begins the name of a parameter that has a value where a query is built, and takes another one in each run of it."""
before_run: list[Callable[[bytes, Mapping[str, Any]], object]] = []
"""Called with SQL and values before each kept query is sent: of these SQLAlchemy's own events tell nothing."""


class Found(list[Any]):
    """The rows that a query found, all of them."""

    __slots__ = ()

    def all(self) -> list[Any]:
        """Return the rows."""
        return self

    def first(self) -> Any | None:
        """Return the first row, or None where there is none."""
        return self[0] if self else None

    def one_or_none(self) -> Any | None:
        """Return the only row, or None; raises MultipleResultsFound for more than one."""
        if len(self) > 1:
            raise MultipleResultsFound("more than one row where one was expected")
        return self.first()


class Kept:
    """A query of plain columns in the driver's words from its first run on; its rows are named tuples."""

    __slots__ = ("_source", "_words")

    def __init__(self, query: Query, call: Call | None = None) -> None:
        """Take a query as it is or, where it was built for a call, for all that are alike but for the ids in them."""
        self._source: tuple[Query, Call | None] | None = (query, call)
        self._words: Words | None = None

    def run(self, connection: Connection, values: Mapping[str, Any], ids: Ids = ()) -> Found:
        """Return all rows; raises KeyError for a value left out, and what SQLAlchemy would (DBAPIError)."""
        words = self._words or self._compile()
        if not words.needed <= values.keys():
            raise KeyError(f"the query needs {sorted(words.needed)} and was given {sorted(values)}")
        taken = {name: pick(ids) for name, pick in words.taken.items()}
        found = asked(connection, words.sql, {**words.fixed, **taken, **values})
        return Found(words.veiled(found) if words.veils and any_veils() else found)

    def _compile(self) -> Words:
        source = self._source
        if source is None:  # another thread was here at the same time
            assert self._words is not None
            return self._words
        query, call = source
        compiled = query.compile(dialect=_DIALECT, compile_kwargs={"render_postcompile": True})
        needed = frozenset(name for name, bound in compiled.binds.items() if bound.required or name.startswith(EACH))
        given = {name: value for name, value in compiled.params.items() if name not in needed}
        taken = call.taken(given, compiled.string) if call else {}
        fixed = {name: value for name, value in given.items() if name not in taken}
        self._words = words = Words(compiled.string.encode(), fixed, needed, veils_of(query), taken)
        self._source = None  # several times as large as its words
        return words


class Taken(Kept):
    """A kept query with the ids of one call of it."""

    __slots__ = ("_ids", "_kept")

    def __init__(self, kept: Kept, ids: Ids) -> None:
        self._kept, self._ids = kept, ids

    def run(self, connection: Connection, values: Mapping[str, Any], ids: Ids = ()) -> Found:
        """Return what it finds for these ids."""
        return self._kept.run(connection, values, ids or self._ids)


class Words(NamedTuple):
    """A compiled query: its SQL, the values that never change, the names of those that every run gives; its veils.

    `taken` are the values that are ids of who asks or of what is asked for, and how to get them from a call's.
    """

    sql: bytes
    fixed: Mapping[str, Any]
    needed: frozenset[str]
    veils: tuple[tuple[int, Veil], ...]
    taken: Mapping[str, Pick]

    def veiled(self, rows: list[Any]) -> list[Any]:
        """Return the rows as the reader may see them."""
        return [self._veiled(row) for row in rows]

    def _veiled(self, row: Any) -> Any:
        values = list(row)
        for at, veil in self.veils:
            values[at] = veil.process_result_value(values[at], None)
        return row._make(values)


def asked(connection: Connection, sql: bytes, values: Mapping[str, Any]) -> list[Any]:
    """Return the rows of a statement in the driver's words, as named tuples; raises what SQLAlchemy would.

    On the connection at hand and in its transaction, if it is in one.
    """
    driver: Any = connection.connection.driver_connection
    for tell in before_run:
        tell(sql, values)
    try:
        with driver.cursor(row_factory=namedtuple_row) as cursor:
            found: list[Any] = cursor.execute(sql, values).fetchall()
    except psycopg.Error as failed:
        raise told_as_sqlalchemy(connection, driver, failed) from failed
    return found


def told_as_sqlalchemy(connection: Connection, driver: Any, failed: psycopg.Error) -> Exception:
    """Return SQLAlchemy's error for one of the driver's, and have the pool drop a connection that is lost."""
    lost = bool(driver.closed or driver.broken or out_of_step(failed))
    if lost:
        lose(connection, failed)
    if out_of_step(failed):
        return told_as_lost(failed)
    return DBAPIError.instance(
        None, None, failed, psycopg.Error, hide_parameters=True, connection_invalidated=lost, dialect=_DIALECT
    )


class KeptQueries(Protocol[Asked, Built_co]):
    """A function whose queries are kept; `__wrapped__` builds one that is not."""

    def __call__(self, *args: Asked.args, **options: Asked.kwargs) -> Kept:
        """Return the kept query for these arguments."""
        ...

    def cache_clear(self) -> None:
        """Forget the queries that are kept."""
        ...

    @property
    def __wrapped__(self) -> Callable[Asked, Built_co]:
        """The function itself, for what will hardly be asked again."""
        ...


def kept_queries(size: int) -> Callable[[Callable[Asked, Built]], KeptQueries[Asked, Built]]:
    """Keep the queries that a function builds, for up to `size` different sets of arguments (which are hashable).

    Sets that differ in nothing but ids are one: see `tenants.taken`. A query that would hold an id raises IdKept.
    """

    def keep(build: Callable[Asked, Built]) -> KeptQueries[Asked, Built]:
        @lru_cache(size)
        def kept(call: Call) -> Kept:
            return Kept(call.build(build), call)

        @wraps(build)
        def asked_for(*args: Asked.args, **options: Asked.kwargs) -> Kept:
            call = Call(args, options)
            return Taken(kept(call), call.ids) if call.ids else kept(call)

        found: Any = asked_for
        found.cache_clear, found.cache_info = kept.cache_clear, kept.cache_info
        return cast("KeptQueries[Asked, Built]", found)

    return keep
