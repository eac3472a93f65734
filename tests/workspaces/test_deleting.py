"""A deleted workspace leaves nothing but its certificate, and nobody else loses anything."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

import pytest
from flask import Flask

from saas_crm.core.jobs import defer
from saas_crm.workspaces.deleting import delete_workspace
from saas_crm.workspaces.restoring import restore_as
from tenants.archive.writing import UnknownTenant
from tenants.db import db, tenant_scope
from tests.support.cast import Cast
from tests.support.clients import Browser, Phone
from tests.support.installation import Installation
from tests.support.mailbox import queued

ALONE = UUID("00000000-0000-7000-8000-00000000a10e")


@pytest.fixture
def copy(archive: Path, app: Flask, installation: Installation) -> UUID:
    """A workspace with everything in it, a job that waits, and a person who has no other workspace."""
    restore_as(installation.place.owner_url, installation.place.runtime_url, archive, "copy")
    with app.app_context():
        tenant = app.extensions["directory"].by_slug("copy")
        with tenant_scope(tenant):
            defer(db.session(), "access.spread_profile", user_id=str(ALONE))
            db.session.commit()
    with installation.place.owner() as connection:
        connection.execute(
            "INSERT INTO public.users (id, email, name, password_hash) VALUES (%s, 'alone@copy.example', 'A', 'x')",
            [ALONE],
        )
        connection.execute("INSERT INTO public.memberships (user_id, tenant_id) VALUES (%s, %s)", [ALONE, tenant.id])
    return UUID(str(tenant.id))


def test_nothing_is_left(
    copy: UUID, app: Flask, cast: Cast, installation: Installation, client_for: Callable[[str], Browser],
    api_for: Callable[..., Phone],
) -> None:  # fmt: skip
    with app.app_context():
        schema = app.extensions["directory"].by_slug("copy").schema_name
    rep = client_for("rep")
    assert rep.get("/copy/companies").status_code == 200
    assert [name for name, args in queued(installation) if args.get("tenant_id") == str(copy)]
    certificate = delete_workspace(installation.settings.owner_url, "copy")

    assert (certificate.slug, certificate.rows["companies"], certificate.rows["contacts"]) == ("copy", 1, 1)
    assert (certificate.sign_ins, certificate.jobs) == (1, 1)
    for _what_is_remembered in range(2):
        assert rep.get("/copy/companies").status_code == 404
        assert api_for("rep", slug="copy").get("/companies").status_code == 404
        app.extensions["directory"].forget()
    assert not [name for name, args in queued(installation) if args.get("tenant_id") == str(copy)]
    with installation.place.owner() as connection:
        left = connection.execute(
            "SELECT count(*) FROM pg_namespace WHERE nspname = %(schema)s"
            " UNION ALL SELECT count(*) FROM pg_roles WHERE rolname = %(schema)s"
            " UNION ALL SELECT count(*) FROM public.tenants WHERE id = %(copy)s"
            " UNION ALL SELECT count(*) FROM public.memberships WHERE tenant_id = %(copy)s",
            {"schema": schema, "copy": copy},
        ).fetchall()
        people = {email for (email,) in connection.execute("SELECT email FROM public.users")}
    assert [count for (count,) in left] == [0] * 4
    assert people == {person.email for person in cast.people.values()}


def test_other_workspaces_are_as_they_were(
    copy: UUID, installation: Installation, client_for: Callable[[str], Browser]
) -> None:
    delete_workspace(installation.settings.owner_url, "copy")
    assert "Ähre" in client_for("rep").get("/acme/companies").text
    assert client_for("outsider").post("/other/companies", data={"name": "New"}).status_code == 303
    with installation.place.owner() as connection:
        found = connection.execute("SELECT 1 FROM public.tenants WHERE id = %s", [copy]).fetchone()
    assert found is None


def test_a_workspace_that_is_none(installation: Installation) -> None:
    with pytest.raises(UnknownTenant):
        delete_workspace(installation.settings.owner_url, "nobody")


def test_its_certificate_can_be_read_by_programs(copy: UUID, installation: Installation) -> None:
    certificate = dataclasses.asdict(delete_workspace(installation.settings.owner_url, "copy"))
    told = json.loads(json.dumps(certificate, default=str))
    assert told["tenant_id"] == str(copy)
    assert told["rows"]["opportunities"] == 2
