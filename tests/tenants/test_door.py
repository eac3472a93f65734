"""The only door to the database: one tenant a transaction, entered in full or not at all."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import psycopg
import pytest
from flask import Flask
from sqlalchemy import event, func, insert, inspect, select, text
from sqlalchemy.exc import DBAPIError, ProgrammingError

from saas_crm.access.shared_models import User
from saas_crm.customers.models import Company
from tenants.context import ActiveTenant, TenantMismatch, TenantRequired, current_tenant, entry_statement, speaking
from tenants.db import SHARED, db, enter, tenant_scope
from tests.support.cast import Cast
from tests.support.installation import Installation
from tests.support.making import Maker

WHO = text("SELECT current_user, current_setting('search_path'), current_setting('statement_timeout')")


@pytest.fixture
def one_connection(app_with: Callable[..., Flask]) -> Iterator[Flask]:
    """An application whose every transaction runs on the same connection."""
    app = app_with(database_pool_size=1)
    with app.app_context():
        yield app


def test_a_transaction_speaks_as_its_tenant_alone(app: Flask, cast: Cast) -> None:
    acme = cast.tenants["acme"]
    with app.app_context(), tenant_scope(acme):
        role, path, timeout = db.session.execute(WHO).one()
    assert (role, path, timeout) == (acme.role_name, f"{acme.schema_name}, pg_temp", "5s")


def test_nothing_of_the_tenant_stays_on_the_connection(one_connection: Flask, cast: Cast) -> None:
    before = db.session
    with tenant_scope(cast.tenants["acme"]):
        connection_id = before.scalar(select(func.pg_backend_pid()))
        before.commit()
    with db.engine.connect() as connection:
        assert connection.scalar(select(func.pg_backend_pid())) == connection_id
        role, path, timeout = connection.execute(WHO).one()
    assert (role, path, timeout) == ("crm_app", '""', "15s"), "the login's own"


@pytest.mark.parametrize("end", ["rollback", "remove"])
def test_a_connection_that_has_gone_is_let_go_in_peace(
    end: str, one_connection: Flask, cast: Cast, installation: Installation
) -> None:
    """Ending is no place to fail: an answer is made already, and whoever comes next must find nothing of this one."""
    with speaking(cast.tenants["acme"]):
        gone = db.session.scalar(select(func.pg_backend_pid()))
        with installation.place.owner() as owner:
            assert owner.execute("SELECT pg_terminate_backend(%s, 5000)", [gone]).fetchone() == (True,)
        getattr(db.session, end)()
        assert db.session.scalar(select(func.pg_backend_pid())) != gone
    db.session.remove()
    with tenant_scope(cast.tenants["other"]):
        assert db.session.execute(WHO).one()[0] == cast.tenants["other"].role_name


def test_each_transaction_of_a_session_enters_again(app: Flask, cast: Cast) -> None:
    with app.app_context(), tenant_scope(cast.tenants["acme"]):
        for end in (db.session.commit, db.session.rollback, db.session.commit):
            assert db.session.execute(WHO).one()[0] == cast.tenants["acme"].role_name
            end()


def test_a_savepoint_keeps_the_tenant_and_its_rollback_does_not_lose_it(app: Flask, cast: Cast) -> None:
    acme = cast.tenants["acme"]
    with app.app_context(), tenant_scope(acme):
        db.session.execute(text("SELECT 1"))
        with pytest.raises(DBAPIError), db.session.begin_nested():
            db.session.execute(text("SELECT 1 / 0"))
        assert db.session.execute(WHO).one()[0] == acme.role_name


def test_nobody_speaks_and_every_query_fails(app: Flask) -> None:
    with app.app_context():
        with pytest.raises(TenantRequired):
            db.session.scalars(select(Company.id)).all()
        with pytest.raises(TenantRequired):
            db.session.execute(text("SELECT 1"))
        with pytest.raises(TenantRequired):
            current_tenant()


def test_the_engine_without_a_session_reaches_no_tenants_table(app: Flask, cast: Cast) -> None:
    schema = cast.tenants["acme"].schema_name
    with app.app_context(), db.engine.connect() as connection:
        with pytest.raises(ProgrammingError, match="does not exist"):
            connection.execute(select(Company.id))
        connection.rollback()
        with pytest.raises(ProgrammingError, match="permission denied"):
            connection.execute(text(f"SELECT id FROM {schema}.companies"))


def test_a_tenant_without_an_entry_statement_cannot_be_entered(app: Flask, cast: Cast) -> None:
    acme = cast.tenants["acme"]
    bare = ActiveTenant(**{name: getattr(acme, name) for name in acme.__slots__ if name != "entry"})
    with app.app_context(), tenant_scope(bare), pytest.raises(TenantRequired):
        db.session.execute(text("SELECT 1"))


def test_names_in_the_entry_statement_are_quoted() -> None:
    message = entry_statement('t"; DROP SCHEMA x; --', "t_1", 100).decode()
    assert 'SET LOCAL ROLE "t""; DROP SCHEMA x; --";' in message
    assert message.count("SET LOCAL") == 3


def test_a_session_serves_one_tenant_for_life(app: Flask, cast: Cast, make: Maker) -> None:
    company = make.company("rep")
    acme, other = cast.tenants["acme"], cast.tenants["other"]
    with app.app_context():
        with speaking(acme):
            held = db.session.get(Company, company.id)
            assert held is not None, "it stays in the identity map as long as somebody holds it"
        with speaking(other):
            for use in (
                lambda: db.session.scalars(select(Company.name)).all(),
                lambda: db.session.get(Company, company.id),
                lambda: db.session.execute(text("SELECT 1")),
                lambda: db.session.execute(insert(Company), [{"name": "x", "sort_name": "x", "name_key": "x"}]),
            ):
                with pytest.raises(TenantMismatch):
                    use()
        with pytest.raises(TenantMismatch):
            db.session.get(Company, company.id)
        del held
        db.session.remove()


def test_a_session_writes_nothing_for_another_tenant(app: Flask, cast: Cast) -> None:
    with app.app_context():
        with speaking(cast.tenants["acme"]):
            db.session.add(Company(name="Ours", sort_name="ours", name_key="ours"))
        with speaking(cast.tenants["other"]), pytest.raises(TenantMismatch):
            db.session.flush()
        db.session.remove()


def test_a_scope_drops_the_session_on_the_way_in_and_out(app: Flask, cast: Cast, make: Maker) -> None:
    company = make.company("rep")
    with app.app_context():
        with tenant_scope(cast.tenants["acme"]):
            outside = db.session()
            ours = db.session.get(Company, company.id)
            assert ours is not None
        with tenant_scope(cast.tenants["other"]):
            assert db.session() is not outside
            assert db.session.get(Company, company.id) is None
        assert inspect(ours).detached
    with app.app_context(), pytest.raises(RuntimeError, match="on purpose"), tenant_scope(cast.tenants["acme"]):
        raise RuntimeError("on purpose")
    with app.app_context(), pytest.raises(TenantRequired):
        db.session.execute(text("SELECT 1"))


def test_shared_tables_are_out_of_a_tenants_reach(app: Flask, cast: Cast, installation: Installation) -> None:
    """All there are, by the catalog: one that comes with a later release as well."""
    with installation.place.owner() as connection:
        tables = connection.execute(
            "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables WHERE schemaname IN ('public', 'jobs')"
        ).fetchall()
    assert {"public.users", "public.passkeys", "public.operators", "jobs.procrastinate_jobs"} <= {t for (t,) in tables}
    with app.app_context(), tenant_scope(cast.tenants["acme"]):
        for (table,) in tables:
            with pytest.raises(ProgrammingError, match="permission denied"), db.session.begin_nested():
                db.session.execute(text(f"SELECT count(*) FROM {table}"))


def test_one_tenants_role_reads_no_other_schema(app: Flask, cast: Cast) -> None:
    other = cast.tenants["other"].schema_name
    refused = pytest.raises(ProgrammingError, match="permission denied")
    with app.app_context(), tenant_scope(cast.tenants["acme"]), refused:
        db.session.execute(text(f"SELECT count(*) FROM {other}.companies"))


def test_the_shared_door_reaches_no_tenants_table(app: Flask, cast: Cast) -> None:
    with app.app_context(), db.engines[SHARED].connect() as connection:
        assert connection.scalar(select(func.count()).select_from(User)) >= 9
        with pytest.raises(ProgrammingError, match="does not exist"):
            connection.execute(select(Company.id))


def test_a_statement_that_takes_too_long_is_stopped(app: Flask, cast: Cast, installation: Installation) -> None:
    acme = cast.tenants["acme"]
    slow = ActiveTenant(
        **{
            **{name: getattr(acme, name) for name in acme.__slots__},
            "entry": entry_statement(acme.role_name, acme.schema_name, 100),
        }
    )
    with app.app_context(), tenant_scope(slow), pytest.raises(DBAPIError, match="statement timeout"):
        db.session.execute(text("SELECT pg_sleep(3)"))


def test_a_connection_is_retired_after_enough_tenants(app_with: Callable[..., Flask], cast: Cast) -> None:
    app = app_with(database_pool_size=1, connection_tenants=2)

    def backend(tenant: ActiveTenant) -> int:
        with tenant_scope(tenant):
            found = db.session.scalar(select(func.pg_backend_pid()))
            db.session.commit()
        return int(found or 0)

    acme, other = cast.tenants["acme"], cast.tenants["other"]
    with app.app_context():
        first = backend(acme)
        assert backend(acme) == first, "the same tenant again is no further tenant"
        assert backend(other) == first, "the second tenant is served before the connection goes"
        assert backend(acme) != first


def test_the_product_retires_a_connection_after_a_hundred_tenants(installation: Installation) -> None:
    assert installation.settings.connection_tenants == 100


def test_switching_costs_one_message(one_connection: Flask, cast: Cast) -> None:
    """The entry is one protocol message: PostgreSQL sees it as one query of three statements."""
    with one_connection.app_context(), db.engine.connect() as connection:
        raw = connection.connection.driver_connection
        assert raw is not None
        sent: list[bytes] = []
        real = raw.execute

        def record(query: bytes, *args: object) -> psycopg.Cursor:
            sent.append(query)
            return real(query, *args)

        raw.execute = record
        enter(connection, cast.tenants["acme"])
        del raw.execute
    assert len(sent) == 1


def test_reading_ends_with_commit_so_that_prepared_statements_live(
    one_connection: Flask, cast: Cast, client_for: Callable[..., object]
) -> None:
    ends: list[str] = []
    event.listen(db.engine, "commit", lambda _: ends.append("commit"))
    event.listen(db.engine, "rollback", lambda _: ends.append("rollback"))
    for _ in range(8):
        with tenant_scope(cast.tenants["acme"]):
            db.session.scalars(select(Company.id).where(Company.name == "x")).all()
            db.session.commit()
    assert ends == ["commit"] * 8
    with db.engine.connect() as connection:
        kept = connection.scalar(text("SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE '%companies%'"))
    assert kept == 1
