"""Deleting a workspace at once from the console: by its address, with a reason, by the worker, and once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from psycopg.types.json import Jsonb

from saas_crm.access.queries import member_by_id
from saas_crm.app import create_app
from saas_crm.core.jobs import registry
from saas_crm.operators.deleting import delete_now
from saas_crm.operators.faults import Fault
from saas_crm.worker import execute
from saas_crm.workspaces import standing
from saas_crm.workspaces.backups import back_up, backups_of, store_at
from saas_crm.workspaces.ending import ask_deletion
from saas_crm.workspaces.restoring import restore_as, restore_in_place
from saas_crm.workspaces.saving import save
from tenants.db import new_id, tenant_scope
from tenants.standing import CLOSED, OPERATOR, Suspension
from tests.support.cast import Cast
from tests.support.clients import browser_of
from tests.support.installation import Installation, dispose
from tests.support.mailbox import Mailbox, run_jobs
from tests.support.operators import OperatorPerson, make_operator

AT = "/operator/workspaces/copy/deletion"
FORM = {"typed": "copy", "reason": "Ticket 4711: a duplicate"}
LEFT = """
    SELECT (SELECT count(*) FROM public.tenants WHERE id = %(id)s), (SELECT count(*) FROM pg_namespace n
    WHERE n.nspname = %(schema)s), (SELECT count(*) FROM public.memberships WHERE tenant_id = %(id)s)
"""


@pytest.fixture
def kept(app: Flask, installation: Installation, tmp_path: Path) -> Iterator[Installation]:
    """The installation with a folder for backups, on the database that `app` puts back."""
    settings = installation.settings.model_copy(update={"backup_url": f"file://{tmp_path}/backups"})
    other = create_app(settings)
    yield Installation(installation.place, installation.folder, settings, other)
    dispose(other)


@pytest.fixture
def olga(kept: Installation) -> OperatorPerson:
    return make_operator(kept.app, kept)


@pytest.fixture
def copy(kept: Installation, cast: Cast, tmp_path: Path) -> tuple[UUID, str]:
    """A workspace to be deleted, with the people of acme and a backup; its id and its schema."""
    settings = kept.settings
    save(settings.database_url, "acme", tmp_path / "acme.zip")
    restore_as(settings.owner_url, settings.database_url, tmp_path / "acme.zip", "copy", name="Copy Ltd")
    with kept.app.app_context():
        tenant = kept.app.extensions["directory"].by_slug("copy")
    back_up(store_at(settings.backup_url or ""), settings.database_url, "copy", tenant.id)
    return tenant.id, tenant.schema_name


def rows(kept: Installation, query: Any, values: Any = None) -> list[tuple[Any, ...]]:
    with kept.place.owner() as connection:
        return connection.execute(query, values).fetchall()


def left(kept: Installation, copy: tuple[UUID, str]) -> tuple[Any, ...]:
    return rows(kept, LEFT, {"id": copy[0], "schema": copy[1]})[0]


def backups(kept: Installation, copy: tuple[UUID, str]) -> int:
    return len(backups_of(store_at(kept.settings.backup_url or ""), copy[0]))


def test_it_is_deleted_by_the_worker_and_its_certificate_is_shown(
    olga: OperatorPerson, kept: Installation, copy: tuple[UUID, str], mailbox: Mailbox
) -> None:
    assert f'href="{AT}"' in olga.browser.get("/operator/workspaces/copy").text
    page = olga.browser.get(AT).text
    assert "Copy Ltd" in page
    assert "Nobody can bring it back." in page
    asked = olga.browser.post(AT, data=FORM)
    assert asked.status_code == 303
    assert left(kept, copy)[:2] == (1, 1), "the website itself deletes nothing"
    assert "waits for the worker" in olga.browser.get(asked.location).text
    assert backups(kept, copy) == 1
    run_jobs(kept)
    assert left(kept, copy) == (0, 0, 0)
    assert backups(kept, copy) == 0
    done = olga.browser.get(asked.location)
    assert done.status_code == 303
    certificate = olga.browser.get(done.location).text
    for told in ("Copy Ltd", "/copy", "An operator", "Ticket 4711: a duplicate", "Olga Operator"):
        assert told in certificate
    assert olga.browser.get(asked.location.replace("deletions", "work")).headers["HX-Redirect"] == done.location
    assert f'href="{done.location}"' in olga.browser.get("/operator/certificates").text
    assert f'href="{done.location}"' in olga.browser.get("/operator/log").text
    acts = "SELECT actor, act, slug, details ->> 'reason' FROM public.operator_acts WHERE slug = 'copy' ORDER BY id"
    assert rows(kept, acts) == [("Olga Operator", act, "copy", FORM["reason"]) for act in ("delete_now", "delete")]
    assert "Copy Ltd" in str([mail["Subject"] for mail in mailbox.arrived("owner@acme.example")])
    assert olga.browser.get("/operator/workspaces/copy").status_code == 404


def test_one_that_waits_out_its_grace_is_deleted_too(
    olga: OperatorPerson, kept: Installation, copy: tuple[UUID, str], cast: Cast
) -> None:
    with kept.app.app_context():
        tenant = kept.app.extensions["directory"].by_slug("copy")
        with tenant_scope(tenant):
            owner_id = cast["owner"].member_id
            assert owner_id is not None
            owner = member_by_id(owner_id)
        ask_deletion(kept.settings.database_url, kept.settings.base_url, tenant, actor=owner)
    assert "It is being deleted already" in olga.browser.get(AT).text
    olga.browser.post(AT, data=FORM)
    run_jobs(kept)
    assert left(kept, copy) == (0, 0, 0)
    assert rows(kept, "SELECT asked_by FROM public.deletion_certificates WHERE slug = 'copy'") == [("operator",)]


@pytest.mark.parametrize(("form", "wrong"), [
    ({"typed": "acme", "reason": "Kept as typed"}, {"typed"}), ({"typed": "", "reason": ""}, {"typed", "reason"}),
    ({"typed": "Copy Ltd", "reason": " "}, {"typed", "reason"}), ({"typed": "/Copy", "reason": "x" * 201}, {"reason"}),
    ({}, {"typed", "reason"}),
])  # fmt: skip
def test_what_does_not_fit_is_told_by_its_field_and_kept(
    olga: OperatorPerson, kept: Installation, copy: tuple[UUID, str], form: dict[str, str], wrong: set[str]
) -> None:
    refused = olga.browser.post(AT, data=form)
    assert refused.status_code == 422
    assert {name for name in ("typed", "reason") if f'href="#field-{name}"' in refused.text} == wrong
    for value in form.values():
        assert f'value="{value}"' in refused.text
    assert rows(kept, "SELECT 1 FROM public.operator_work") == []


def test_it_takes_password_and_code_again(olga: OperatorPerson, kept: Installation, copy: tuple[UUID, str]) -> None:
    with kept.place.owner() as connection:
        connection.execute("UPDATE public.operator_sessions SET proven_at = now() - interval '11 minutes'")
    asked = olga.browser.post(AT, data=FORM)
    assert asked.status_code == 403
    assert 'value="Ticket 4711: a duplicate"' in asked.text
    assert rows(kept, "SELECT 1 FROM public.operator_work") == []


def test_nobody_else_may(kept: Installation, copy: tuple[UUID, str], cast: Cast) -> None:
    for who in (None, cast["owner"]):
        browser = browser_of(kept.app, who)
        assert browser.get(AT).location == "/operator/signin"
        assert browser.post(AT, data=FORM).location == "/operator/signin"
        assert browser.get("/operator/certificates").location == "/operator/signin"
    assert rows(kept, "SELECT 1 FROM public.operator_work") == []


def test_sent_twice_it_is_done_once(olga: OperatorPerson, kept: Installation, copy: tuple[UUID, str]) -> None:
    first, second = olga.browser.post(AT, data=FORM), olga.browser.post(AT, data=FORM)
    assert second.location == first.location
    assert "already" in olga.browser.get(first.location).text
    restore = olga.browser.post("/operator/workspaces/copy/backups/20261122T022300Z/restoration",
                                data={"typed": "Copy Ltd"})  # fmt: skip
    assert restore.status_code == 303
    assert rows(kept, "SELECT kind FROM public.operator_work") == [("delete_now",)], "and nothing is restored meanwhile"
    [(work_id,)] = rows(kept, "SELECT id FROM public.operator_work")
    run_jobs(kept)
    execute(kept.app, registry["operators.work"], {"tenant_id": None, "work_id": str(work_id)})
    assert rows(kept, "SELECT state, error FROM public.operator_work") == [("done", None)]
    assert rows(kept, "SELECT count(*) FROM public.deletion_certificates") == [(1,)]
    assert olga.browser.post(AT, data=FORM).status_code == 404


def test_where_backups_cannot_be_removed_nothing_is(
    olga: OperatorPerson, kept: Installation, copy: tuple[UUID, str], tmp_path: Path
) -> None:
    asked = olga.browser.post(AT, data=FORM)
    (tmp_path / "backups").rename(tmp_path / "away")
    (tmp_path / "backups").write_text("no folder")
    run_jobs(kept)
    (tmp_path / "backups").unlink()
    (tmp_path / "away").rename(tmp_path / "backups")
    assert left(kept, copy)[:2] == (1, 1)
    page = olga.browser.get(asked.location).text
    assert "Nothing was deleted." in page
    assert rows(kept, "SELECT 1 FROM public.deletion_certificates") == []
    assert rows(kept, "SELECT act FROM public.operator_acts WHERE act = 'delete'") == []
    olga.browser.post(AT, data=FORM)
    run_jobs(kept)
    assert left(kept, copy) == (0, 0, 0), "asked again it is done"


def test_another_that_has_the_address_meanwhile_is_not_deleted(
    olga: OperatorPerson, kept: Installation, copy: tuple[UUID, str]
) -> None:
    olga.browser.post(AT, data=FORM)
    with kept.place.owner() as connection:
        connection.execute("UPDATE public.tenants SET slug = 'copy-two' WHERE slug = 'copy'")
        connection.execute("UPDATE public.tenants SET slug = 'copy' WHERE slug = 'other'")
    run_jobs(kept)
    assert rows(kept, "SELECT slug FROM public.tenants WHERE slug IS NOT NULL ORDER BY 1") == [("acme",), ("copy",)]
    with kept.place.owner() as connection, pytest.raises(Fault):
        delete_now(kept.settings, connection, new_id(), copy[0], {})


def test_one_that_is_suspended_is_deleted_too(olga: OperatorPerson, kept: Installation, copy: tuple[UUID, str]) -> None:
    standing.suspend(kept.settings.database_url, "copy", Suspension(OPERATOR, CLOSED, "Unpaid"))
    olga.browser.post(AT, data=FORM | {"typed": " /copy "})
    run_jobs(kept)
    assert left(kept, copy) == (0, 0, 0)


def test_what_a_restore_has_put_aside_is_deleted_alone(
    olga: OperatorPerson, kept: Installation, copy: tuple[UUID, str], mailbox: Mailbox, tmp_path: Path
) -> None:
    urls = (kept.settings.owner_url, kept.settings.database_url)
    former = restore_in_place(*urls, tmp_path / "acme.zip", "copy", pause=lambda _: None).former_slug
    at = AT.replace("copy", former)
    assert "The workspace itself stays as it is" in olga.browser.get(at).text
    assert olga.browser.post(at, data=FORM | {"typed": former}).status_code == 303
    run_jobs(kept)
    assert rows(kept, "SELECT slug FROM public.tenants WHERE slug LIKE 'copy%'") == [("copy",)]
    assert backups(kept, copy) == 1
    assert mailbox.arrived("owner@acme.example") == []


def test_what_is_no_deletion_is_not_there(olga: OperatorPerson, kept: Installation, cast: Cast) -> None:
    olga.browser.post("/operator/figures")
    [(figures,)] = rows(kept, "SELECT id FROM public.operator_work")
    for path in (f"deletions/{figures}", f"deletions/{new_id()}", f"certificates/{new_id()}",
                 "workspaces/nobody/deletion"):  # fmt: skip
        assert olga.browser.get(f"/operator/{path}").status_code == 404
    assert "No workspace was deleted yet." in olga.browser.get("/operator/certificates").text


def test_of_one_that_was_never_paid_for_the_reason_is_told_in_words(olga: OperatorPerson, kept: Installation) -> None:
    """No person asked for it: what stands there is our own mark."""
    found = new_id()
    counts = {"rows": {}, "jobs": 0, "sign_ins": 0, "archives": 0, "backups": 0}
    rows(kept, """
        INSERT INTO public.deletion_certificates (id, tenant_id, slug, name, asked_by, asked_at, deleted_at, counts)
        VALUES (%s, %s, 'gone', 'Gone Ltd', 'billing', now(), now(), %s) RETURNING id
    """, [found, new_id(), Jsonb(counts)])  # fmt: skip
    told = olga.browser.get(f"/operator/certificates/{found}").text
    assert "Gone Ltd" in told
    assert "Unpaid" in told
    assert "billing</" not in told
