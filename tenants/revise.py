"""Compares the models with what the migrations make, and writes the next revision: a developer's tool."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from alembic.autogenerate import compare_metadata, produce_migrations, render_python_code
from alembic.operations.ops import UpgradeOps
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, MetaData, create_engine, text
from sqlalchemy.pool import NullPool

from tenants.migrations.lines import HERE, fill, steps
from tenants.settings import sqlalchemy_url

SCRATCH = "t_scratch"
UNMANAGED = {"shared_version"}


def differences(owner_url: str, line: str, metadata: MetaData) -> list[Any]:
    """Return what the models have and the migrations of `line` do not make, or the other way round.

    The tenant line runs in a scratch schema of a transaction that is rolled back; the shared line is
    compared with what the database at `owner_url` has.
    """
    return _scratch(owner_url, line, lambda context: compare_metadata(context, metadata))  # type: ignore[no-any-return]


def write_revision(owner_url: str, line: str, metadata: MetaData, message: str) -> str:
    """Write the revision that closes the differences; returns its path, to be read and tidied."""
    found = steps(line)
    number = f"{len(found) + 1:04d}"
    code = _scratch(owner_url, line, lambda context: render_python_code(
        _upgrade(context, metadata), migration_context=context))  # fmt: skip
    path = HERE / line / f"r{number}_{message.replace(' ', '_')}.py"
    path.write_text(_module(message, number, found[-1].revision if found else None, code), encoding="utf-8")
    return str(path)


def _upgrade(context: MigrationContext, metadata: MetaData) -> UpgradeOps:
    operations = produce_migrations(context, metadata).upgrade_ops
    assert operations is not None
    return operations


def _module(message: str, number: str, before: str | None, code: str) -> str:
    stamp = datetime.now(UTC).date().isoformat()
    return f'''"""{message.capitalize()} ({stamp})."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "{number}"
down_revision = {f'"{before}"' if before else None}
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    {code}
'''


def _scratch(owner_url: str, line: str, ask: Any) -> Any:
    engine = create_engine(sqlalchemy_url(owner_url), poolclass=NullPool)
    with engine.connect() as connection, connection.begin() as transaction:
        if line == "tenant":
            _build_tenant(connection)
        else:
            connection.dialect.default_schema_name = ""
        context = MigrationContext.configure(connection, opts=_options(line))
        answer = ask(context)
        transaction.rollback()
    return answer


def _build_tenant(connection: Connection) -> None:
    connection.execute(text(f"CREATE ROLE {SCRATCH}"))
    connection.execute(text(f"CREATE SCHEMA {SCRATCH}"))
    connection.execute(text(f"SET LOCAL search_path = {SCRATCH}"))
    raw = connection.connection.driver_connection
    assert raw is not None
    for step in steps("tenant"):
        raw.execute(fill(step.sql, tenant_role=SCRATCH, tenant_schema=SCRATCH).encode())
    connection.dialect.default_schema_name = SCRATCH


def _options(line: str) -> dict[str, Any]:
    def ours(_item: Any, name: str | None, kind: str, _reflected: bool, _other: Any) -> bool:
        return not (kind == "table" and name in UNMANAGED)

    def only_public(name: str | None, kind: str, _parents: Any) -> bool:
        return kind != "schema" or name == "public"

    options: dict[str, Any] = {"include_object": ours, "compare_type": True, "compare_server_default": False}
    if line == "shared":
        options.update(include_schemas=True, include_name=only_public)
    return options
