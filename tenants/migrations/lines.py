"""Turns Alembic revisions into SQL text, once."""

from __future__ import annotations

import io
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from threading import Lock

HERE = Path(__file__).parent
TENANT_ROLE = "__tenant_role__"
TENANT_SCHEMA = "__tenant_schema__"
RUNTIME_LOGIN = "__runtime_login__"


@dataclass(frozen=True, slots=True)
class Step:
    """One revision and the SQL that reaches it from the revision before."""

    revision: str
    sql: str


_rendering = Lock()


def steps(line: str) -> tuple[Step, ...]:
    """Return the line's revisions, oldest first; `line` is "shared" or "tenant".

    One thread at a time: Alembic's `op` is one for the whole process, and two that render at once would
    write into each other's script.
    """
    with _rendering:
        return _steps(line)


@cache
def _steps(line: str) -> tuple[Step, ...]:
    """Alembic is imported here: what answers requests only asks for the newest revision's number."""
    from alembic.script import ScriptDirectory

    directory = ScriptDirectory(str(HERE), version_locations=[str(HERE / line)])
    revisions = reversed(list(directory.walk_revisions()))
    return tuple(Step(r.revision, _render(r.module)) for r in revisions)


@cache
def known(line: str) -> tuple[str, ...]:
    """Return the line's revisions, oldest first, by the names of its files: `r0007_what_it_does.py` is 0007."""
    return tuple(sorted(re.sub(r"^r(\d+)_.*", r"\1", file.stem) for file in (HERE / line).glob("r*_*.py")))


def head(line: str) -> str:
    """Return the newest revision of the line."""
    return known(line)[-1]


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

    Of tenants only our own opaque names pass, so that this can never carry input into SQL. The login is named
    by whoever runs the product, and a managed server may have named it app-user@crm: any name, quoted.
    """
    for mark, name in names.items():
        if mark == "runtime_login":
            if not 0 < len(name.encode()) <= 63 or "\0" in name:
                raise ValueError(f"not an identifier of PostgreSQL: {name!r}")
        elif not re.fullmatch(r"[a-z_][a-z0-9_]{0,62}", name):
            raise ValueError(f"not an identifier of ours: {name!r}")
        quoted = name.replace('"', '""')
        sql = sql.replace(f"__{mark}__", f'"{quoted}"')
    return sql


def _render(module: object) -> str:
    from alembic.operations import Operations
    from alembic.runtime.migration import MigrationContext

    buffer = io.StringIO()
    context = MigrationContext.configure(
        dialect_name="postgresql",
        dialect_opts={"paramstyle": "named"},
        opts={"as_sql": True, "output_buffer": buffer},
    )
    with Operations.context(context):
        module.upgrade()  # type: ignore[attr-defined]
    return buffer.getvalue()
