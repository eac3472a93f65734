"""A workspace's own domain through what befalls the workspace as a whole."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from zipfile import ZipFile

import pytest
from flask import Flask

from saas_crm.workspaces.deleting import delete_workspace
from saas_crm.workspaces.restoring import restore_as, restore_in_place
from tests.support.cast import Cast
from tests.support.clients import Browser
from tests.support.installation import Installation

DOMAIN, TOKEN = "crm.acme.test", "a-word-for-the-record-of-acme"


@pytest.fixture
def put(installation: Installation, app: Flask) -> Callable[[str], None]:
    """Let a domain be a workspace's own."""

    def act(slug: str) -> None:
        with installation.place.owner() as connection:
            connection.execute(
                "INSERT INTO public.tenant_domains (tenant_id, domain, token, verified_at)"
                " SELECT id, %s, %s, now() FROM public.tenants WHERE slug = %s",
                [DOMAIN, TOKEN, slug],
            )
        app.extensions["directory"].forget()

    return act


def status(app: Flask, client_for: Callable[..., Browser]) -> int:
    """Ask for a page at the domain; 404 where it is nobody's."""
    app.extensions["directory"].forget()
    return client_for(None).get("/companies", base_url=f"http://{DOMAIN}").status_code


def test_with_the_workspace_it_goes(
    archive: Path, put: Callable[[str], None], app: Flask, installation: Installation,
    client_for: Callable[..., Browser],
) -> None:  # fmt: skip
    restore_as(installation.place.owner_url, installation.place.runtime_url, archive, "copy")
    put("copy")
    assert status(app, client_for) == 302
    delete_workspace(installation.settings.owner_url, "copy")
    assert status(app, client_for) == 404
    with installation.place.owner() as connection:
        assert connection.execute("SELECT count(*) FROM public.tenant_domains").fetchone() == (0,)


def test_a_copy_of_the_workspace_has_none_and_no_archive_tells_its_word(
    put: Callable[[str], None], request: pytest.FixtureRequest, app: Flask, installation: Installation
) -> None:
    put("acme")
    path: Path = request.getfixturevalue("archive")
    with ZipFile(path) as file:
        assert not [name for name in file.namelist() if TOKEN.encode() in file.read(name)]
    restore_as(installation.place.owner_url, installation.place.runtime_url, path, "copy")
    with app.app_context():
        directory = app.extensions["directory"]
        directory.forget()
        assert directory.by_slug("copy").domain is None
        assert directory.by_slug("acme").domain == DOMAIN


def test_restored_in_place_it_keeps_it(
    archive: Path, put: Callable[[str], None], app: Flask, installation: Installation,
    client_for: Callable[..., Browser],
) -> None:  # fmt: skip
    put("acme")
    place = installation.place
    restore_in_place(place.owner_url, place.runtime_url, archive, "acme", pause=lambda _: None)
    assert status(app, client_for) == 302


def test_another_slug_leaves_it(
    put: Callable[[str], None], app: Flask, cast: Cast, client_for: Callable[..., Browser]
) -> None:  # fmt: skip
    put("acme")
    assert client_for("owner").post("/acme/settings/address", data={"slug": "apex"}).status_code == 303
    assert status(app, client_for) == 302
    assert client_for("rep").get("/apex/companies").status_code == 200


def test_a_release_whose_shared_tables_are_behind_serves_on(
    app: Flask, installation: Installation, client_for: Callable[..., Browser]
) -> None:
    with installation.place.owner() as connection:
        connection.execute("ALTER TABLE public.tenant_domains RENAME TO not_there_yet")
    try:
        assert status(app, client_for) == 404
        assert client_for("owner").get("/acme/companies").status_code == 200
        assert client_for("owner").get("/acme/settings/domain").status_code == 200
    finally:
        with installation.place.owner() as connection:
            connection.execute("ALTER TABLE public.not_there_yet RENAME TO tenant_domains")
