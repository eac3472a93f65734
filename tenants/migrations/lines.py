"""Turns Alembic revisions into SQL text, once."""

from __future__ import annotations

import io
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

HERE = Path(__file__).parent
TENANT_ROLE = "__tenant_role__"
TENANT_SCHEMA = "__tenant_schema__"
RUNTIME_LOGIN = "__runtime_login__"


@dataclass(frozen=True, slots=True)
class Step:
    """One revision and the SQL that reaches it from the revision before."""

    revision: str
    sql: str


@cache
def steps(line: str) -> tuple[Step, ...]:
    """Return the line's revisions, oldest first; `line` is "shared" or "tenant"."""
    directory = ScriptDirectory(str(HERE), version_locations=[str(HERE / line)])
    revisions = reversed(list(directory.walk_revisions()))
    return tuple(Step(r.revision, _render(r.module)) for r in revisions)


def head(line: str) -> str:
    """Return the newest revision of the line."""
    return steps(line)[-1].revision


def steps_after(line: str, revision: str) -> tuple[Step, ...]:
    """Return what a database at `revision` ("" = empty) still lacks.

    Raises LookupError for a revision this release does not know: the database is newer.
    """
    known = [step.revision for step in steps(line)]
    if not revision:
        return steps(line)
    if revision not in known:
        raise LookupError(f"revision {revision} of the {line} line is unknown to this release")
    return steps(line)[known.index(revision) + 1 :]


def fill(sql: str, **names: str) -> str:
    """Put a tenant's role, schema or the runtime login in place of their marks.

    Only our own opaque names pass, so that this can never carry input into SQL.
    """
    for mark, name in names.items():
        if not re.fullmatch(r"[a-z_][a-z0-9_]{0,62}", name):
            raise ValueError(f"not an identifier of ours: {name!r}")
        sql = sql.replace(f"__{mark}__", f'"{name}"')
    return sql


def _render(module: object) -> str:
    buffer = io.StringIO()
    context = MigrationContext.configure(
        dialect_name="postgresql",
        dialect_opts={"paramstyle": "named"},
        opts={"as_sql": True, "output_buffer": buffer},
    )
    with Operations.context(context):
        module.upgrade()  # type: ignore[attr-defined]
    return buffer.getvalue()
