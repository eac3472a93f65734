"""The whole workspace as a file, asked for on the website: who may, what is in it, how long it lasts."""

from __future__ import annotations

import io
import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from psycopg import sql

from saas_crm.core.audit import AuditEntry
from saas_crm.core.clock import now
from saas_crm.core.jobs import registry
from saas_crm.worker import execute
from saas_crm.workspaces import archives
from saas_crm.workspaces.archives import forget_archives
from saas_crm.workspaces.restoring import restore_as
from saas_crm.workspaces.saving import STALE, sweep
from tenants.db import db, tenant_scope
from tests.support.cast import Cast
from tests.support.clients import Browser, statements
from tests.support.installation import Installation
from tests.support.mailbox import Mailbox, queued
from tests.support.making import Maker
from tests.web.pages import flashed, heading

ClientFor = Callable[..., Browser]
PAGE = "/acme/settings/archives"


@pytest.fixture
def link(client_for: ClientFor, make: Maker, mailbox: Mailbox) -> str:
    """Where the owner downloads an archive that was made."""
    make.company("rep", name="Ähre & Söhne")
    owner = client_for("owner")
    assert owner.post(PAGE).status_code == 303
    mailbox.arrived()
    found = re.search(r'href="(/acme/settings/archives/[0-9a-f-]{36}/file)"', owner.get(PAGE).text)
    assert found is not None
    return found[1]


def test_it_is_made_told_by_mail_and_brings_everything_back(
    link: str, client_for: ClientFor, mailbox: Mailbox, app: Flask, cast: Cast, installation: Installation,
    tmp_path: Path,
) -> None:  # fmt: skip
    [mail] = [one for one in mailbox.arrived("owner@acme.example") if "archive" in one["Subject"]]
    assert mail["Subject"] == "The archive of Acme Instruments is ready"
    assert mailbox.link("owner@acme.example", containing="/settings/archives") == PAGE
    answer = client_for("owner").get(link)
    assert (answer.status_code, answer.mimetype) == (200, "application/zip")
    assert answer.headers["Cache-Control"] == "no-store"
    assert re.search(r'filename="acme-\d{4}-\d\d-\d\d\.zip"', answer.headers["Content-Disposition"])
    assert answer.content_length == len(answer.data)
    path = tmp_path / "taken.zip"
    path.write_bytes(answer.data)
    restore_as(installation.settings.owner_url, installation.settings.database_url, path, "copy")
    assert "Ähre &amp; Söhne" in client_for("owner").get("/copy/companies").text
    with app.app_context(), tenant_scope(cast.tenants["acme"]):
        rows = db.session.query(AuditEntry).filter(AuditEntry.action.in_(("ask_archive", "take_archive"))).all()
    assert sorted((row.action, row.member_id) for row in rows) == [
        ("ask_archive", cast["owner"].member_id), ("take_archive", cast["owner"].member_id)
    ]  # fmt: skip


def test_the_list_tells_size_and_who(link: str, client_for: ClientFor) -> None:
    page = client_for("admin").get(PAGE)
    assert "Olivia Owner" in page.text
    assert re.search(r"\d+ kB", page.text)
    assert link not in page.text, "only who asked for it downloads it"
    assert statements(page) <= 8


def test_it_is_bound_to_the_person(link: str, client_for: ClientFor) -> None:
    assert client_for("admin").get(link).status_code == 404
    for who in ("manager", "rep", "viewer"):
        assert client_for(who).get(link).status_code == 403
    assert client_for("outsider").get(link.replace("acme", "other")).status_code == 404
    assert client_for("outsider").get(link).status_code == 404
    assert client_for(None).get(link).status_code == 302


def test_the_password_is_asked_for_again(link: str, client_for: ClientFor) -> None:
    owner = client_for("owner")
    owner.write_session({**owner.read_session(), "proved": 0})
    assert heading(owner.post(PAGE)) == "Your password, please"
    asked = owner.get(link)
    assert asked.status_code == 302
    assert asked.location.startswith("/profile/proof?next=")


@pytest.mark.parametrize("who", ["manager", "rep", "viewer"])
def test_others_do_not_ask(client_for: ClientFor, who: str, installation: Installation) -> None:
    browser = client_for(who)
    assert browser.get(PAGE).status_code == 403
    assert browser.post(PAGE).status_code == 403
    assert not [name for name, _args in queued(installation) if name == "workspaces.make_archive"]


@pytest.mark.parametrize(
    "less", ["permissions - 'contact:read'", "permissions || '{\"deal:read\": \"own\", \"contact:read\": \"own\"}'",
             "permissions || '{\"contact.phone\": \"masked\"}'"],
)  # fmt: skip
def test_who_does_not_see_everything_takes_nothing(
    client_for: ClientFor, cast: Cast, installation: Installation, less: str
) -> None:
    roles = sql.Identifier(cast.tenants["acme"].schema_name, "roles")
    with installation.place.owner() as connection:
        connection.execute(sql.SQL("UPDATE {} SET permissions = {} WHERE key = 'admin'").format(roles, sql.SQL(less)))
    admin = client_for("admin")
    assert admin.get("/acme/settings/workspace").status_code == 200
    assert admin.get(PAGE).status_code == 403
    assert admin.post(PAGE).status_code == 403


def test_one_is_made_at_a_time(client_for: ClientFor, installation: Installation) -> None:
    owner = client_for("owner")
    owner.post(PAGE)
    assert "Being made" in owner.get(PAGE).text
    client_for("admin").post(PAGE)
    assert len([name for name, _args in queued(installation) if name == "workspaces.make_archive"]) == 1
    owner.post(PAGE)
    assert "being made already" in flashed(owner.get(PAGE))


def test_a_run_that_failed_is_told_and_tried_again(
    client_for: ClientFor, app: Flask, installation: Installation, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    owner = client_for("owner")
    owner.post(PAGE)
    [args] = [args for name, args in queued(installation) if name == "workspaces.make_archive"]
    with monkeypatch.context() as broken:
        broken.setattr("tempfile.tempdir", str(tmp_path / "full"))
        with pytest.raises(OSError, match="full"):
            execute(app, registry["workspaces.make_archive"], dict(args))
    assert "It could not be made" in owner.get(PAGE).text
    execute(app, registry["workspaces.make_archive"], dict(args))
    execute(app, registry["workspaces.make_archive"], dict(args))
    assert owner.get(PAGE).text.count("/file") == 1


def test_it_is_gone_after_its_days(link: str, client_for: ClientFor, installation: Installation) -> None:
    with installation.place.owner() as connection:
        connection.execute("UPDATE public.archives SET expires_at = now() - interval '1 second'")
    assert client_for("owner").get(link).status_code == 404
    assert forget_archives(installation.settings.database_url) == 1
    with installation.place.owner() as connection:
        assert connection.execute("SELECT count(*) FROM public.archive_pieces").fetchone() == (0,)


def test_it_is_removed_before_its_time(link: str, client_for: ClientFor, app: Flask, cast: Cast) -> None:
    removal = link.replace("/file", "/removal")
    assert client_for("rep").post(removal).status_code == 403
    assert client_for("outsider").post(removal.replace("acme", "other")).status_code == 404
    assert client_for("admin").post(removal).status_code == 303
    assert client_for("owner").get(link).status_code == 404
    assert client_for("owner").post(removal).status_code == 404
    with app.app_context(), tenant_scope(cast.tenants["acme"]):
        [row] = db.session.query(AuditEntry).filter_by(action="remove_archive").all()
    assert row.member_id == cast["admin"].member_id


def test_a_new_one_takes_the_place_of_the_former(link: str, client_for: ClientFor, mailbox: Mailbox) -> None:
    """Each is as large as the workspace; another member's is left alone."""
    admin, owner = client_for("admin"), client_for("owner")
    assert admin.post(PAGE).status_code == 303
    mailbox.arrived()
    assert owner.get(link).status_code == 200
    assert owner.post(PAGE).status_code == 303
    assert owner.get(link).status_code == 200, "until the new one is there"
    mailbox.arrived()
    assert owner.get(link).status_code == 404
    assert owner.get(PAGE).text.count("/file") == 1
    assert admin.get(PAGE).text.count("/file") == 1


def test_what_a_killed_process_left_is_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    old, young, strange = (tmp_path / name for name in ("crm-archive-a", "crm-archive-b", "somebody-elses"))
    for folder in (old, young, strange):
        folder.mkdir()
        (folder / "archive.zip").write_bytes(b"half")
    long_ago = (now() - STALE).timestamp() - 1
    for folder in (old, strange):
        os.utime(folder, (long_ago, long_ago))
    assert sweep() == 1
    assert sorted(each.name for each in tmp_path.iterdir()) == ["crm-archive-b", "somebody-elses"]


def test_it_is_read_piece_by_piece(
    client_for: ClientFor, mailbox: Mailbox, make: Maker, monkeypatch: pytest.MonkeyPatch, installation: Installation
) -> None:
    monkeypatch.setattr(archives, "PIECE", 1_000)
    make.company("rep")
    owner = client_for("owner")
    owner.post(PAGE)
    mailbox.arrived()
    found = re.search(r'href="([^"]+/file)"', owner.get(PAGE).text)
    assert found is not None
    with installation.place.owner() as connection:
        rows = connection.execute("SELECT length(content) FROM public.archive_pieces ORDER BY number").fetchall()
    assert len(rows) > 3
    assert {length for (length,) in rows[:-1]} == {1_000}
    answer = owner.get(found[1])
    assert len(answer.data) == sum(length for (length,) in rows)
    assert io.BytesIO(answer.data).read(2) == b"PK"
