"""What each database role may do, asked of the database itself."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
from psycopg import sql
from psycopg.errors import InsufficientPrivilege

from tests.support.cast import Cast
from tests.support.installation import RUNTIME_LOGIN, Installation


def ask(installation: Installation, query: str, *values: Any) -> list[tuple[Any, ...]]:
    with installation.place.owner() as connection:
        return connection.execute(query, values).fetchall()


def as_tenant(installation: Installation, schema: str) -> psycopg.Connection[Any]:
    """Open the runtime login's connection inside a tenant, as a request has it."""
    connection = psycopg.connect(installation.place.runtime_url)
    role = sql.Identifier(schema)
    connection.execute(sql.SQL("SET LOCAL ROLE {}; SET LOCAL search_path = {}, pg_temp").format(role, role))
    return connection


def test_the_runtime_login_is_no_more_than_a_login(installation: Installation) -> None:
    query = (
        "SELECT rolcanlogin, rolinherit, rolsuper, rolcreaterole, rolcreatedb, rolreplication, rolbypassrls,"
        " rolconfig FROM pg_roles WHERE rolname = %s"
    )
    [(login, *powers, config)] = ask(installation, query, RUNTIME_LOGIN)
    assert login
    assert not any(powers)
    assert set(config) == {'search_path=""', "statement_timeout=15000", "jit=off"}


def test_the_runtime_login_owns_nothing(installation: Installation) -> None:
    owned = ask(
        installation,
        "SELECT 'relation', relname::text FROM pg_class WHERE relowner = %(role)s::regrole"
        " UNION ALL SELECT 'schema', nspname FROM pg_namespace WHERE nspowner = %(role)s::regrole"
        " UNION ALL SELECT 'function', proname FROM pg_proc WHERE proowner = %(role)s::regrole"
        " UNION ALL SELECT 'type', typname FROM pg_type WHERE typowner = %(role)s::regrole"
        " UNION ALL SELECT 'database', datname FROM pg_database WHERE datdba = %(role)s::regrole".replace(
            "%(role)s", f"'{RUNTIME_LOGIN}'"
        ),
    )
    assert owned == []


def test_tenants_roles_cannot_sign_in_and_own_nothing(installation: Installation) -> None:
    roles = ask(
        installation,
        "SELECT r.rolcanlogin, r.rolsuper, r.rolcreaterole, r.rolcreatedb,"
        " EXISTS (SELECT FROM pg_class c WHERE c.relowner = r.oid),"
        " EXISTS (SELECT FROM pg_auth_members m WHERE m.member = r.oid)"
        " FROM pg_roles r JOIN public.tenants t ON t.role_name = r.rolname",
    )
    assert len(roles) >= 2
    assert all(not any(powers) for powers in roles)


def test_schema_names_say_nothing_about_the_tenant(installation: Installation, cast: Cast) -> None:
    for tenant in cast.tenants.values():
        assert tenant.slug not in tenant.schema_name
        assert tenant.id.hex not in tenant.schema_name


@pytest.mark.parametrize(
    "attempt",
    [
        "UPDATE audit_log SET action = 'forged'",
        "DELETE FROM audit_log",
        "ALTER FUNCTION public.forget_audit(integer) COST 1",
        "TRUNCATE audit_log",
        "TRUNCATE companies",
        "DROP TABLE companies",
        "ALTER TABLE companies ADD COLUMN x int",
        "ALTER TABLE companies DISABLE TRIGGER ALL",
        "CREATE TABLE mine (x int)",
        "CREATE TEMPORARY TABLE companies (x int)",
        "CREATE SCHEMA mine",
        "CREATE ROLE mine",
        "CREATE FUNCTION mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "SELECT count(*) FROM public.users",
        "SELECT count(*) FROM public.tenants",
        "SELECT count(*) FROM public.sessions",
        "SELECT count(*) FROM jobs.procrastinate_jobs",
        "SET session_replication_role = replica",
        "COPY companies TO PROGRAM 'cat'",
        "COPY companies FROM '/etc/passwd'",
        "SELECT pg_read_file('/etc/passwd')",
        "SELECT rolpassword FROM pg_authid",
    ],
)
def test_a_tenants_role_may_not(attempt: str, installation: Installation, cast: Cast) -> None:
    with as_tenant(installation, cast.tenants["acme"].schema_name) as connection:
        with pytest.raises((InsufficientPrivilege, psycopg.errors.InvalidSchemaName)):
            connection.execute(attempt.encode())
        connection.rollback()


def test_a_tenants_role_reads_no_table_of_another_schema(installation: Installation, cast: Cast) -> None:
    other = cast.tenants["other"].schema_name
    tables = ask(installation, "SELECT tablename FROM pg_tables WHERE schemaname = %s", other)
    assert len(tables) > 10
    with as_tenant(installation, cast.tenants["acme"].schema_name) as connection:
        for (table,) in tables:
            with pytest.raises(InsufficientPrivilege), connection.transaction():
                connection.execute(sql.SQL("SELECT 1 FROM {}").format(sql.Identifier(other, table)))
        connection.rollback()


def test_the_runtime_login_without_a_role_reads_no_tenant(installation: Installation, cast: Cast) -> None:
    with installation.place.runtime() as connection, pytest.raises(InsufficientPrivilege):
        connection.execute(f"SELECT count(*) FROM {cast.tenants['acme'].schema_name}.companies")


def test_the_runtime_login_can_not_register_drop_or_make_tenants(installation: Installation) -> None:
    for attempt in (
        "INSERT INTO public.tenants (id, schema_name, role_name) VALUES (gen_random_uuid(), 'x', 'x')",
        "DELETE FROM public.tenants",
        "CREATE ROLE t_mine",
        "CREATE SCHEMA mine",
        "UPDATE public.shared_version SET revision = '0'",
        "UPDATE public.tenants SET role_name = schema_name",
        "UPDATE public.tenants SET schema_version = ''",
    ):
        with installation.place.runtime() as connection, pytest.raises(InsufficientPrivilege):
            connection.execute(attempt.encode())


def test_audit_rows_can_be_added_and_read(installation: Installation, cast: Cast) -> None:
    with as_tenant(installation, cast.tenants["acme"].schema_name) as connection:
        connection.execute(
            "INSERT INTO audit_log (id, through, action, resource, changes)"
            " VALUES (gen_random_uuid(), 'web', 'test', 'company', '{}')"
        )
        assert connection.execute("SELECT count(*) FROM audit_log WHERE action = 'test'").fetchone() == (1,)
        connection.rollback()


def test_no_function_of_ours_runs_as_its_owner_with_an_open_path(installation: Installation) -> None:
    """A SECURITY DEFINER function without a fixed path would run the caller's tables with the owner's power."""
    definers = ask(
        installation,
        "SELECT p.proname, p.proconfig FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace"
        " WHERE p.prosecdef AND n.nspname !~ '^pg_'",
    )
    assert {name for name, _ in definers} == {
        "defer_job", "defer_operator_work", "erase_audit", "failed_jobs_of", "forget_audit", "standing",
        "worker_seen_at",
    }  # fmt: skip
    assert all(any(str(entry).startswith("search_path=") for entry in config or ()) for _, config in definers)
