"""What a request would have changed: triggers tell it, and at the commit it is taken back.

So every request finds the workspace as it was built, and nothing of a change can hide: whichever table, column or
workspace it is in. What goes past the tenant's session (people's own sign-ins) is committed, told, and no record.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import psycopg
from psycopg import sql
from psycopg.rows import tuple_row
from psycopg.types.json import Jsonb

from tenants.db import TenantSession
from tenants.kept import told_as_sqlalchemy
from tests.support.installation import Place

_FUNCTION = """
CREATE SCHEMA watched;
GRANT USAGE ON SCHEMA watched TO PUBLIC;
CREATE UNLOGGED TABLE watched.changes (place text, name text, act text, was jsonb, is_now jsonb);
GRANT SELECT ON watched.changes TO PUBLIC;
CREATE FUNCTION watched.note() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
  IF TG_OP = 'UPDATE' AND OLD IS NOT DISTINCT FROM NEW THEN RETURN NULL; END IF;
  INSERT INTO watched.changes VALUES (TG_TABLE_SCHEMA, TG_TABLE_NAME, TG_OP,
    CASE WHEN TG_OP <> 'INSERT' THEN to_jsonb(OLD) END, CASE WHEN TG_OP <> 'DELETE' THEN to_jsonb(NEW) END);
  RETURN NULL;
END $$;
"""
_READ = b"""SET CONSTRAINTS ALL IMMEDIATE;
SELECT place, name, act, was, is_now FROM watched.changes;
ROLLBACK"""
"""All in one message, since it is sent after every request."""


class Change(NamedTuple):
    """One row that was added, changed or removed."""

    place: str
    table: str
    act: str
    was: dict[str, Any]
    is_now: dict[str, Any]

    @property
    def columns(self) -> set[str]:
        """Return which columns differ; all of them for a row that is new or gone."""
        return {name for name in {*self.was, *self.is_now} if self.was.get(name) != self.is_now.get(name)}


def _change(row: Sequence[Any]) -> Change:
    was, is_now = (json.loads(value) if isinstance(value, str) else value or {} for value in row[3:])
    return Change(row[0], row[1], row[2], was or {}, is_now or {})


@dataclass
class Watch:
    """The changes since they were last taken."""

    connection: psycopg.Connection[Any]
    _found: list[Change] = field(default_factory=list)

    def note(self, rows: Sequence[Any]) -> None:
        """Keep what a transaction was about to commit."""
        self._found += [_change(row) for row in rows]

    def take(self, *, committed: bool) -> list[Change]:
        """Return the changes and forget them; `committed` also those that were not taken back."""
        found, self._found = self._found, []
        if committed:
            rows = self.connection.execute(f"WITH gone AS (DELETE FROM watched.changes RETURNING *) {_GONE}").fetchall()
            found += [_change(row) for row in rows]
            self._put_back([change for change in found if change.act == "DELETE" and change.table in KEPT])
        return found

    def forget(self) -> None:
        """Forget what was changed until now."""
        self._found.clear()
        self.connection.execute("DELETE FROM watched.changes")

    def _put_back(self, gone: list[Change]) -> None:
        """Bring rows back that were removed past the tenant's session, for whoever tries next."""
        for table in KEPT:
            # What is committed while a tenant's session still tells its own changes is told twice.
            into = sql.SQL("INSERT INTO public.{t} SELECT * FROM jsonb_populate_record(NULL::public.{t}, %s)"
                           " ON CONFLICT DO NOTHING")  # fmt: skip
            for change in gone:
                if change.table == table:
                    self.connection.execute(into.format(t=sql.Identifier(table)), [Jsonb(change.was)])
        if gone:
            self.connection.execute("DELETE FROM watched.changes")


KEPT = ("archives", "archive_pieces")
"""Shared tables whose rows are put back when they were removed, the first before what hangs on it."""
_GONE = "SELECT place, name, act, was, is_now FROM gone"


@contextmanager
def watching(place: Place, schemas: Sequence[str]) -> Iterator[Watch]:
    """Watch the tables of these schemas and the shared ones until the block ends, and let no tenant commit."""
    with place.owner() as connection:
        connection.execute("DROP SCHEMA IF EXISTS watched CASCADE")
        connection.execute(_FUNCTION.encode())
        listed = "SELECT schemaname, tablename FROM pg_tables WHERE schemaname = ANY(%s) ORDER BY 1, 2"
        for schema, table in connection.execute(listed, [["public", *schemas]]).fetchall():
            connection.execute(
                sql.SQL("CREATE TRIGGER watched AFTER INSERT OR UPDATE OR DELETE ON {} FOR EACH ROW"
                        " EXECUTE FUNCTION watched.note()").format(sql.Identifier(schema, table))
            )  # fmt: skip
        watch = Watch(connection)
        committing = TenantSession.commit
        TenantSession.commit = lambda session: _tell(session, watch)  # type: ignore[method-assign]
        try:
            yield watch
        finally:
            TenantSession.commit = committing  # type: ignore[method-assign]
            connection.execute("DROP SCHEMA watched CASCADE")


def _tell(session: TenantSession, watch: Watch) -> None:
    """Do what a commit does but the last word: send all changes, then tell them and take them back."""
    if session.in_transaction() or session.new or session.dirty or session.deleted:
        session.flush()
        driver: Any = session.connection().connection.driver_connection
        with driver.cursor(row_factory=tuple_row) as cursor:
            try:
                cursor.execute(_READ, prepare=False)
            except psycopg.Error as failed:
                raise told_as_sqlalchemy(session.connection(), driver, failed) from failed
            cursor.nextset()
            watch.note(cursor.fetchall())
        session.rollback()
