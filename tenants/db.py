"""The door: Flask-SQLAlchemy with two engines, and a Session that serves one tenant for life."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeAlias, cast
from uuid import UUID

import psycopg
from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from flask_sqlalchemy.session import Session as FlaskSession
from sqlalchemy import CompoundSelect, Connection, DateTime, Executable, MetaData, Select, event
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import DeclarativeBase, ORMExecuteState, Session, SessionTransaction
from uuid_utils import compat

from tenants.context import (
    ActiveTenant,
    TenantMismatch,
    TenantRequired,
    current_tenant,
    speaking,
    tenant_or_none,
)
from tenants.kept import Found, Kept
from tenants.near import NearPool
from tenants.out_of_step import drop_those_out_of_step, lose, told_as_lost
from tenants.settings import Settings, sqlalchemy_url
from tenants.veils import any_veils, veils_of

SHARED = "shared"
AnyRow: TypeAlias = Any
"""One row of a query of plain columns: its values by the columns' names, or in their order."""
AnySelect: TypeAlias = "Select[*tuple[Any, ...]]"
AnyUnion: TypeAlias = "CompoundSelect[*tuple[Any, ...]]"
AnyQuery: TypeAlias = "Select[*tuple[Any, ...]] | CompoundSelect[*tuple[Any, ...]]"
NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


def new_id() -> UUID:
    """Return a UUIDv7 (RFC 9562): ordered by time, so indexes grow at one end."""
    return compat.uuid7()


class Base(DeclarativeBase):
    """Root of all tables; times always carry their zone."""

    metadata = MetaData(naming_convention=NAMING)


class TenantSession(FlaskSession):
    """A session that enters its tenant at the start of each transaction and refuses any other.

    It belongs to the tenant that speaks when it is made, else to the first that speaks when it is used.
    """

    def __init__(self, db: SQLAlchemy, **options: Any) -> None:
        super().__init__(db, **options)
        if tenant_or_none() is not None:
            self.info["tenant"] = current_tenant()

    def get(self, *args: Any, **options: Any) -> Any:
        """Return a record by its key; the identity map answers without SQL, so the tenant is checked here."""
        self.serve()
        return super().get(*args, **options)

    def serve(self) -> ActiveTenant:
        """Return whom this session serves, fixed at its first use; raises TenantRequired, TenantMismatch for others."""
        speaker = tenant_or_none()
        served: ActiveTenant | None = self.info.get("tenant")
        if served is None:
            served = self.info["tenant"] = current_tenant()
        elif speaker is None or speaker.id != served.id:
            raise TenantMismatch("this session serves another tenant")
        return served

    def rollback(self) -> None:
        """Undo what was begun; where the connection has gone, the database has done so by itself."""
        try:
            super().rollback()
        except OperationalError:
            self.invalidate()

    def close(self) -> None:
        """End; whoever drops a session goes on without it, also when its connection has gone meanwhile."""
        try:
            super().close()
        except OperationalError:
            self.invalidate()


db = SQLAlchemy(model_class=Base, session_options={"class_": TenantSession, "expire_on_commit": False})


def fetch(query: AnyQuery | Kept, values: Mapping[str, Any] | None = None) -> Found:
    """Return what a query of plain columns of the tenant's tables finds; `values` fill its named parameters.

    In the session's transaction and after its flush, as `db.session.execute`, but without the machinery for loading
    objects, which takes half as long again as the query itself; a kept query does without SQLAlchemy's altogether.
    """
    session = cast("TenantSession", db.session())
    session.serve()
    session.flush()
    connection = session.connection()
    if isinstance(query, Kept):
        return query.run(connection, values or {})
    if any_veils():
        veils_of(query)
    return Found(connection.execute(query, values or {}))


def stream(query: AnyQuery, *, at_a_time: int = 1_000) -> Iterator[AnyRow]:
    """Yield what a query of plain columns of the tenant's tables finds, some rows at a time.

    By a cursor of the database, so all is of one moment, memory holds `at_a_time` rows, and the statement timeout
    counts for each time alone. It lives in the session's transaction, beside other statements.
    """
    session = cast("TenantSession", db.session())
    session.serve()
    session.flush()
    if any_veils():
        veils_of(query)
    yield from session.connection().execute(query, execution_options={"yield_per": at_a_time})


def run(session: Session, statement: Executable, values: Any) -> Found:
    """Run a statement on tables rather than on objects and return the rows it gives back, if any.

    In the session's transaction and for its tenant alone, as `fetch`; `values` are one row's parameters or many's.
    """
    if isinstance(session, TenantSession):
        session.serve()
    session.flush()
    result = session.connection().execute(statement, values)
    return Found(result) if result.returns_rows else Found()


db.Model.registry.update_type_annotation_map({datetime: DateTime(timezone=True)})  # type: ignore[attr-defined]

if TYPE_CHECKING:
    Model = Base
else:
    Model = db.Model


class TenantModel(Model):
    """A table that every tenant has in its own schema."""

    __abstract__ = True


class SharedModel(Model):
    """A table of the installation, in `public`, reached without a tenant."""

    __abstract__ = True
    __bind_key__ = SHARED
    __table_args__: Any = {"schema": "public"}  # noqa: RUF012 - SQLAlchemy's own protocol


def _is_shared(connection: Connection) -> bool:
    return connection.get_execution_options().get("room") == SHARED


@event.listens_for(TenantSession, "after_begin")
def _enter_tenant(session: TenantSession, transaction: SessionTransaction, connection: Connection) -> None:
    if _is_shared(connection) or transaction.nested:
        return
    enter(connection, session.serve())


@event.listens_for(TenantSession, "do_orm_execute")
def _refuse_other_tenant(state: ORMExecuteState) -> None:
    """Check before every statement: a transaction whose beginning failed must not serve the next one either."""
    if isinstance(state.session, TenantSession):
        state.session.serve()
    if state.is_select and any_veils():
        veils_of(state.statement)


@event.listens_for(TenantSession, "before_flush")
def _write_for_no_other_tenant(session: TenantSession, _context: Any, _instances: Any) -> None:
    session.serve()


def enter(connection: Connection, tenant: ActiveTenant) -> None:
    """Make this transaction the tenant's: role, search path and timeout in one message."""
    if not tenant.entry:
        raise TenantRequired("a tenant without an entry statement cannot be entered")
    raw = connection.connection.driver_connection
    assert raw is not None
    try:
        raw.execute(tenant.entry)
    except (psycopg.OperationalError, psycopg.InternalError) as lost:
        lose(connection, lost)
        raise told_as_lost(lost) from lost
    connection.info.setdefault("tenants", set()).add(tenant.id)


@contextmanager
def tenant_scope(tenant: ActiveTenant | None) -> Iterator[None]:
    """Speak for a tenant with a session of its own: dropped on the way in and on the way out."""
    db.session.remove()
    try:
        with speaking(tenant):
            yield
            db.session.remove()
    finally:
        db.session.remove()


def init_app(app: Flask, settings: Settings) -> None:
    """Attach the two engines to the application and retire their connections in time."""
    url = sqlalchemy_url(settings.database_url)
    connect = {"prepare_threshold": 5 if settings.database_prepare else None, "connect_timeout": 10}
    options: dict[str, Any] = {
        "pool_size": settings.database_pool_size,
        "max_overflow": settings.database_pool_size,
        "pool_recycle": 900,
        "pool_timeout": 10,
        "poolclass": NearPool,
        "hide_parameters": True,  # what people typed must not reach a log by way of an error
        "connect_args": connect,
    }
    app.config["SQLALCHEMY_DATABASE_URI"] = url
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = options
    app.config["SQLALCHEMY_BINDS"] = {SHARED: {"url": url, **options, "execution_options": {"room": SHARED}}}
    db.init_app(app)
    with app.app_context():
        for engine in (db.engine, db.engines[SHARED]):  # by the shared one new workspaces are founded
            event.listen(engine, "checkin", _retire_after(settings.connection_tenants))
            drop_those_out_of_step(engine)


def _retire_after(tenants: int) -> Any:
    """Close a connection that has touched many tenants: a backend keeps some 90 kB per table for ever."""

    def checkin(_connection: Any, record: Any) -> None:
        if record.dbapi_connection is not None and len(record.info.get("tenants", ())) >= tenants:
            record.invalidate()

    return checkin
