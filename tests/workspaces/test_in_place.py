"""A damaged workspace gets its former data back, at the same address, for the same people."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from psycopg import sql

from saas_crm.workspaces.deleting import delete_workspace
from saas_crm.workspaces.restoring import RestoreUnderWay, restore_as, restore_in_place
from saas_crm.workspaces.standing import NotSuspendable, lift, suspend
from tenants.archive.reading import BadArchive
from tenants.archive.writing import UnknownTenant
from tenants.standing import Suspension
from tests.support.cast import Cast
from tests.support.clients import Browser, Phone
from tests.support.installation import Installation, Place
from tests.support.making import Maker


def statuses(place: Place) -> dict[str, str]:
    with place.owner() as connection:
        return dict(connection.execute("SELECT slug, status FROM public.tenants WHERE slug IS NOT NULL").fetchall())


def put_back(place: Place, archive: Path, slug: str = "acme", pause: Callable[[float], None] = lambda _: None) -> Any:
    return restore_in_place(place.owner_url, place.runtime_url, archive, slug, pause=pause)


def test_what_was_written_since_is_put_aside(
    archive: Path, app: Flask, make: Maker, installation: Installation, client_for: Callable[[str], Browser],
    api_for: Callable[[str], Phone],
) -> None:  # fmt: skip
    make.company(name="Since then")
    rep = client_for("rep")
    assert "Since then" in rep.get("/acme/companies").text
    done = put_back(installation.place, archive)
    app.extensions["directory"].forget()
    page = rep.get("/acme/companies")
    assert page.status_code == 200
    assert "Since then" not in page.text
    assert "Ähre &amp; Söhne" in page.text
    assert api_for("rep").get("/companies").status_code == 200
    assert statuses(installation.place) == {"acme": "active", "other": "active", done.former_slug: "closed"}
    assert rep.get(f"/{done.former_slug}/companies").status_code == 403  # closed


def test_it_is_closed_meanwhile(
    archive: Path, app: Flask, installation: Installation, client_for: Callable[[str], Browser]
) -> None:
    seen = []

    def look(_: float) -> None:
        app.extensions["directory"].forget()
        seen.append(client_for("rep").post("/acme/companies", data={"name": "Lost?"}).status_code)
        seen.append(statuses(installation.place)["acme"])

    put_back(installation.place, archive, pause=look)
    assert seen == [403, "suspended"]


def test_nothing_is_written_to_the_data_put_aside(
    archive: Path, app: Flask, installation: Installation, client_for: Callable[[str], Browser],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """A process that remembers the workspace from a moment before sends one request into the former data at most."""
    monkeypatch.setattr(app.extensions["directory"], "_ttl", 3_600.0)  # however long it takes
    rep = client_for("rep")
    rep.get("/acme/companies")
    put_back(installation.place, archive, pause=lambda _: rep.get("/acme/companies"))
    assert rep.post("/acme/companies", data={"name": "Written after"}).status_code == 503
    assert rep.post("/acme/companies", data={"name": "Written after"}).status_code == 303
    assert "Written after" in rep.get("/acme/companies").text


def test_another_cause_that_is_lifted_meanwhile_does_not_open_it(archive: Path, installation: Installation) -> None:
    url, seen = installation.settings.database_url, []
    suspend(url, "acme", Suspension("billing", "read_only"))

    def pay(_: float) -> None:
        seen.append(lift(url, "acme", "billing").after)

    put_back(installation.place, archive, pause=pay)
    assert seen == ["suspended"]
    assert statuses(installation.place)["acme"] == "active"


def test_what_the_operator_lifts_meanwhile_is_lifted(archive: Path, installation: Installation) -> None:
    url, seen = installation.settings.database_url, []
    suspend(url, "acme", Suspension("operator", "closed"))

    def open_it(_: float) -> None:
        seen.append([cause.cause for cause in lift(url, "acme").causes])

    put_back(installation.place, archive, pause=open_it)
    assert seen == [["restoring"]], "it goes on being closed for as long as it takes"
    assert statuses(installation.place)["acme"] == "active"


def test_one_that_was_killed_is_opened_by_the_operator(archive: Path, installation: Installation) -> None:
    """What a killed process leaves: the cause, and nobody who holds the workspace for it."""
    with installation.place.owner() as connection:
        connection.execute("UPDATE public.tenants SET status = 'suspended' WHERE slug = 'acme'")
        connection.execute(
            "INSERT INTO public.suspensions (tenant_id, cause, kind)"
            " SELECT id, 'restoring', 'closed' FROM public.tenants WHERE slug = 'acme'"
        )
    found = lift(installation.settings.database_url, "acme")
    assert (found.changed, found.after, found.causes) == (True, "active", ())


def test_one_that_was_killed_can_be_run_again(archive: Path, installation: Installation) -> None:
    with installation.place.owner() as connection:
        connection.execute("UPDATE public.tenants SET status = 'suspended' WHERE slug = 'acme'")
        connection.execute(
            "INSERT INTO public.suspensions (tenant_id, cause, kind)"
            " SELECT id, 'restoring', 'closed' FROM public.tenants WHERE slug = 'acme'"
        )
    put_back(installation.place, archive)
    assert statuses(installation.place)["acme"] == "active"


def test_two_at_once_are_refused(archive: Path, installation: Installation) -> None:
    def again(_: float) -> None:
        with pytest.raises(RestoreUnderWay):
            put_back(installation.place, archive)

    done = put_back(installation.place, archive, pause=again)
    with pytest.raises(NotSuspendable):
        put_back(installation.place, archive, done.former_slug)
    assert statuses(installation.place) == {"acme": "active", "other": "active", done.former_slug: "closed"}


def test_the_former_data_goes_with_the_workspace(archive: Path, installation: Installation) -> None:
    """Nothing of it is left: also what a restore has put aside."""
    place = installation.place
    restore_as(place.owner_url, place.runtime_url, archive, "copy")
    done = put_back(place, archive, "copy")
    schemas = "SELECT schema_name FROM public.tenants WHERE slug = ANY(%s)"
    with place.owner() as connection:
        theirs = connection.execute(schemas, [["copy", done.former_slug]]).fetchall()
    certificate = delete_workspace(place.owner_url, "copy")
    assert statuses(place) == {"acme": "active", "other": "active"}
    assert (certificate.former, certificate.rows["companies"]) == (1, 2)
    with place.owner() as connection:
        left = connection.execute("SELECT nspname FROM pg_namespace WHERE nspname = ANY(%s)", [
            [schema for (schema,) in theirs]
        ]).fetchall()  # fmt: skip
    assert len(theirs) == 2
    assert left == []


def test_who_signs_in_with_a_passkey_counts_as_such(archive: Path, cast: Cast, installation: Installation) -> None:
    place = installation.place
    with place.owner() as connection:
        connection.execute(
            "INSERT INTO public.passkeys (id, user_id, credential_id, public_key, sign_count, transports, name)"
            " VALUES (gen_random_uuid(), %s, 'x', 'y', 0, '{}', 'Phone')", [cast["rep"].user_id],
        )  # fmt: skip
    put_back(place, archive)
    with place.owner() as connection:
        [schema] = connection.execute("SELECT schema_name FROM public.tenants WHERE slug = 'acme'").fetchone() or ("",)
        members = sql.Identifier(schema, "members")
        with_one = connection.execute(sql.SQL("SELECT user_id FROM {} WHERE two_factor").format(members)).fetchall()
    assert with_one == [(cast["rep"].user_id,)]


def test_its_log_tells_where_it_is_said_through_what(archive: Path, installation: Installation) -> None:
    place = installation.place
    done = restore_in_place(
        place.owner_url, place.runtime_url, archive, "acme", pause=lambda _: None, through="command"
    )
    with place.owner() as connection:
        [schema] = connection.execute("SELECT schema_name FROM public.tenants WHERE slug = 'acme'").fetchone() or ("",)
        lines = sql.SQL("SELECT action, through, changes FROM {} WHERE action = 'restore'")
        found = connection.execute(lines.format(sql.Identifier(schema, "audit_log"))).fetchall()
    assert found == [("restore", "command", {"former": [None, done.former_slug]})]


@pytest.mark.parametrize("status", ["active", "suspended"])
def test_a_bad_archive_leaves_it_as_it_was(status: str, archive: Path, cast: Cast, installation: Installation) -> None:
    place = installation.place
    with place.owner() as connection:
        connection.execute("UPDATE public.tenants SET status = %s WHERE slug = 'acme'", [status])
    whole = archive.read_bytes()
    archive.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(BadArchive):
        put_back(place, archive)
    assert statuses(place) == {"acme": status, "other": "active"}
    with place.owner() as connection:
        found = connection.execute("SELECT schema_name FROM public.tenants WHERE slug = 'acme'").fetchone()
    assert found == (cast.tenants["acme"].schema_name,)


def test_a_fault_in_the_middle_opens_it_again(archive: Path, installation: Installation) -> None:
    def fail(_: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        put_back(installation.place, archive, pause=fail)
    assert statuses(installation.place)["acme"] == "active"


def test_a_workspace_that_is_none(archive: Path, installation: Installation) -> None:
    with pytest.raises(UnknownTenant):
        put_back(installation.place, archive, "nobody")
