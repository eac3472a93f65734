"""A workspace taken along and brought back: all of it, of one moment, here and in another installation."""

from __future__ import annotations

import csv
import io
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID
from zipfile import ZipFile

import psycopg
import pytest
from flask import Flask
from psycopg import sql

from saas_crm.access.passwords import hash_password, password_matches
from saas_crm.workspaces.restoring import restore_as
from saas_crm.workspaces.saving import save
from saas_crm.workspaces.sheets import add_sheets
from tenants.archive.catalog import TRANSIENT, tables_of
from tenants.archive.manifest import Manifest
from tenants.archive.reading import reading
from tenants.archive.writing import ArchiveWriter, UnknownTenant, write_archive
from tenants.migrations.lines import head, steps
from tenants.provisioning import SlugTaken, make_spares, script
from tests.support.cast import PASSWORD, Cast, found_another
from tests.support.catalog import catalog
from tests.support.clients import Browser, browser_of
from tests.support.installation import Installation, Place
from tests.support.making import Maker
from tests.workspaces.conftest import AWKWARD


def restored(archive: Path, place: Place, slug: str = "copy") -> str:
    """Restore an archive as a new workspace and return its schema."""
    restore_as(place.owner_url, place.runtime_url, archive, slug)
    with place.owner() as connection:
        [schema] = connection.execute("SELECT schema_name FROM public.tenants WHERE slug = %s", [slug]).fetchone() or ()
    return str(schema)


def manifest_of(path: Path) -> Manifest:
    with reading(path) as reader:
        return reader.manifest


@pytest.mark.newest  # of what is behind another archive comes out: tests/workspaces/test_older_archives.py
def test_an_archive_of_the_restored_workspace_is_the_same(
    archive: Path, installation: Installation, tmp_path: Path
) -> None:
    restored(archive, installation.place)
    again = save(installation.settings.database_url, "copy", tmp_path / "again.zip")
    assert again.files == manifest_of(archive).files
    assert again.tenant.model_dump(exclude={"id", "slug"}) == manifest_of(archive).tenant.model_dump(
        exclude={"id", "slug"}
    )


def test_every_table_is_in_it_and_every_row(archive: Path, cast: Cast, installation: Installation) -> None:
    files = manifest_of(archive).files
    schema = cast.tenants["acme"].schema_name
    with installation.place.owner() as connection:
        tables = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = %s", [schema]).fetchall()
        assert {name for (name,) in tables} - TRANSIENT == {table.name for table in tables_of(connection, schema)}
        for table in tables_of(connection, schema):
            query = sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(schema, table.name))
            assert connection.execute(query).fetchone() == (files[f"tables/{table.name}.jsonl"].lines,), table.name
    assert files["tables/companies.jsonl"].lines == 1
    assert files["tables/audit_log.jsonl"].lines


def test_people_of_the_restored_workspace_go_on(
    archive: Path, app: Flask, cast: Cast, installation: Installation, client_for: Callable[[str], Browser]
) -> None:
    """They keep their sign-ins, see what they saw and nothing else, and find it."""
    restored(archive, installation.place)
    rep, viewer = client_for("rep"), client_for("viewer")
    page = rep.get("/copy/companies")
    assert page.status_code == 200
    assert "Ähre &amp; Söhne" in page.text
    assert "Ähre" in rep.get("/copy/search?q=Söhne").text
    assert viewer.post("/copy/companies", data={"name": "X"}).status_code == 403
    assert client_for("outsider").get("/copy/companies").status_code == 404
    with installation.place.owner() as connection:
        assert connection.execute("SELECT count(*) FROM public.users").fetchone() == (len(cast.people),)


@pytest.mark.newest  # what is restored is of this release
def test_a_table_is_as_it_would_be_without_the_archive(archive: Path, cast: Cast, installation: Installation) -> None:
    schema = restored(archive, installation.place)
    with installation.place.owner() as connection:
        assert catalog(connection, schema) == catalog(connection, cast.tenants["acme"].schema_name)
        [text] = connection.execute(
            sql.SQL("SELECT description FROM {}").format(sql.Identifier(schema, "companies"))
        ).fetchone() or ("",)
    assert text == AWKWARD


def test_in_another_installation_people_set_their_passwords_themselves(
    archive: Path, cast: Cast, empty_place: Place, app_on: Callable[[Place], Flask]
) -> None:
    restored(archive, empty_place, "acme")
    with empty_place.owner() as connection:
        users = connection.execute("SELECT id, email, password_hash, email_verified_at FROM public.users").fetchall()
        photos = connection.execute("SELECT user_id, content FROM public.user_photos").fetchall()
    assert {row[1] for row in users} == {person.email for person in cast.members}
    assert not any(password_matches(row[2], PASSWORD) or row[3] for row in users)
    assert [(user_id, bytes(content)) for user_id, content in photos] == [(cast["owner"].user_id, b"\x89PNG\x00\xff")]
    client = app_on(empty_place).test_client()
    assert client.get("/acme/companies").status_code == 302


def test_who_has_a_sign_in_there_keeps_it(archive: Path, cast: Cast, empty_place: Place) -> None:
    """By the address: the person is another row there; nobody else gets their place."""
    theirs = UUID("00000000-0000-7000-8000-000000000001")
    with empty_place.owner() as connection:
        connection.execute(
            "INSERT INTO public.users (id, email, name, password_hash, email_verified_at)"
            " VALUES (%s, %s, 'Else', 'kept', now())",
            [theirs, cast["rep"].email],
        )
        schema = restored(archive, empty_place, "acme")
        members = sql.SQL("SELECT user_id FROM {} WHERE email = %s").format(sql.Identifier(schema, "members"))
        assert connection.execute(members, [cast["rep"].email]).fetchone() == (theirs,)
        kept = connection.execute("SELECT name, password_hash FROM public.users WHERE id = %s", [theirs]).fetchone()
        joined = connection.execute("SELECT 1 FROM public.memberships WHERE user_id = %s", [theirs]).fetchone()
    assert (kept, joined) == (("Else", "kept"), (1,))


def test_who_signed_up_with_somebodys_address_gets_nothing_of_theirs(
    archive: Path, cast: Cast, empty_place: Place, app_on: Callable[[Place], Flask]
) -> None:
    """They never confirmed it, and wait for the archive: with password, app and open browser in that name."""
    app, owner, password = app_on(empty_place), cast["owner"], "a password of a stranger"
    make_spares(empty_place.owner_url, empty_place.runtime_url, wanted=1)
    _tenant, squatter = found_another(app, "squat")
    with empty_place.owner() as connection:
        taken = "UPDATE public.users SET email = %s, email_verified_at = NULL, password_hash = %s, photo_digest = 'x'"
        connection.execute(f"{taken} WHERE id = %s", [owner.email, hash_password(password), squatter.user_id])
        connection.execute("INSERT INTO public.user_photos VALUES (%s, 'hideous')", [squatter.user_id])
        connection.execute(
            "INSERT INTO public.authenticator_apps (user_id, secret, last_step, created_at, confirmed_at)"
            " VALUES (%s, 'x', 0, now(), now())", [squatter.user_id],
        )  # fmt: skip
    browser = browser_of(app, squatter)
    assert browser.get("/squat/companies").status_code == 200
    found = restore_as(empty_place.owner_url, empty_place.runtime_url, archive, "acme")
    assert owner.email in found.new_people, "they set a password by a mail to that address"
    app.extensions["directory"].forget()
    for address in ("/acme/companies", "/squat/companies"):
        assert browser.get(address).location.startswith("/signin"), "signed out"
    refused = browser_of(app, None).post("/signin", data={"email": owner.email, "password": password})
    assert refused.status_code == 422
    with empty_place.owner() as connection:
        whose = "SELECT id, name, email_verified_at FROM public.users WHERE email = %s"
        assert connection.execute(whose, [owner.email]).fetchone() == (squatter.user_id, owner.name, None)
        photos = connection.execute("SELECT user_id, content FROM public.user_photos").fetchall()
        assert [(user_id, bytes(content)) for user_id, content in photos] == [(squatter.user_id, b"\x89PNG\x00\xff")]
        assert connection.execute("SELECT count(*) FROM public.authenticator_apps").fetchone() == (0,)


def test_nobody_passes_for_one_with_a_second_factor(
    filled: Cast, installation: Installation, tmp_path: Path, empty_place: Place
) -> None:
    """Factors belong to the sign-in, which is another one there; here who has them keeps them."""
    users = [filled["rep"].user_id, filled["owner"].user_id]
    with installation.place.owner() as connection:
        members = sql.Identifier(filled.tenants["acme"].schema_name, "members")
        connection.execute(sql.SQL("UPDATE {} SET two_factor = true WHERE user_id = ANY(%s)").format(members), [users])
        connection.execute(
            "INSERT INTO public.authenticator_apps (user_id, secret, last_step, created_at, confirmed_at)"
            " VALUES (%s, 'x', 0, now(), now())", [users[0]],
        )  # fmt: skip
    save(installation.settings.database_url, "acme", tmp_path / "a.zip")
    for place, having in ((empty_place, set()), (installation.place, {users[0]})):
        schema = restored(tmp_path / "a.zip", place)
        with place.owner() as connection:
            query = sql.SQL("SELECT user_id FROM {} WHERE two_factor").format(sql.Identifier(schema, "members"))
            assert {user_id for (user_id,) in connection.execute(query)} == having


def test_who_was_removed_is_not_let_in_again(
    filled: Cast, installation: Installation, tmp_path: Path, empty_place: Place
) -> None:
    with installation.place.owner() as connection:
        members = sql.Identifier(filled.tenants["acme"].schema_name, "members")
        remove = sql.SQL("UPDATE {} SET status = 'removed' WHERE id = %s").format(members)
        connection.execute(remove, [filled["viewer"].member_id])
    save(installation.settings.database_url, "acme", tmp_path / "a.zip")
    restored(tmp_path / "a.zip", empty_place, "acme")
    with empty_place.owner() as connection:
        found = connection.execute("SELECT user_id FROM public.memberships").fetchall()
    assert filled["viewer"].user_id not in {user_id for (user_id,) in found}
    assert len(found) == len(filled.members) - 1


def test_everything_in_it_is_of_one_moment(
    filled: Cast, make: Maker, installation: Installation, tmp_path: Path
) -> None:
    def while_it_is_written(connection: psycopg.Connection[Any], writer: ArchiveWriter) -> None:
        make.company(name="A moment later")
        add_sheets(connection, writer)

    path = tmp_path / "a.zip"
    write_archive(installation.settings.database_url, "acme", path, within=while_it_is_written)
    with ZipFile(path) as file:
        rows = list(csv.DictReader(io.TextIOWrapper(file.open("sheets/companies.csv"), "utf-8-sig", newline="")))
    assert [(row["name"], row["owner"]) for row in rows] == [("'=Ähre & Söhne", filled["rep"].name)]
    assert rows[0]["description"] == AWKWARD


@pytest.mark.newest  # it compares with a workspace of this release
def test_an_archive_of_an_older_version_is_migrated(
    filled: Cast, archive: Path, installation: Installation, tmp_path: Path
) -> None:
    """As any workspace is: the tables are made as they were then, and brought up with the rows in them."""
    old = next(step.revision for step in steps("tenant") if step.revision == "0004")
    place = installation.place
    with place.owner() as connection, connection.transaction():
        first = tuple(step for step in steps("tenant") if step.revision <= old)
        connection.execute(script("t_0123456789abcdef", "crm_app", first).encode())
        connection.execute(
            "INSERT INTO public.tenants (id, slug, name, schema_name, role_name, status, schema_version)"
            " VALUES (gen_random_uuid(), 'aged', 'Aged', 't_0123456789abcdef', 't_0123456789abcdef', 'active', %s)",
            [old],
        )
        connection.execute(
            "INSERT INTO t_0123456789abcdef.companies (id, name, sort_name, name_key)"
            " VALUES (gen_random_uuid(), 'Of old', 'of old', 'of old')"
        )
    assert save(installation.settings.database_url, "aged", tmp_path / "aged.zip").revision == old
    schema = restored(tmp_path / "aged.zip", place)
    with place.owner() as connection:
        assert catalog(connection, schema) == catalog(connection, filled.tenants["acme"].schema_name)
        names = connection.execute(sql.SQL("SELECT name FROM {}").format(sql.Identifier(schema, "companies")))
        assert names.fetchall() == [("Of old",)]
        version = connection.execute("SELECT schema_version FROM public.tenants WHERE slug = 'copy'").fetchone()
    assert version == (head("tenant"),)


def test_only_its_reader_may_open_the_file_and_no_secret_is_in_it(archive: Path) -> None:
    assert stat.S_IMODE(archive.stat().st_mode) == 0o600
    with ZipFile(archive) as file:
        people = file.read("people/people.jsonl").decode()
    assert "password" not in people
    assert "$argon2" not in "".join(people)


def test_an_address_that_is_taken_and_a_workspace_that_is_none(archive: Path, installation: Installation) -> None:
    place = installation.place
    with pytest.raises(SlugTaken):
        restored(archive, place, "other")
    with pytest.raises(UnknownTenant):
        save(installation.settings.database_url, "nobody", archive.with_name("n.zip"))
    assert sorted(path.name for path in archive.parent.glob("*.zip*")) == ["acme.zip"]


def test_it_is_read_with_the_rights_of_the_workspace_alone(
    filled: Cast, installation: Installation, tmp_path: Path
) -> None:
    """By the login the application runs with; another workspace's table is out of reach even for a fault of ours."""
    other = sql.Identifier(filled.tenants["other"].schema_name, "members")

    def stray(connection: psycopg.Connection[Any], _: ArchiveWriter) -> None:
        connection.execute(sql.SQL("SELECT user_id FROM {}").format(other))

    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        write_archive(installation.settings.database_url, "acme", tmp_path / "a.zip", within=stray)
    assert not list(tmp_path.iterdir())
