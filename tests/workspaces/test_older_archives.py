"""Archives of releases before this one, full of what their people did: everything arrives, is migrated, and works.

The workspace is filled by this release serving it as the release before left it: by its pages, its API and the
product's own actions. What migrations may change in rows that were there is named here; anything else is a loss.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql

from saas_crm.workspaces.restoring import restore_as
from saas_crm.workspaces.saving import save
from tenants.archive.catalog import foreign_keys_of, tables_of
from tenants.archive.manifest import TABLES
from tenants.archive.reading import ArchiveReader, reading
from tenants.archive.rows import put_rows, rows_of
from tenants.migrations.lines import head, steps
from tenants.provisioning import script
from tenants.versions import FORMER
from tests.rollout.conftest import Rollout, rollout
from tests.rollout.journey import Traveller, by_the_api, customers_and_work, people, pipeline
from tests.support.catalog import catalog
from tests.support.clients import browser_of

__all__ = ["rollout"]

OLDEST = steps("tenant")[0].revision
MIGRATED: Mapping[str, frozenset[str]] = {"roles": frozenset({"permissions"})}
"""What migrations change in rows of old, by table: the built-in roles get the permissions of what is new."""
FULL = frozenset({
    "activities", "api_tokens", "audit_log", "companies", "contacts", "invitations", "members", "opportunities",
    "pipelines", "roles", "search_entries", "stages", "teams",
})  # fmt: skip
"""Tables that have rows here; the others may."""
Rows = dict[str, dict[str, Any]]


@pytest.fixture
def rich(rollout: Rollout) -> Rollout:
    """Fill acme, at the version of the release before, with all that this had: customers, work, people, settings."""
    make, owner = rollout.make, Traveller(rollout, "owner")
    stages = [str(stage.id) for stage in make.stages("owner")]
    for number in range(6):
        who = "rep" if number % 2 else "colleague"
        company = make.company(who, name=f"Firm {number} 华夏", tags="red, VIP")
        ada = make.contact(who, name=f"Ada {number} 李", company_id=str(company.id), phone="+49 30 1234567")
        eva = make.contact(who, name=f"Consumer {number}", email=f"eva{number}@example.com")
        open_deal = make.deal(who, name=f"Open {number}", company_id=str(company.id), amount=f"{number}000.50")
        make.deal(who, outcome="won" if number % 2 else "lost", contact_id=str(eva.id), amount="7")
        make.activity(who, subject=f"Called {number}", company_id=str(company.id), contact_id=str(ada.id))
        make.activity(who, kind="task", subject=f"Ring {number}", due_at="2030-12-01T09:00",
                      opportunity_id=str(open_deal.id))  # fmt: skip
    customers_and_work(owner, stages)
    people(owner, make.member_id("teammate"), rollout.role_ids())
    pipeline(owner, str(rollout.samples.values["pipeline_id"]))
    by_the_api(owner, stages)
    make.own_role(name="Partners 伙伴", company__read="team", contact__read="own")
    with rollout.place.owner() as connection:
        photo = [rollout.cast["owner"].user_id, b"\x89PNG\x00\xff" * 1_000]
        connection.execute("INSERT INTO public.user_photos VALUES (%s, %s)", photo)
    return rollout


@pytest.fixture(params=[OLDEST, FORMER["tenant"]])
def archive(request: pytest.FixtureRequest, rich: Rollout, tmp_path: Path) -> Path:
    """Acme's archive, as the oldest release would have written it and as the one before did."""
    if request.param != FORMER["tenant"]:
        with rich.place.owner() as connection, connection.transaction():
            age(connection, rich.cast.tenants["acme"].schema_name, request.param)
    path = tmp_path / "acme.zip"
    assert save(rich.installation.settings.database_url, "acme", path).revision == request.param
    return path


def age(connection: psycopg.Connection[Any], schema: str, revision: str) -> None:
    """Put a workspace's rows into tables of a revision before, and these in its place."""
    old = "t_0123456789abcdef"
    known = tuple(step for step in steps("tenant") if step.revision <= revision)
    connection.execute(script(old, "crm_app", known).encode())
    tables = tables_of(connection, old)
    for key in foreign_keys_of(connection, old):
        drop = sql.SQL("ALTER TABLE {} DROP CONSTRAINT {}")
        connection.execute(drop.format(sql.Identifier(old, key.table), sql.Identifier(key.name)))
    for table in tables:
        place = sql.Identifier(old, table.name)
        connection.execute(sql.SQL("ALTER TABLE {} DISABLE TRIGGER USER; TRUNCATE {}").format(place, place))
        put_rows(connection, old, table, list(rows_of(connection, schema, table)))
    connection.execute(
        "UPDATE public.tenants SET schema_name = %s, role_name = %s, schema_version = %s WHERE schema_name = %s",
        [old, old, revision, schema],
    )


def rows_in(reader: ArchiveReader, table: str) -> Rows:
    """Return a table's rows by what names them."""
    found = [json.loads(line) for line in reader.lines(f"{TABLES}{table}.jsonl")]
    return {str(row.get("id") or sorted(row.items())): row for row in found}


def test_all_rows_arrive_and_only_what_migrations_change_is_changed(
    archive: Path, rich: Rollout, tmp_path: Path
) -> None:
    place, path = rich.place, tmp_path / "again.zip"
    restore_as(place.owner_url, place.runtime_url, archive, "copy")
    assert save(rich.installation.settings.database_url, "copy", path).revision == head("tenant")
    with reading(archive) as then, reading(path) as now:
        for table in then.tables:
            before, after = rows_in(then, table), rows_in(now, table)
            assert len(before) == then.manifest.files[f"{TABLES}{table}.jsonl"].lines, table
            assert after.keys() == before.keys(), table
            for key, row in before.items():
                changed = {name for name, value in row.items() if after[key][name] != value}
                assert changed <= MIGRATED.get(table, frozenset()), f"{table} {key}"
        full = {table for table in then.tables if then.manifest.files[f"{TABLES}{table}.jsonl"].lines}
        assert full >= FULL
        others = [name for name in then.manifest.files if name.startswith("people/")]
        assert len(others) >= 2, "the people, and a photo"
        assert all(now.manifest.files[name] == then.manifest.files[name] for name in others)
        assert permissions_lost(rows_in(then, "roles"), rows_in(now, "roles")) == []


def permissions_lost(before: Rows, after: Rows) -> list[str]:
    """Return what a role may no longer do, or with another scope."""
    return [
        f"{row['name']}: {name}" for key, row in before.items() for name, scope in row["permissions"].items()
        if after[key]["permissions"].get(name) != scope
    ]  # fmt: skip


def test_its_tables_are_this_releases_and_the_sums_are_right(archive: Path, rich: Rollout) -> None:
    place = rich.place
    restore_as(place.owner_url, place.runtime_url, archive, "copy")
    rich.upgrade("other")
    with place.owner() as connection:
        schemas = dict(connection.execute("SELECT slug, schema_name FROM public.tenants WHERE slug IS NOT NULL"))
        assert catalog(connection, schemas["copy"]) == catalog(connection, schemas["other"])
        for table in ("opportunity_totals", "opportunity_sums", "opportunity_owner_sums"):
            there = sql.Identifier(schemas["copy"], table)
            deals = sql.Identifier(schemas["copy"], "opportunities")
            summed = connection.execute(sql.SQL("SELECT sum(count), sum(amount) FROM {}").format(there)).fetchone()
            counted = connection.execute(
                sql.SQL("SELECT count(*), sum(amount) FROM {} WHERE deleted_at IS NULL").format(deals)
            ).fetchone()
            assert summed == counted, table


def test_its_people_go_on_working(archive: Path, rich: Rollout) -> None:
    place = rich.place
    restored = restore_as(place.owner_url, place.runtime_url, archive, "copy")
    assert restored.new_people == [], "who has a sign-in here keeps it"
    rich.app.extensions["directory"].forget()
    owner = browser_of(rich.app, replace(rich.cast["owner"], slug="copy"))
    for page, seen in (
        ("companies", "Firm 3 华夏"), ("contacts", "Ada 5 李"), ("deals", "Open 4"),
        ("search?q=Firm+2", "Firm 2"), ("settings/roles", "Partners 伙伴"), ("settings/audit", "Olivia Owner"),
        ("recycle-bin", "A better deal"), ("settings/members", "Rita Rep"), ("settings/pipelines", "Selling"),
    ):  # fmt: skip
        answer = owner.get(f"/copy/{page}")
        assert (answer.status_code, seen in answer.text) == (200, True), page
    firm = re.search(r'href="(/copy/companies/[0-9a-f-]{36})"[^>]*>[^<]*Firm 3', owner.get("/copy/companies").text)
    assert firm is not None
    assert "Called 3" in owner.get(firm[1]).text
    made = owner.post("/copy/companies", data={"name": "After the restore"})
    assert made.status_code == 303
    assert "After the restore" in owner.get("/copy/companies").text
