"""A workspace's end as its owner asks for it: days of grace, mails, the way back, and what remains."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from flask import Flask

from saas_crm.access.permissions import CurrentMember
from saas_crm.access.queries import member_by_id
from saas_crm.core.audit import AuditEntry
from saas_crm.core.errors import Forbidden
from saas_crm.core.jobs import registry
from saas_crm.worker import execute
from saas_crm.workspaces.backups import BackupFailed
from saas_crm.workspaces.deleting import certificates, delete_workspace
from saas_crm.workspaces.ending import ask_deletion, end_those_due, keep
from saas_crm.workspaces.restoring import restore_as
from tenants.db import db, tenant_scope
from tests.support.cast import PASSWORD, Cast
from tests.support.clients import Browser, Phone, browser_of
from tests.support.command import Call, call
from tests.support.installation import Installation
from tests.support.mailbox import Mailbox, body
from tests.support.making import Maker
from tests.web.pages import errors, flashed, heading

__all__ = ["call"]
ClientFor = Callable[..., Browser]
Acting = Callable[[str], AbstractContextManager[CurrentMember]]
PAGE, BACK = "/acme/settings/deletion", "/acme/settings/deletion/withdrawal"
NAME = {"name": " acme  instruments "}


def test_only_owners_come_here(client_for: ClientFor) -> None:
    assert heading(client_for("owner").get(PAGE)) == "Delete the workspace"
    for who in ("admin", "manager", "rep", "viewer"):
        browser = client_for(who)
        assert browser.get(PAGE).status_code == 403
        assert browser.post(PAGE, data=NAME).status_code == 403
        assert browser.post(BACK).status_code == 403
        assert "settings/deletion" not in browser.get("/acme/settings").text
    assert client_for("outsider").post(PAGE, data=NAME).status_code == 404
    assert "settings/deletion" in client_for("owner").get("/acme/settings").text


@pytest.mark.parametrize("typed", ["", "Acme", "other"])
def test_the_name_has_to_be_typed(client_for: ClientFor, typed: str) -> None:
    owner = client_for("owner")
    page = owner.post(PAGE, data={"name": typed})
    assert page.status_code == 422
    assert set(errors(page)) == {"name"}
    assert "Nothing is deleted yet" in page.text
    assert client_for("rep").get("/acme/").status_code == 200


def test_the_password_is_asked_for_again(client_for: ClientFor) -> None:
    owner = client_for("owner")
    owner.write_session({**owner.read_session(), "proved": 0})
    assert heading(owner.post(PAGE, data=NAME)) == "Your password, please"
    assert client_for("rep").get("/acme/").status_code == 200
    assert owner.post(PAGE, data={**NAME, "proof_password": PASSWORD}).status_code == 303
    assert client_for("rep").get("/acme/").status_code == 403


def test_it_is_closed_to_all_but_the_owner_who_can_read(
    client_for: ClientFor, api_for: Callable[..., Phone], make: Maker
) -> None:
    make.company("rep", name="Ada")
    owner = client_for("owner")
    done = owner.post(PAGE, data=NAME)
    assert (done.status_code, done.location) == (303, PAGE)
    rep = client_for("rep").get("/acme/companies")
    assert rep.status_code == 403
    assert heading(rep).startswith("This workspace will be deleted on ")
    assert "Olivia Owner asked for it." in rep.text
    refused = api_for("rep").get("/companies")
    assert (refused.status_code, refused.json["type"]) == (403, "urn:saas-crm:problem:workspace-closed")
    assert "Olivia" not in refused.text
    page = owner.get("/acme/companies")
    assert page.status_code == 200
    assert "Ada" in page.text
    assert f'action="{BACK}"' in page.text
    assert owner.post("/acme/companies", data={"name": "New"}).status_code == 403
    assert "Ada" in owner.get("/acme/companies/export?format=csv").text
    assert api_for("owner").get("/companies").status_code == 200
    assert owner.post("/acme/settings/archives").status_code == 303, "everything can still be taken along"
    assert client_for("outsider").get("/other/companies").status_code == 200


def test_one_click_takes_it_back(client_for: ClientFor, app: Flask, cast: Cast) -> None:
    owner = client_for("owner")
    owner.post(PAGE, data=NAME)
    owner.post(PAGE, data=NAME)  # said twice it is the same, and so is the day
    assert owner.post(BACK).status_code == 303
    assert "The workspace stays" in flashed(owner.get("/acme/settings"))
    assert client_for("rep").get("/acme/companies").status_code == 200
    assert owner.post(BACK).status_code == 303
    assert flashed(owner.get("/acme/settings")) == "Nothing was to be taken back."
    with app.app_context(), tenant_scope(cast.tenants["acme"]):
        rows = db.session.query(AuditEntry).filter(AuditEntry.action.in_(("ask_deletion", "keep"))).all()
    owner_id = cast["owner"].member_id
    assert sorted((row.action, row.member_id) for row in rows) == [("ask_deletion", owner_id), ("keep", owner_id)]


def test_what_the_operator_closed_stays_closed(client_for: ClientFor, call: Call) -> None:
    owner = client_for("owner")
    owner.post(PAGE, data=NAME)
    call("tenants", "suspend", "acme")
    assert owner.get("/acme/companies").status_code == 403
    call("tenants", "resume", "acme")
    assert owner.get("/acme/companies").status_code == 200
    assert client_for("rep").get("/acme/companies").status_code == 403


@pytest.fixture
def doomed(
    archive: Path, app: Flask, cast: Cast, installation: Installation, due: Callable[[str, timedelta], None]
) -> Browser:
    """A workspace whose day has come, made of acme's archive (a spare would be missed), and its owner's browser."""
    url = installation.settings.database_url
    restore_as(installation.place.owner_url, url, archive, "doomed", name="Doomed Ltd")
    with app.app_context():
        tenant = app.extensions["directory"].by_slug("doomed")
        with tenant_scope(tenant):
            owner_id = cast["owner"].member_id
            assert owner_id is not None
            member = member_by_id(owner_id)
        ask_deletion(url, "http://localhost", tenant, actor=member)
    due("doomed", timedelta(seconds=-1))
    return browser_of(app, cast["owner"])


def test_the_night_after_nothing_is_left_but_a_certificate(
    doomed: Browser, app: Flask, installation: Installation, mailbox: Mailbox, call: Call
) -> None:
    assert doomed.get("/doomed/").status_code == 200
    mailbox.arrived()
    mailbox.clear()
    execute(app, registry["workspaces.end"], {})
    app.extensions["directory"].forget()
    assert doomed.get("/doomed/").status_code == 404
    [mail] = mailbox.arrived("owner@acme.example")
    assert mail["Subject"] == "Doomed Ltd is deleted"
    [certificate] = certificates(installation.settings.database_url)
    assert (certificate.slug, certificate.asked_by, certificate.rows["members"]) == ("doomed", "Olivia Owner", 7)
    assert str(certificate.id) in body(mail)
    assert certificate.asked_at is not None
    with installation.place.owner() as connection:
        left = connection.execute("SELECT count(*) FROM public.tenants WHERE slug = 'doomed'").fetchone()
        held = connection.execute("SELECT counts::text || asked_by FROM public.deletion_certificates").fetchone()
    assert left == (0,)
    assert "@" not in str(held), "of people only the owner's name"
    [told] = json.loads(call("tenants", "certificates", "--json").output)
    assert told["id"] == str(certificate.id)
    assert "doomed" in call("tenants", "certificates").output


def test_taken_back_in_time_it_stays(doomed: Browser, app: Flask) -> None:
    assert doomed.post("/doomed/settings/deletion/withdrawal").status_code == 303
    execute(app, registry["workspaces.end"], {})
    assert doomed.get("/doomed/").status_code == 200


def test_where_backups_cannot_be_removed_nothing_is_deleted(
    doomed: Browser, app: Flask, installation: Installation
) -> None:
    def refuse(_tenant: object) -> int:
        raise BackupFailed("the store is away")

    with app.app_context():
        assert end_those_due(installation.settings.owner_url, refuse) == []
        assert doomed.get("/doomed/").status_code == 200
        assert len(end_those_due(installation.settings.owner_url)) == 1


def test_where_its_owners_cannot_be_told_its_backups_stay(
    doomed: Browser, app: Flask, installation: Installation
) -> None:
    """What fails undoes the deletion; removed backups would be gone for good."""
    forgotten: list[UUID] = []

    def refuse(*_: object) -> None:
        raise LookupError("no words for it")

    def forget(tenant_id: UUID) -> int:
        forgotten.append(tenant_id)
        return 3

    with app.app_context():
        with pytest.raises(LookupError):
            delete_workspace(installation.settings.owner_url, "doomed", forget, farewell=refuse)
        assert forgotten == []
        assert doomed.get("/doomed/").status_code == 200
        [certificate] = end_those_due(installation.settings.owner_url, forget)
    assert (forgotten, certificate.backups) == ([certificate.tenant_id], 3)
    assert [one.backups for one in certificates(installation.settings.database_url)] == [3]


def test_one_whose_owners_cannot_be_reminded_keeps_no_other_waiting(
    doomed: Browser, client_for: ClientFor, app: Flask, cast: Cast, installation: Installation, mailbox: Mailbox,
    due: Callable[[str, timedelta], None],
) -> None:  # fmt: skip
    """Acme's members cannot be read; the other one is reminded all the same, and what is due is deleted."""
    client_for("owner").post(PAGE, data=NAME)
    client_for("outsider").post("/other/settings/deletion", data={"name": cast.tenants["other"].name})
    due("acme", timedelta(hours=22))
    due("other", timedelta(hours=23))
    mailbox.arrived()
    mailbox.clear()
    schema = cast.tenants["acme"].schema_name
    with installation.place.owner() as connection:
        connection.execute(f"ALTER TABLE {schema}.members RENAME TO members_away")
        try:
            execute(app, registry["workspaces.end"], {})
        finally:
            connection.execute(f"ALTER TABLE {schema}.members_away RENAME TO members")
    with installation.place.owner() as connection:
        rows = connection.execute(
            "SELECT t.slug, d.reminded FROM public.tenant_deletions d JOIN public.tenants t ON t.id = d.tenant_id"
        ).fetchall()
    assert dict(rows) == {"acme": None, "other": 1}
    assert [one.slug for one in certificates(installation.settings.database_url)] == ["doomed"]


def test_before_its_day_nothing_is_deleted(client_for: ClientFor, app: Flask) -> None:
    owner = client_for("owner")
    owner.post(PAGE, data=NAME)
    execute(app, registry["workspaces.end"], {})
    assert owner.get("/acme/").status_code == 200


def test_its_backups_go_with_it(doomed: Browser, app_with: Callable[..., Flask], tmp_path: Path) -> None:
    other = app_with(backup_url=f"file://{tmp_path}/backups")
    with other.app_context():
        tenant = other.extensions["directory"].by_slug("doomed")
    execute(other, registry["workspaces.back_up"], {"tenant_id": str(tenant.id)})
    assert len(list((tmp_path / "backups").rglob("*.zip"))) == 1
    execute(other, registry["workspaces.end"], {})
    assert list((tmp_path / "backups").rglob("*.zip")) == []


def test_the_business_asks_for_the_owner(acting: Acting, cast: Cast, installation: Installation) -> None:
    url = installation.settings.database_url
    with acting("admin") as admin:
        with pytest.raises(Forbidden):
            ask_deletion(url, "", cast.tenants["acme"], actor=admin)
        with pytest.raises(Forbidden):
            keep(url, cast.tenants["acme"], actor=admin)
