"""What befalls a workspace as a whole, as an operator calls for it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask

from saas_crm.access.queries import member_by_id
from saas_crm.core.audit import AuditEntry
from saas_crm.workspaces.ending import ask_deletion
from tenants.db import db, tenant_scope
from tests.cli.conftest import CHECKOUT
from tests.support.cast import Cast
from tests.support.clients import Browser
from tests.support.command import Call
from tests.support.installation import Installation
from tests.support.mailbox import Mailbox
from tests.support.making import Maker
from tests.support.server import environment_of


@pytest.fixture
def archive(call: Call, make: Maker, tmp_path: Path) -> Path:
    """Acme's archive, with one company."""
    make.company(name="Ähre")
    path = tmp_path / "acme.zip"
    found = call("tenants", "export", "acme", str(path))
    assert found.exit_code == 0, found.output
    assert "acme: " in found.output
    assert f"in {path}" in found.output
    return path


def test_a_workspace_is_taken_along_and_brought_back(
    call: Call, archive: Path, app: Flask, client_for: Callable[[str], Browser]
) -> None:
    found = call("tenants", "restore", str(archive), "--as", "copy", "--name", "Copy of Acme")
    assert found.exit_code == 0, found.output
    assert found.output == "restored: http://localhost/copy/\n"
    assert "Ähre" in client_for("rep").get("/copy/companies").text
    listed = json.loads(call("tenants", "list", "--json").output)
    assert {row["slug"]: row["name"] for row in listed}["copy"] == "Copy of Acme"


def test_a_file_that_exists_is_not_replaced_unasked(call: Call, archive: Path) -> None:
    before = archive.read_bytes()
    found = call("tenants", "export", "acme", str(archive))
    assert (found.exit_code, archive.read_bytes()) == (2, before)
    assert "exists already" in found.output
    assert call("tenants", "export", "acme", str(archive), "--overwrite").exit_code == 0


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("export", "nobody", "{new}"), 1, "There is no workspace 'nobody'."),
        (("export", "acme", "{new}/no/folder.zip"), 1, "cannot be written"),
        (("restore", "{new}", "--as", "copy"), 1, "cannot be read: No such file"),
        (("restore", "{file}"), 2, "either --as SLUG or --in-place-of SLUG"),
        (("restore", "{file}", "--as", "a-b", "--in-place-of", "acme"), 2, "either --as SLUG"),
        (("restore", "{file}", "--as", "Ab"), 2, "'Ab' will not do as an address."),
        (("restore", "{file}", "--as", "other"), 1, "The address 'other' is taken."),
        (("restore", "{text}", "--as", "copy"), 1, "is no archive of a workspace"),
        (("restore", "{file}", "--in-place-of", "nobody", "--yes"), 1, "There is no workspace 'nobody'."),
        (("suspend", "nobody"), 1, "There is no workspace 'nobody'."),
        (("delete", "nobody", "--now", "--yes"), 1, "There is no workspace 'nobody'."),
        (("delete", "acme"), 2, "Say --now"),
    ],
)
def test_what_cannot_be_is_told_in_a_line(
    call: Call, archive: Path, arguments: tuple[str, ...], code: int, said: str
) -> None:
    text = archive.with_name("text.zip")
    text.write_text("no archive")
    places = {"new": archive.with_name("new.zip"), "file": archive, "text": text}
    found = call("tenants", *(argument.format(**places) for argument in arguments))
    assert found.exit_code == code, found.output
    assert said in found.output
    assert "Traceback" not in found.output


def test_closed_and_opened_again(call: Call, client_for: Callable[[str], Browser]) -> None:
    rep = client_for("rep")
    said = "acme is suspended\n  operator: closed (The invoice of May is open.)\n"
    assert call("tenants", "suspend", "acme", "--reason", "The invoice of  May is open.").output == said
    assert rep.get("/acme/companies").status_code == 403, "from the next request on"
    assert call("tenants", "suspend", "acme", "--closed", "--reason", "The invoice of May is open.").output == (
        said.replace("suspended", "suspended already")
    )
    assert call("tenants", "resume", "acme").output == "acme is active\n"
    assert rep.get("/acme/companies").status_code == 200
    assert call("tenants", "resume", "acme").output == "acme is active already\n"


def test_what_is_done_by_command_stands_in_the_log(
    call: Call, archive: Path, app: Flask, client_for: Callable[[str], Browser]
) -> None:
    """Each has one line, and what could not be done has none."""
    call("tenants", "restore", str(archive), "--as", "copy")
    refused = call("tenants", "export", "copy", str(archive / "no" / "folder.zip"))
    assert refused.exit_code == 1
    app.extensions["directory"].forget()
    with app.app_context(), tenant_scope(app.extensions["directory"].by_slug("copy")):
        rows = db.session.query(AuditEntry.action).filter_by(resource="workspace", through="command").all()
        assert sorted(action for (action,) in rows) == ["restore"]
    assert call("tenants", "export", "copy", str(archive.with_name("again.zip"))).exit_code == 0
    with app.app_context(), tenant_scope(app.extensions["directory"].by_slug("copy")):
        rows = db.session.query(AuditEntry.action).filter_by(resource="workspace", through="command").all()
        assert sorted(action for (action,) in rows) == ["export", "restore"]


def test_the_owners_are_told_and_the_operator_is_named(
    call: Call, archive: Path, app: Flask, cast: Cast, mailbox: Mailbox, installation: Installation
) -> None:
    """The owner had asked, but her days of grace were cut short."""
    call("tenants", "restore", str(archive), "--as", "copy", "--name", "Copy Ltd")
    app.extensions["directory"].forget()
    with app.app_context():
        tenant = app.extensions["directory"].by_slug("copy")
        with tenant_scope(tenant):
            owner_id = cast["owner"].member_id
            assert owner_id is not None
            owner = member_by_id(owner_id)
        ask_deletion(installation.settings.database_url, "http://localhost", tenant, actor=owner)
    found = call("tenants", "delete", "copy", "--now", "--yes")
    assert found.exit_code == 0, found.output
    told = json.loads(found.output)
    assert (told["asked_by"], told["asked_at"]) == ("operator", None)
    assert "Copy Ltd is deleted" in [mail["Subject"] for mail in mailbox.arrived("owner@acme.example")]
    with installation.place.owner() as connection:
        acts = "SELECT actor, tenant_id, details FROM public.operator_acts WHERE act = 'delete'"
        assert connection.execute(acts).fetchall() == [("command", tenant.id, {"certificate": told["id"]})]


def test_made_read_only_until_a_day(call: Call, client_for: Callable[[str], Browser]) -> None:
    found = call("tenants", "suspend", "acme", "--read-only", "--ask", "help@host.example", "--until", "2031-02-03")
    assert found.output == "acme is read-only\n  operator: read-only, until 2031-02-03 00:00 UTC\n"
    rep = client_for("rep")
    assert "Ask help@host.example." in rep.get("/acme/companies").text
    assert rep.post("/acme/companies", data={"name": "New"}).status_code == 403
    call("tenants", "resume", "acme")
    assert rep.post("/acme/companies", data={"name": "New"}).status_code == 303


def test_deleting_asks_first_and_prints_a_certificate(call: Call, archive: Path) -> None:
    def there() -> set[str]:
        return {row["slug"] for row in json.loads(call("tenants", "list", "--json").output)}

    call("tenants", "restore", str(archive), "--as", "copy")
    asked = call("tenants", "delete", "copy", "--now")
    assert asked.exit_code == 1
    assert "Go on?" in asked.output
    assert there() == {"acme", "copy", "other"}
    found = call("tenants", "delete", "copy", "--now", "--yes")
    assert found.exit_code == 0, found.output
    assert json.loads(found.output)["slug"] == "copy"
    assert there() == {"acme", "other"}


@pytest.mark.parametrize("command", ["restore", "delete"])
def test_killed_in_the_middle_leaves_all_or_nothing(command: str, archive: Path, installation: Installation) -> None:
    """It is held just before its end, by a row it has to wait for, and killed there."""
    arguments = {"restore": [str(archive), "--as", "copy"], "delete": ["acme", "--now", "--yes"]}[command]
    place = installation.place
    queries = (
        "SELECT slug, status, schema_name FROM public.tenants ORDER BY 3",
        "SELECT nspname FROM pg_namespace WHERE nspname LIKE 't\\_%' ORDER BY 1",
        "SELECT user_id, tenant_id FROM public.memberships ORDER BY 1, 2",
        "SELECT email FROM public.users ORDER BY 1",
    )
    held = {"restore": "LOCK TABLE public.memberships IN EXCLUSIVE MODE",
            "delete": "LOCK TABLE jobs.procrastinate_jobs IN EXCLUSIVE MODE"}[command]  # fmt: skip
    with place.owner() as look, place.owner() as holder:
        before = [look.execute(query).fetchall() for query in queries]
        with holder.transaction():
            holder.execute(held)
            process = subprocess.Popen(
                [sys.executable, "-m", "saas_crm.cli", "tenants", command, *arguments],
                env={**os.environ, **environment_of(installation.settings), "PYTHONPATH": str(CHECKOUT)},
            )
            try:
                _wait_until_held(look, holder.info.backend_pid, process)
            finally:
                os.kill(process.pid, signal.SIGKILL)
                process.wait(20)
        _wait_until_gone(look)
        assert [look.execute(query).fetchall() for query in queries] == before


def _wait_until_held(look: object, holder: int, process: subprocess.Popen[bytes]) -> None:
    query = "SELECT count(*) FROM pg_stat_activity WHERE %s = ANY(pg_blocking_pids(pid))"
    for _ in range(600):
        assert process.poll() is None
        if look.execute(query, [holder]).fetchone() != (0,):  # type: ignore[attr-defined]
            return
        time.sleep(0.1)
    raise AssertionError("it did not come so far")


def _wait_until_gone(look: object) -> None:
    query = (
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND usename = current_user"
        " AND pid <> pg_backend_pid() AND state = 'active'"
    )
    for _ in range(200):
        if look.execute(query).fetchone() == (0,):  # type: ignore[attr-defined]
            return
        time.sleep(0.1)
    raise AssertionError("the server still works for who was killed")


def test_backups_are_made_listed_and_fetched(call: Call, make: Maker, tmp_path: Path) -> None:
    make.company(name="Ähre")
    place = {"BACKUP_URL": f"file://{tmp_path}/backups"}
    empty = call("tenants", "backups", "acme", **place)
    assert (empty.exit_code, "no backup of acme yet" in empty.output) == (0, True)
    made = call("tenants", "backup", "acme", **place)
    assert made.exit_code == 0, made.output
    assert made.output.split()[0] in call("tenants", "backups", "acme", **place).output
    found = call("tenants", "fetch", "acme", str(tmp_path / "back.zip"), **place)
    assert found.exit_code == 0, found.output
    assert call("tenants", "restore", str(tmp_path / "back.zip"), "--as", "copy").exit_code == 0
    assert call("tenants", "delete", "copy", "--now", "--yes", **place).exit_code == 0


@pytest.mark.parametrize(
    ("arguments", "url", "code", "said"),
    [
        (("backup", "acme"), None, 2, "No place for backups is set."),
        (("backups", "acme"), "ftp://somewhere", 2, "BACKUP_URL must be file:///folder or s3://bucket/folder"),
        (("backup", "nobody"), "file://{folder}/b", 1, "There is no workspace 'nobody'."),
        (("backup", "acme"), "file://{folder}/file", 1, "The place for backups does not work"),
        (("fetch", "acme", "{folder}/new.zip"), "file://{folder}/b", 1, "There is no such backup of acme."),
        (("fetch", "acme", "{folder}/file"), "file://{folder}/b", 2, "exists already"),
        (("fetch", "acme", "{folder}/n.zip", "--before", "soon"), "file://{folder}/b", 2, "does not match the formats"),
    ],
)
def test_backups_that_cannot_be_are_told_in_a_line(
    call: Call, tmp_path: Path, arguments: tuple[str, ...], url: str | None, code: int, said: str
) -> None:
    (tmp_path / "file").write_text("no folder")
    place = {"BACKUP_URL": url.format(folder=tmp_path) if url else None}
    found = call("tenants", *(argument.format(folder=tmp_path) for argument in arguments), **place)
    assert found.exit_code == code, found.output
    assert said in found.output
    assert "Traceback" not in found.output
