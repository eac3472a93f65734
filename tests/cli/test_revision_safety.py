"""Revisions that would stop people at work are refused, and those that would not are let through."""

from __future__ import annotations

import pytest

from saas_crm.cli.revision_safety import ACCEPTED, BIG, SMALL, hazards
from saas_crm.tables import metadata
from tenants import migrate
from tenants.migrations.lines import Step, steps


@pytest.mark.parametrize(("sql", "said"), [
    ("ALTER TABLE contacts ADD COLUMN a UUID DEFAULT gen_random_uuid() NOT NULL", "rewrites contacts"),
    ("ALTER TABLE contacts ADD COLUMN a TEXT GENERATED ALWAYS AS (upper(name)) STORED", "rewrites contacts"),
    ("ALTER TABLE contacts ADD COLUMN a BIGSERIAL", "rewrites contacts"),
    ("ALTER TABLE contacts ALTER COLUMN name TYPE TEXT", "rewrites contacts"),
    ("alter table only contacts alter column name set data type varchar(9)", "rewrites contacts"),
    ("ALTER TABLE contacts ADD COLUMN a INTEGER, ALTER COLUMN b TYPE TEXT", "rewrites contacts"),
    ("ALTER TABLE contacts ALTER COLUMN name SET NOT NULL", "under a lock"),
    ("ALTER TABLE contacts ADD CONSTRAINT c CHECK (a > 0)", "NOT VALID"),
    ("ALTER TABLE activities ADD CONSTRAINT f FOREIGN KEY(a) REFERENCES contacts (id)", "NOT VALID"),
    ("ALTER TABLE contacts ADD CONSTRAINT u UNIQUE (a)", "nobody can write"),
    ("CREATE INDEX i ON contacts (a)", "nobody can write"),
    ("CREATE UNIQUE INDEX i ON contacts (a) WHERE b", "nobody can write"),
    ("UPDATE contacts SET a = 1 WHERE b IS NULL", "in batches"),
    ("DELETE FROM audit_log WHERE at < now()", "in batches"),
    ("LOCK TABLE contacts IN ACCESS EXCLUSIVE MODE", "locks contacts"),
    ("ALTER TABLE policies ADD COLUMN a TEXT NOT NULL", "has no default"),
    ("ALTER TABLE contacts DROP COLUMN fax", "the release before reads"),
    ("ALTER TABLE contacts DROP fax", "the release before reads"),
    ("DROP TABLE teams", "the release before reads"),
    ("ALTER TABLE contacts RENAME COLUMN a TO b", "the release before reads"),
    ("ALTER TABLE teams RENAME TO units", "the release before reads"),
    ("UPDATE contacts c SET a = 1", "in batches"),
    ("UPDATE contacts AS c SET a = 1 FROM companies WHERE c.b = companies.id", "in batches"),
    ("CREATE INDEX ON contacts (a)", "nobody can write"),
    ("ALTER TABLE contacts ADD x uuid DEFAULT gen_random_uuid()", "rewrites contacts"),
    ("ALTER TABLE contacts ADD COLUMN x uuid DEFAULT (coalesce(NULL, gen_random_uuid()))", "rewrites contacts"),
    ("ALTER TABLE contacts ADD COLUMN d numeric(10, 2) NOT NULL", "has no default"),
    ("ALTER TABLE contacts ADD COLUMN a numeric(10,2) DEFAULT 0, ADD COLUMN b numeric(10,2) NOT NULL", "no default"),
    ("ALTER TABLE contacts ALTER name TYPE TEXT", "rewrites contacts"),
    ("ALTER TABLE contacts ADD CHECK (a IN (1, 2)), ADD CHECK (b > 0) NOT VALID", "NOT VALID"),
    ("DO $$ BEGIN UPDATE contacts SET a = 1; END $$", "in batches"),
    ("DO LANGUAGE plpgsql $do$ BEGIN EXECUTE 'DELETE FROM contacts'; END $do$", "in batches"),
    ("DO $do$ BEGIN EXECUTE $x$DROP TABLE teams$x$; END $do$", "the release before reads"),
    ("TRUNCATE contacts", "empties contacts"),
    ("TRUNCATE TABLE policies CASCADE", "empties policies"),
    ("INSERT INTO activities (id, kind) SELECT id, 'note' FROM contacts", "at once"),
    ("SET LOCAL lock_timeout = 0", "without end"),
    ("SET LOCAL statement_timeout TO '0'", "without end"),
])  # fmt: skip
def test_refused(sql: str, said: str) -> None:
    found = list(hazards("tenant", Step("0099", f"SELECT 1;\n{sql};\nSELECT 2;")))
    assert len(found) == 1, found
    assert found[0].startswith("0099 ")
    assert said in found[0]


@pytest.mark.parametrize("sql", [
    "ALTER TABLE contacts ADD COLUMN a TEXT",
    "ALTER TABLE contacts ADD COLUMN a INTEGER DEFAULT 0 NOT NULL",
    "ALTER TABLE contacts ADD COLUMN a TIMESTAMPTZ DEFAULT now() NOT NULL",
    "ALTER TABLE contacts ADD CONSTRAINT c CHECK (a > 0) NOT VALID",
    "ALTER TABLE contacts VALIDATE CONSTRAINT c",
    "ALTER TABLE contacts DROP CONSTRAINT c",
    "ALTER TABLE contacts ALTER COLUMN a DROP NOT NULL",
    "ALTER TABLE contacts ALTER COLUMN a DROP DEFAULT",
    "ALTER TABLE contacts ALTER COLUMN a SET DEFAULT 1",
    "CREATE INDEX i ON policies (a)",
    "UPDATE roles SET permissions = '{}'",
    "CREATE TABLE things (id UUID NOT NULL); CREATE INDEX i ON things (id); UPDATE things SET id = id",
    "-- UPDATE contacts SET a = 1\nSELECT 1",
    "CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $body$ BEGIN UPDATE contacts SET a = 1; END $body$",
    "CREATE TRIGGER t AFTER UPDATE OR DELETE ON contacts FOR EACH ROW EXECUTE FUNCTION f()",
    "SET LOCAL lock_timeout = '1s'",
    "INSERT INTO policies (id) SELECT id FROM contacts LIMIT 1",
    "INSERT INTO activities (id) VALUES (1)",
    "CREATE TRIGGER t BEFORE TRUNCATE ON contacts FOR EACH STATEMENT EXECUTE FUNCTION f()",
    "COMMENT ON TABLE contacts IS 'UPDATE contacts SET a = 1; DROP TABLE teams'",
    "ALTER TABLE contacts ADD COLUMN a numeric(10,2) DEFAULT 0 NOT NULL, ADD COLUMN b TEXT DEFAULT 'x, y;'",
    "DO $$ BEGIN UPDATE roles SET a = 1; END $$",
])  # fmt: skip
def test_let_through(sql: str) -> None:
    assert list(hazards("tenant", Step("0099", f"{sql};"))) == []


@pytest.mark.parametrize("line", ["shared", "tenant"])
def test_all_of_ours_are_safe(line: str) -> None:
    assert [fault for step in steps(line) for fault in hazards(line, step)] == []


def test_what_is_accepted_is_needed() -> None:
    for (line, revision), tables in ACCEPTED.items():
        [step] = [step for step in steps(line) if step.revision == revision]
        again = Step("0098", step.sql)
        assert tables == {table for table in BIG for fault in hazards(line, again) if table in fault}


def test_every_table_is_known_to_be_big_or_small() -> None:
    names = {table.name for line in ("shared", "tenant") for table in metadata(line).tables.values()}
    assert names == BIG | SMALL
    assert not BIG & SMALL


def test_the_runner_sets_time_limits() -> None:
    """So that a revision has no need to."""
    assert (migrate.LOCK_TIMEOUT, migrate.STATEMENT_TIMEOUT) == ("500ms", "60s")
