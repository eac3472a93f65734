"""`db check`: migrations make exactly the models' tables, and nothing they must not."""

from __future__ import annotations

import pytest

from saas_crm.cli.revision_rules import faults
from tenants.migrations.lines import Step
from tests.support.command import Call


def test_migrations_and_models_agree(call: Call) -> None:
    found = call("db", "check")
    assert found.exit_code == 0, found.output


def test_without_a_database_a_scratch_server_is_used(program) -> None:
    found = program("db", "check")
    assert (found.returncode, found.stderr) == (0, "")


@pytest.mark.parametrize(
    ("line", "sql", "said"),
    [
        ("tenant", "CREATE EXTENSION pg_trgm", "makes an extension"),
        ("tenant", "SET search_path = x", "write SET LOCAL"),
        ("tenant", "\n  set role x", "write SET LOCAL"),
        ("tenant", "CREATE INDEX CONCURRENTLY i ON t (a)", "cannot run inside"),
        ("tenant", "ALTER TABLE t ADD FOREIGN KEY (a) REFERENCES public.users (id)", "reaches into the shared"),
        ("tenant", "CREATE ROLE x", "makes a role"),
        (
            "tenant",
            "CREATE FUNCTION f() RETURNS int LANGUAGE sql SECURITY DEFINER SET search_path = x AS ''",
            "as the owner",
        ),
        (
            "shared",
            "CREATE FUNCTION f() RETURNS int LANGUAGE sql SECURITY DEFINER AS ''",
            "without a fixed search_path",
        ),
        ("shared", "GRANT SELECT ON t TO PUBLIC", "to everybody"),
    ],
)
def test_what_a_revision_must_not_do(line: str, sql: str, said: str) -> None:
    found = list(faults(line, Step("0007", sql)))
    assert len(found) == 1
    assert found[0].startswith("0007 ")
    assert said in found[0]


@pytest.mark.parametrize(
    "sql",
    ["SET LOCAL lock_timeout = '1s'", "-- public.tenants is elsewhere\nALTER TABLE t ADD a text", "UPDATE t SET a = 1",
     "CREATE TABLE republican (id int)"],
)  # fmt: skip
def test_what_a_revision_may_do(sql: str) -> None:
    assert list(faults("tenant", Step("0007", sql))) == []
