"""A workspace as a whole in the console: deleted at once, and its data exchanged for a file's, in a browser."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Page, expect
from psycopg.types.json import Jsonb

from saas_crm.workspaces.restoring import restore_as
from saas_crm.workspaces.saving import save
from tenants.db import new_id
from tests.browser.eyes import Eyes
from tests.browser.test_operators import LONG, with_console
from tests.support.cast import Cast
from tests.support.installation import Installation
from tests.support.operators import OperatorPerson, make_operator
from tests.support.server import LiveServer
from tests.support.uploading import put, told

DELETION = "/operator/workspaces/copy/deletion"
OVER = "/operator/workspaces/copy/restore"
_CERTIFICATE = """
    INSERT INTO public.deletion_certificates (id, tenant_id, slug, name, asked_by, asked_at, deleted_at, counts)
    VALUES (%s, %s, %s, %s, %s, now(), now(), %s)
"""


@pytest.fixture
def olga(app: Flask, installation: Installation) -> OperatorPerson:
    return make_operator(app, installation)


@pytest.fixture
def archive(cast: Cast, installation: Installation, tmp_path: Path) -> Path:
    """Acme's archive, of which there is a copy with a long name."""
    settings, path = installation.settings, tmp_path / "acme.zip"
    save(settings.database_url, "acme", path)
    restore_as(settings.owner_url, settings.database_url, path, "copy", name=LONG)
    return path


def test_a_workspace_is_deleted_on_a_phone(
    page_for: Callable[..., Page], olga: OperatorPerson, live_server: LiveServer, archive: Path,
    jobs: Callable[[], list[str]],
) -> None:  # fmt: skip
    page = with_console(page_for(None, "phone"), olga, live_server.url)
    page.goto("/operator/workspaces/copy")
    page.get_by_role("link", name="Delete now…").click()
    page.get_by_label("Web address").fill("acme")
    page.get_by_role("button", name="Delete now").click()
    expect(page.locator("#field-typed-error")).to_contain_text("just as it is shown")
    expect(page.locator("#field-reason-error")).to_be_visible()
    page.get_by_label("Web address").fill("copy")
    page.get_by_label("Reason").fill("Made twice")
    page.get_by_role("button", name="Delete now").click()
    expect(page.get_by_text("waits for the worker.")).to_be_visible()
    jobs()
    expect(page.get_by_role("heading", name="Certificate of the deletion")).to_be_visible()
    expect(page.get_by_text("Made twice").first).to_be_visible()


def test_its_pages_in_all_states(
    eyes_of: Callable[..., Eyes], olga: OperatorPerson, live_server: LiveServer, installation: Installation,
    archive: Path,
) -> None:  # fmt: skip
    eyes = eyes_of(None)
    with_console(eyes.page, olga, live_server.url)
    eyes.look("/operator/certificates")
    eyes.look(DELETION)
    eyes.look("/operator/workspaces/copy")
    asked = olga.browser.post(DELETION, data={"typed": "copy", "reason": "x" * 200})
    eyes.look(asked.location)
    eyes.look(DELETION)
    number = new_id()
    counts: dict[str, Any] = {
        "rows": {"companies": 123_456, "custom_field_values": 0}, "jobs": 1, "sign_ins": 2, "archives": 3,
        "backups": 4, "former": 5, "stays": {"stripe": "cus_" + "x" * 60},
    }  # fmt: skip
    with installation.place.owner() as connection:
        connection.execute("UPDATE public.operator_work SET state = 'failed', error = 'store|' || repeat('x', 200)")
        connection.execute(_CERTIFICATE, [number, new_id(), "x" * 40, LONG, LONG, Jsonb(counts)])
    eyes.look(asked.location)
    eyes.look("/operator/certificates")
    eyes.look(f"/operator/certificates/{number}")
    eyes.look("/operator/log")
    assert eyes.found == []


def test_a_file_takes_the_place_of_a_workspace(
    page_for: Callable[..., Page], olga: OperatorPerson, live_server: LiveServer, archive: Path,
    jobs: Callable[[], list[str]],
) -> None:  # fmt: skip
    page = with_console(page_for(None, "phone"), olga, live_server.url)
    page.goto("/operator/workspaces/copy/backups")
    page.get_by_role("link", name="Restore a file in place…").click()
    page.locator("#field-file").set_input_files(archive)
    page.get_by_label("Name of the workspace").fill("Copy")
    button = page.get_by_role("button", name="Restore in place")
    button.click()
    expect(page.locator("#field-typed-error")).to_contain_text("just as it is shown")
    page.get_by_label("Name of the workspace").fill(LONG)
    button.click()
    expect(page.get_by_role("alert")).to_contain_text("This is the archive of another workspace")
    page.get_by_label("Put the archive of another workspace in the place of this one").check()
    page.get_by_role("button", name="Restore in place").click()
    expect(page.get_by_text("waits for the worker.")).to_be_visible()
    jobs()
    expect(page.get_by_text("The former data is kept, closed:")).to_be_visible()


def test_the_page_of_a_file_in_all_states(
    eyes_of: Callable[..., Eyes], olga: OperatorPerson, live_server: LiveServer, installation: Installation,
    archive: Path,
) -> None:  # fmt: skip
    eyes = eyes_of(None)
    with_console(eyes.page, olga, live_server.url)
    eyes.look(OVER)
    content = archive.read_bytes()
    begin = olga.browser.post(f"{OVER}/uploads", data=told(content, typed=LONG)).get_json()
    for number in range(begin["pieces"]):
        put(olga, begin, content, number)
    eyes.look(OVER)
    eyes.page.goto(OVER)
    eyes.page.get_by_label("Name of the workspace").fill(LONG)
    eyes.page.get_by_role("button", name="Restore in place").click()
    expect(eyes.page.get_by_role("alert")).to_contain_text("This is the archive of another workspace")
    olga.browser.post(OVER, data={"upload": begin["upload"], "typed": LONG, "other": "1"})
    eyes.look(OVER)
    eyes.look("/operator/workspaces/copy/backups")
    with installation.place.owner() as connection:
        connection.execute("UPDATE public.operator_sessions SET proven_at = NULL")
    eyes.look(OVER)
    assert eyes.found == []
