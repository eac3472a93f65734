"""An archive's file, sent from the console in a browser: in pieces, on after a lost connection, on a phone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Page, expect

from saas_crm.workspaces.saving import save
from tests.browser.eyes import Eyes
from tests.browser.test_operators import with_console
from tests.support.cast import Cast
from tests.support.installation import Installation
from tests.support.operators import OperatorPerson, make_operator
from tests.support.server import LiveServer
from tests.support.server import live_server as run_server
from tests.support.uploading import PAGE, begun

LONG = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft-archive-of-2026.zip"


@pytest.fixture
def small_server(installation: Installation, app: Flask) -> Iterator[LiveServer]:
    """A server with small requests, so that the archive of a test comes in several pieces."""
    settings = installation.settings.model_copy(update={"max_body_bytes": 10_000})
    with run_server(settings, installation.folder) as server:
        yield server


@pytest.fixture
def olga(app: Flask, installation: Installation) -> OperatorPerson:
    return make_operator(app, installation)


@pytest.fixture
def archive(cast: Cast, installation: Installation, tmp_path: Path) -> Path:
    path = tmp_path / LONG
    save(installation.settings.database_url, "acme", path)
    return path


def test_a_file_is_sent_on_a_phone_and_goes_on_after_the_connection_was_lost(
    page_for: Callable[..., Page], small_server: LiveServer, olga: OperatorPerson, archive: Path,
    jobs: Callable[[], list[str]],
) -> None:  # fmt: skip
    page = with_console(page_for(None, "phone", at=small_server.url), olga, small_server.url)
    page.goto("/operator")
    page.get_by_role("link", name="Restore from a file").click()
    page.locator("#field-file").set_input_files(archive)
    page.get_by_label("Web address").fill("other")
    button = page.get_by_role("button", name="Restore as a new workspace")
    button.click()
    expect(page.locator("#field-slug-error")).to_contain_text("has this address")
    page.get_by_label("Web address").fill("acme-two")
    expect(page.locator("#field-slug-error")).to_be_hidden()
    pieces: list[str] = []
    page.on("requestfinished", lambda sent: pieces.append(sent.url[-1]) if "/pieces/" in sent.url else None)
    page.route("**/pieces/1", lambda route: route.abort())
    button.click()
    expect(page.get_by_text("The connection was lost.")).to_be_visible()
    assert pieces == ["0"]
    page.unroute("**/pieces/1")
    button.click()
    expect(page.get_by_text("waits for the worker.")).to_be_visible()
    assert pieces == ["0", "1"], "what was there was not sent again"
    jobs()
    expect(page.get_by_role("link", name="/acme-two")).to_be_visible()


def test_its_page_in_all_states(
    eyes_of: Callable[..., Eyes], olga: OperatorPerson, live_server: LiveServer, installation: Installation,
    archive: Path,
) -> None:  # fmt: skip
    eyes = eyes_of(None)
    with_console(eyes.page, olga, live_server.url)
    eyes.look(PAGE)
    begin = begun(olga, archive.read_bytes(), file_name=LONG)
    eyes.look(PAGE)
    eyes.page.goto(PAGE)
    eyes.page.locator("#field-file").set_input_files({"name": LONG, "mimeType": "", "buffer": b"Dear Sir or Madam"})
    eyes.page.get_by_label("Web address").fill("acme-two")
    eyes.page.get_by_role("button", name="Restore as a new workspace").click()
    expect(eyes.page.locator("#field-file-error")).to_contain_text("not the archive of a workspace")
    begin = begun(olga, archive.read_bytes(), file_name=LONG)
    olga.browser.post(f"{begin['to']}0", data=archive.read_bytes(), content_type="application/octet-stream")
    eyes.look(PAGE)
    olga.browser.post(PAGE, data={"upload": begin["upload"], "slug": "acme-two"})
    eyes.look(PAGE)
    with installation.place.owner() as connection:
        connection.execute("UPDATE public.operator_work SET state = 'failed', error = %s", ["bad_archive|" + "x" * 120])
        connection.execute("UPDATE public.operator_sessions SET proven_at = NULL")
    eyes.look(PAGE)
    assert eyes.found == []
