"""What was closed after an archive was written is not opened again by restoring it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from psycopg import sql

from saas_crm.workspaces.restoring import restore_as, restore_in_place
from tests.support.cast import Cast
from tests.support.clients import Phone
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
