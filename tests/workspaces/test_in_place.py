"""A damaged workspace gets its former data back, at the same address, for the same people."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from saas_crm.workspaces.restoring import restore_in_place
from saas_crm.workspaces.standing import lift, suspend
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
    archive: Path, installation: Installation, client_for: Callable[[str], Browser]
) -> None:
    """A process that remembers the workspace from a moment before sends one request into the former data at most."""
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
