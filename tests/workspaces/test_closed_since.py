"""What was closed after an archive was written is not opened again by restoring it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from psycopg import sql

from saas_crm.workspaces.restoring import restore_as, restore_in_place
from saas_crm.workspaces.saving import save
from tests.support.cast import Cast
from tests.support.clients import Browser, Phone
from tests.support.installation import Installation, Place

OPEN = {
    "api_tokens": "revoked_at IS NULL",
    "invitations": "accepted_at IS NULL AND withdrawn_at IS NULL",
    "support_consents": "withdrawn_at IS NULL",
    "identity_providers": "trusted_from = '2026-01-01T00:00:00Z'",
}
CLOSING = {
    "api_tokens": "UPDATE {} SET revoked_at = now()",
    "invitations": "DELETE FROM {}",
    "support_consents": "UPDATE {} SET withdrawn_at = now()",
    "identity_providers": "UPDATE {} SET trusted_from = now()",
}


@pytest.fixture
def filled(filled: Cast, installation: Installation) -> Cast:
    """Acme with one of each way in."""
    member = filled["owner"].member_id
    rows = {
        "invitations": "(id, email, role_id, invited_by_id, token_hash, expires_at) SELECT gen_random_uuid(),"
                       " 'new@acme.example', role_id, id, 'hash', now() + interval '1 day'",
        "support_consents": "(id, member_id, note, until) SELECT gen_random_uuid(), id, 'look',"
                            " now() + interval '1 day'",
        "identity_providers": "(id, issuer, client_id, client_secret, enabled, mandatory, domains, trusted_from)"
                              " SELECT gen_random_uuid(), 'https://id.example', 'x', 'x', true, false, '{}',"
                              " '2026-01-01T00:00:00Z'::timestamptz",
    }  # fmt: skip
    with installation.place.owner() as connection:
        schema = sql.Identifier(filled.tenants["acme"].schema_name)
        for table, row in rows.items():
            connection.execute(
                sql.SQL("INSERT INTO {}.{} " + row.replace("{}", "{{}}") + " FROM {}.members WHERE id = %s").format(
                    schema, sql.Identifier(table), schema
                ), [member],
            )  # fmt: skip
    return filled


def opened(place: Place, slug: str) -> dict[str, int]:
    """Return how many ways in of each kind are open."""
    with place.owner() as connection:
        [schema] = connection.execute("SELECT schema_name FROM public.tenants WHERE slug = %s", [slug]).fetchone() or ()
        found = {}
        for table, clause in OPEN.items():
            query = sql.SQL("SELECT count(*) FROM {} WHERE " + clause).format(sql.Identifier(schema, table))
            [found[table]] = connection.execute(query).fetchone() or (0,)
    return found


def close(place: Place, cast: Cast, table: str) -> None:
    with place.owner() as connection:
        named = sql.Identifier(cast.tenants["acme"].schema_name, table)
        connection.execute(sql.SQL(CLOSING[table]).format(named))


def put_back(place: Place, archive: Path) -> None:
    restore_in_place(place.owner_url, place.runtime_url, archive, "acme", pause=lambda _: None)


@pytest.mark.parametrize("closed", OPEN)
def test_what_was_closed_stays_closed_and_all_else_stays_open(
    closed: str, archive: Path, cast: Cast, installation: Installation
) -> None:
    place = installation.place
    before = opened(place, "acme")
    assert all(before.values())
    close(place, cast, closed)
    restore_as(place.owner_url, place.runtime_url, archive, "copy")
    put_back(place, archive)
    for slug in ("copy", "acme"):
        assert opened(place, slug) == {**before, closed: 0}


def test_a_stolen_token_opens_neither_the_copy_nor_the_workspace(
    archive: Path, app: Flask, cast: Cast, installation: Installation, api_for: Callable[..., Phone]
) -> None:
    stolen, place = api_for("rep"), installation.place
    assert stolen.get("/companies").status_code == 200
    close(place, cast, "api_tokens")
    restore_as(place.owner_url, place.runtime_url, archive, "copy")
    put_back(place, archive)
    app.extensions["directory"].forget()
    assert stolen.get("/companies").status_code == 401
    assert api_for("rep", slug="copy").get("/companies").status_code == 401


def test_in_another_installation_nothing_is_open(archive: Path, empty_place: Place) -> None:
    restore_as(empty_place.owner_url, empty_place.runtime_url, archive, "acme")
    assert set(opened(empty_place, "acme").values()) == {0}


@pytest.mark.parametrize("damage", ["DROP TABLE {} CASCADE", "ALTER TABLE {} DROP COLUMN token_hash CASCADE"])
def test_what_a_damaged_workspace_cannot_tell_is_closed(
    damage: str, archive: Path, cast: Cast, empty_place: Place, installation: Installation
) -> None:
    """Restored beside it in an installation of its own, so that the tests' workspace stays whole."""
    place: Any = empty_place
    restore_as(place.owner_url, place.runtime_url, archive, "acme")
    with place.owner() as connection:
        [schema] = connection.execute("SELECT schema_name FROM public.tenants WHERE slug = 'acme'").fetchone()
        connection.execute(sql.SQL(damage).format(sql.Identifier(schema, "api_tokens")))
    put_back(place, archive)
    assert opened(place, "acme")["api_tokens"] == 0


def states(place: Place, slug: str) -> dict[str, str]:
    """Return the status of each member by their address."""
    with place.owner() as connection:
        [schema] = connection.execute("SELECT schema_name FROM public.tenants WHERE slug = %s", [slug]).fetchone() or ()
        query = sql.SQL("SELECT email, status FROM {}").format(sql.Identifier(schema, "members"))
        return dict(connection.execute(query).fetchall())


def put(place: Place, cast: Cast, status: str, *who: str) -> None:
    with place.owner() as connection:
        members = sql.Identifier(cast.tenants["acme"].schema_name, "members")
        change = sql.SQL("UPDATE {} SET status = %s WHERE id = ANY(%s)").format(members)
        connection.execute(change, [status, [cast[key].member_id for key in who]])


@pytest.mark.parametrize("status", ["frozen", "removed"])
def test_who_was_locked_out_since_stays_out_but_the_last_owner(
    status: str, archive: Path, cast: Cast, installation: Installation, client_for: Callable[..., Browser], app: Flask
) -> None:
    place, before = installation.place, states(installation.place, "acme")
    assert set(before.values()) == {"active"}
    put(place, cast, status, "rep", "owner")
    restore_as(place.owner_url, place.runtime_url, archive, "copy")
    put_back(place, archive)
    app.extensions["directory"].forget()
    for slug in ("copy", "acme"):
        assert states(place, slug) == {**before, cast["rep"].email: "frozen"}
        refused = client_for("rep").get(f"/{slug}/companies")
        assert refused.status_code == 403
        assert "Your access is paused" in refused.text
        assert client_for("owner").get(f"/{slug}/companies").status_code == 200
    member = f"/acme/settings/members/{cast['rep'].member_id}"
    assert client_for("owner").post(f"{member}/thawing").status_code == 303
    assert client_for("rep").get("/acme/companies").status_code == 200


@pytest.mark.parametrize("status", ["frozen", "removed"])
def test_who_was_locked_out_since_stays_out_in_the_place_of_another_workspace_too(
    status: str, archive: Path, cast: Cast, installation: Installation
) -> None:
    """The other one never knew them: what their own workspace knows of them holds."""
    place, before = installation.place, states(installation.place, "acme")
    put(place, cast, status, "rep")
    restore_in_place(place.owner_url, place.runtime_url, archive, "other", pause=lambda _: None)
    assert states(place, "other") == {**before, cast["rep"].email: "frozen"}
    assert set(opened(place, "other").values()) == {0}, "what was open in one opens nothing in another"


def test_an_owner_stays_out_where_another_one_is_left(filled: Cast, installation: Installation, tmp_path: Path) -> None:
    place, path = installation.place, tmp_path / "two-owners.zip"
    with place.owner() as connection:
        names = {name: sql.Identifier(filled.tenants["acme"].schema_name, name) for name in ("members", "roles")}
        promote = "UPDATE {members} SET role_id = (SELECT id FROM {roles} WHERE key = 'owner') WHERE id = %s"
        connection.execute(sql.SQL(promote).format(**names), [filled["admin"].member_id])
    save(installation.settings.database_url, "acme", path)
    put(place, filled, "frozen", "owner")
    restore_as(place.owner_url, place.runtime_url, path, "copy")
    assert states(place, "copy")[filled["owner"].email] == "frozen"
    assert states(place, "copy")[filled["admin"].email] == "active"


def test_nobody_is_locked_out_where_nobody_knows_them(archive: Path, empty_place: Place) -> None:
    restore_as(empty_place.owner_url, empty_place.runtime_url, archive, "acme")
    assert set(states(empty_place, "acme").values()) == {"active"}
