"""An archive's file in the place of a workspace: by its name, of the same workspace unless told, and swapped."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from psycopg import sql

from saas_crm.core.jobs import registry
from saas_crm.operators.restoring_files import forget_uploads
from saas_crm.worker import execute
from saas_crm.workspaces.saving import save
from tests.operators.test_uploaded_files import REFUSED, changed, one_letter
from tests.support.cast import Cast
from tests.support.clients import browser_of
from tests.support.installation import Installation
from tests.support.mailbox import run_jobs
from tests.support.making import Maker
from tests.support.operators import OperatorPerson, make_operator
from tests.support.uploading import put, told

PAGE = "/operator/workspaces/acme/restore"
NAMES = "SELECT slug, status FROM public.tenants WHERE slug IS NOT NULL ORDER BY slug"
KEPT = "SELECT count(*) FROM public.operator_uploads"
ASKED = "SELECT kind, state, error FROM public.operator_work ORDER BY id"


@pytest.fixture
def olga(app: Flask, installation: Installation) -> OperatorPerson:
    return make_operator(app, installation)


@pytest.fixture
def archive(make: Maker, cast: Cast, installation: Installation, tmp_path: Path) -> bytes:
    make.company(name="Kept in a file")
    save(installation.settings.database_url, "acme", tmp_path / "acme.zip")
    return (tmp_path / "acme.zip").read_bytes()


@pytest.fixture
def name(installation: Installation, cast: Cast) -> str:
    return str(rows(installation, "SELECT name FROM public.tenants WHERE slug = 'acme'")[0][0])


def rows(installation: Installation, query: Any) -> list[tuple[Any, ...]]:
    with installation.place.owner() as connection:
        return connection.execute(query).fetchall()


def sent(olga: OperatorPerson, content: bytes, name: str, at: str = PAGE) -> dict[str, Any]:
    """Send a file in all its pieces; returns what the form says then."""
    begin = olga.browser.post(f"{at}/uploads", data=told(content, typed=name))
    assert begin.status_code == 200, begin.text
    found = begin.get_json()
    for number in range(found["pieces"]):
        assert put(olga, found, content, number).status_code == 204
    return {"upload": found["upload"], "typed": name}


def companies(installation: Installation, slug: str) -> list[str]:
    with installation.place.owner() as connection:
        [schema] = connection.execute("SELECT schema_name FROM public.tenants WHERE slug = %s", [slug]).fetchone() or (
            "",
        )
        names = sql.SQL("SELECT name FROM {} ORDER BY 1").format(sql.Identifier(schema, "companies"))
        return [found for (found,) in connection.execute(names)]


def test_a_file_takes_the_place_of_the_present_data_which_is_kept_closed(
    olga: OperatorPerson, installation: Installation, archive: bytes, name: str, make: Maker
) -> None:
    make.company(name="Typed since")
    assert f'href="{PAGE}"' in olga.browser.get("/operator/workspaces/acme/backups").text
    form = sent(olga, archive, name)
    asked = olga.browser.post(PAGE, data=form)
    assert asked.status_code == 303
    assert rows(installation, NAMES) == [("acme", "active"), ("other", "active")], "the website restores nothing"
    assert "waits for the worker" in olga.browser.get(asked.location).text
    run_jobs(installation)
    assert rows(installation, ASKED) == [("restore_file_in_place", "done", None)]
    [former] = [slug for slug, status in rows(installation, NAMES) if status == "closed"]
    assert former.startswith("acme-former-")
    assert companies(installation, "acme") == ["Kept in a file"]
    assert companies(installation, former) == ["Kept in a file", "Typed since"]
    assert rows(installation, KEPT) == [(0,)]
    page = olga.browser.get("/operator/workspaces/acme").text
    assert f'href="/operator/workspaces/{former}"' in page
    acts = "SELECT actor, act, slug FROM public.operator_acts WHERE slug IS NOT NULL ORDER BY id"
    assert rows(installation, acts) == [
        ("Olga Operator", "restore_file_in_place", "acme"), ("Olga Operator", "restore", "acme")
    ]  # fmt: skip
    log = olga.browser.get("/operator/log").text
    assert "acme.zip" in log
    assert former in log
    aside = f"/operator/workspaces/{former}"
    assert "It stays closed." in olga.browser.get(f"{aside}/restore").text
    refused = olga.browser.post(f"{aside}/restore/uploads", data=told(archive, typed=name))
    assert refused.status_code == 422


def test_the_name_has_to_be_typed_and_what_is_here_stays(
    olga: OperatorPerson, installation: Installation, archive: bytes, name: str
) -> None:
    early = olga.browser.post(f"{PAGE}/uploads", data=told(archive, typed="Acme?"))
    assert early.status_code == 422, "before a gigabyte is sent"
    assert set(early.get_json()["errors"]) == {"typed"}
    form = sent(olga, archive, name.upper())
    refused = olga.browser.post(PAGE, data=form | {"typed": "Acme?"})
    assert refused.status_code == 422
    assert "just as it is shown" in refused.text
    assert 'value="Acme?"' in refused.text
    assert form["upload"] in refused.text
    assert rows(installation, ASKED) == []
    none = olga.browser.post(PAGE, data={"typed": name})
    assert "Choose the file of an archive." in none.text


def test_the_archive_of_another_workspace_is_asked_about_first(
    olga: OperatorPerson, installation: Installation, archive: bytes, cast: Cast
) -> None:
    """Also of one that was moved here from elsewhere, and has another id: so it can be meant."""
    at, name = PAGE.replace("acme", "other"), "另一家公司"
    form = sent(olga, archive, name, at)
    assert 'name="other"' not in olga.browser.get(at).text
    asked = olga.browser.post(at, data=form)
    assert asked.status_code == 422
    assert "This is the archive of another workspace" in asked.text
    assert "(/acme)" in asked.text
    assert 'name="other"' in asked.text
    assert rows(installation, ASKED) == []
    assert olga.browser.post(at, data=form | {"other": "1"}).status_code == 303
    run_jobs(installation)
    assert companies(installation, "other") == ["Kept in a file"]
    assert companies(installation, "acme") == ["Kept in a file"]


@pytest.mark.parametrize("kind", list(REFUSED))
def test_what_is_no_archive_is_told_beside_the_field(
    olga: OperatorPerson, installation: Installation, archive: bytes, name: str, kind: str
) -> None:
    make, said = REFUSED[kind]
    refused = olga.browser.post(PAGE, data=sent(olga, make(archive), name))
    assert refused.status_code == 422
    assert said in refused.text.partition('id="field-file-error"')[2].partition("</p>")[0]
    assert rows(installation, KEPT) == [(0,)]
    assert rows(installation, ASKED) == []


def test_damage_that_only_the_worker_finds_leaves_the_workspace_open_and_as_it_was(
    olga: OperatorPerson, installation: Installation, archive: bytes, name: str, make: Maker, cast: Cast
) -> None:
    make.company(name="Typed since")
    asked = olga.browser.post(PAGE, data=sent(olga, changed(archive, one_letter), name))
    run_jobs(installation)
    page = olga.browser.get(asked.location).text
    assert "The file cannot be restored: it is damaged" in page
    assert "Nothing was changed." in page
    assert rows(installation, NAMES) == [("acme", "active"), ("other", "active")]
    assert rows(installation, KEPT) == [(0,)]
    assert browser_of(installation.app, cast["rep"]).get("/acme/companies").status_code == 200


def test_it_takes_password_and_code_again(olga: OperatorPerson, installation: Installation, archive: bytes) -> None:
    with installation.place.owner() as connection:
        connection.execute("UPDATE public.operator_sessions SET proven_at = now() - interval '11 minutes'")
    assert "before a file is chosen" in olga.browser.get(PAGE).text
    for address in (PAGE, f"{PAGE}/uploads", f"{PAGE}/proof"):
        assert olga.browser.post(address, data=told(archive, typed="Acme")).status_code == 403
    assert rows(installation, KEPT) == [(0,)]


def test_nobody_else_may(app: Flask, cast: Cast, installation: Installation, archive: bytes) -> None:
    for who in (None, cast["owner"]):
        browser = browser_of(app, who)
        for address in (PAGE, f"{PAGE}/uploads", f"{PAGE}/proof"):
            assert browser.post(address, data=told(archive, typed="Acme")).location == "/operator/signin"
    assert rows(installation, KEPT) == [(0,)]


def test_sent_twice_it_is_done_once_and_nothing_else_meanwhile(
    olga: OperatorPerson, installation: Installation, archive: bytes, name: str
) -> None:
    form = sent(olga, archive, name)
    for _click in range(2):
        assert olga.browser.post(PAGE, data=form).status_code == 303
    delete = {"typed": "acme", "reason": "Meanwhile"}
    olga.browser.post("/operator/workspaces/acme/deletion", data=delete)
    assert [kind for kind, _state, _error in rows(installation, ASKED)] == ["restore_file_in_place"]
    assert forget_uploads(installation.settings.owner_url) == 0
    [(work_id,)] = rows(installation, "SELECT id FROM public.operator_work")
    with installation.place.owner() as connection:
        connection.execute("UPDATE public.operator_work SET state = 'running'")
        connection.execute("UPDATE public.operator_uploads SET begun_at = now() - interval '2 days'")
    assert forget_uploads(installation.settings.owner_url) == 0, "what is being restored stays"
    for _worker in range(2):
        execute(installation.app, registry["operators.work"], {"tenant_id": None, "work_id": str(work_id)})
    assert rows(installation, ASKED) == [("restore_file_in_place", "done", None)]
    assert len(rows(installation, NAMES)) == 3


def test_without_a_script_the_form_brings_it(
    olga: OperatorPerson, installation: Installation, archive: bytes, name: str
) -> None:
    form = {"typed": name, "file": (io.BytesIO(archive), "acme.zip")}
    assert olga.browser.post(PAGE, data=form).status_code == 303
    run_jobs(installation)
    assert rows(installation, ASKED) == [("restore_file_in_place", "done", None)]


def test_a_workspace_that_goes_before_the_worker_comes_is_told(
    olga: OperatorPerson, installation: Installation, archive: bytes, name: str
) -> None:
    asked = olga.browser.post(PAGE, data=sent(olga, archive, name))
    with installation.place.owner() as connection:
        connection.execute("DELETE FROM public.operator_upload_pieces")
    run_jobs(installation)
    assert "The file, or the workspace, is no longer here." in olga.browser.get(asked.location).text
