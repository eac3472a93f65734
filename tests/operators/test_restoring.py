"""Backups in the console: looked for by the worker, and brought back beside the present data or in its place, once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from psycopg import sql

from saas_crm.app import create_app
from saas_crm.core.jobs import registry
from saas_crm.operators import work
from saas_crm.operators.acts import Place, Who
from saas_crm.operators.faults import Fault
from saas_crm.operators.restoring import _finish
from saas_crm.worker import execute
from saas_crm.workspaces.backups import Backup, back_up, store_at
from saas_crm.workspaces.restoring import Restored
from tests.support.cast import Cast
from tests.support.clients import browser_of
from tests.support.installation import Installation, dispose
from tests.support.mailbox import run_jobs
from tests.support.making import Maker
from tests.support.operators import OperatorPerson, make_operator

NAMES = "SELECT slug, status FROM public.tenants WHERE slug IS NOT NULL ORDER BY slug"


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
def backup(make: Maker, cast: Cast, kept: Installation) -> Backup:
    """A backup of acme with a company in it."""
    make.company(name="Kept by night")
    store = store_at(kept.settings.backup_url or "")
    return back_up(store, kept.settings.database_url, "acme", cast.tenants["acme"].id)


def rows(kept: Installation, query: str) -> list[tuple[Any, ...]]:
    with kept.place.owner() as connection:
        return connection.execute(sql.SQL(query)).fetchall()  # type: ignore[arg-type]


def audit(kept: Installation, slug: str) -> list[tuple[Any, ...]]:
    """Return the restores in a workspace's own log."""
    with kept.place.owner() as connection:
        row = connection.execute("SELECT schema_name FROM public.tenants WHERE slug = %s", [slug]).fetchone()
        assert row is not None
        lines = sql.SQL(
            "SELECT through, origin ->> 'operator' FROM {} WHERE action = 'restore' AND resource = 'workspace'"
        )
        return connection.execute(lines.format(sql.Identifier(row[0], "audit_log"))).fetchall()


def at(backup: Backup, end: str = "") -> str:
    return f"/operator/workspaces/acme/backups/{backup.stamp}{end}"


def last(kept: Installation) -> tuple[Any, ...]:
    return rows(kept, "SELECT kind, state, error FROM public.operator_work ORDER BY id DESC LIMIT 1")[0]


def test_the_worker_lists_them(olga: OperatorPerson, kept: Installation, backup: Backup) -> None:
    address = "/operator/workspaces/acme/backups"
    assert f'href="{address}"' in olga.browser.get("/operator/workspaces/acme").text
    assert olga.browser.get(at(backup)[: -len(backup.stamp) - 1]).text.count(backup.stamp) == 0
    assert olga.browser.post(address).status_code == 303
    assert olga.browser.post(address).status_code == 303
    asked = rows(kept, "SELECT id FROM public.operator_work WHERE kind = 'backups'")
    assert len(asked) == 1, "a second click asks for nothing more"
    assert "waits for the worker" in olga.browser.get(address).text
    run_jobs(kept)
    page = olga.browser.get(address).text
    assert f'href="{at(backup)}"' in page
    assert olga.browser.get(f"/operator/work/{asked[0][0]}").headers["HX-Refresh"] == "true"


def test_a_backup_becomes_a_workspace_beside_the_present_one(
    olga: OperatorPerson, kept: Installation, backup: Backup
) -> None:
    assert 'value="acme-restored"' in olga.browser.get(at(backup)).text
    form = {"slug": "acme-restored", "name": "Acme of yesterday"}
    assert olga.browser.post(at(backup, "/copy"), data=form).status_code == 303
    assert rows(kept, NAMES) == [("acme", "active"), ("other", "active")], "the website itself restores nothing"
    run_jobs(kept)
    assert rows(kept, NAMES) == [("acme", "active"), ("acme-restored", "active"), ("other", "active")]
    page = olga.browser.get("/operator/workspaces/acme/backups").text
    assert 'href="/operator/workspaces/acme-restored"' in page
    assert "Acme of yesterday" in olga.browser.get("/operator/workspaces/acme-restored").text
    assert audit(kept, "acme-restored") == [("command", "Olga Operator")]
    acts = "SELECT actor, act, slug FROM public.operator_acts WHERE slug IS NOT NULL ORDER BY id"
    assert rows(kept, acts) == [
        ("Olga Operator", "restore_as", "acme"), ("Olga Operator", "restore", "acme-restored")
    ]  # fmt: skip
    log = olga.browser.get("/operator/log").text
    assert "Restore as a new workspace asked for" in log
    assert "/acme-restored" in log


def test_a_backup_takes_the_place_of_the_present_data(
    olga: OperatorPerson, kept: Installation, backup: Backup, make: Maker
) -> None:
    make.company(name="Typed since")
    name = rows(kept, "SELECT name FROM public.tenants WHERE slug = 'acme'")[0][0]
    refused = olga.browser.post(at(backup, "/restoration"), data={"typed": "Acme?"})
    assert refused.status_code == 422
    assert "just as it is shown" in refused.text
    assert 'value="Acme?"' in refused.text
    assert rows(kept, "SELECT 1 FROM public.operator_work") == []
    assert olga.browser.post(at(backup, "/restoration"), data={"typed": name.upper()}).status_code == 303
    run_jobs(kept)
    assert last(kept) == ("restore_in_place", "done", None)
    [former] = [slug for slug, status in rows(kept, NAMES) if status == "closed"]
    assert former.startswith("acme-former-")
    assert f'href="/operator/workspaces/{former}"' in olga.browser.get("/operator/workspaces/acme").text
    assert audit(kept, "acme") == [("command", "Olga Operator")]
    with kept.place.owner() as connection:
        [schema] = connection.execute("SELECT schema_name FROM public.tenants WHERE slug = 'acme'").fetchone() or ("",)
        names = sql.SQL("SELECT name FROM {}").format(sql.Identifier(schema, "companies"))
        assert connection.execute(names).fetchall() == [("Kept by night",)]
    aside = f"/operator/workspaces/{former}/backups/{backup.stamp}"
    assert "Restore in place</" not in olga.browser.get(aside).text
    closed = olga.browser.post(f"{aside}/restoration", data={"typed": name})
    assert closed.status_code == 422


@pytest.mark.parametrize(("slug", "said"), [
    ("other", "has this address"), ("A b", "small letters"), ("api", "reserved"), ("", "This is needed."),
])  # fmt: skip
def test_an_address_that_will_not_do_is_told_by_its_field(
    olga: OperatorPerson, kept: Installation, backup: Backup, slug: str, said: str
) -> None:
    refused = olga.browser.post(at(backup, "/copy"), data={"slug": slug, "name": "Kept as typed"})
    assert refused.status_code == 422
    assert said in refused.text
    assert 'value="Kept as typed"' in refused.text
    assert rows(kept, "SELECT 1 FROM public.operator_work") == []


def test_what_is_no_backup_is_not_there(olga: OperatorPerson, cast: Cast) -> None:
    for stamp in ("20261332T000000Z", "..%2Fother", "x"):
        base = f"/operator/workspaces/acme/backups/{stamp}"
        assert olga.browser.get(base).status_code == 404
        assert olga.browser.post(f"{base}/copy", data={"slug": "acme-two"}).status_code == 404
    assert olga.browser.get("/operator/workspaces/nobody/backups").status_code == 404


@pytest.mark.parametrize("end", ["/copy", "/restoration"])
def test_it_takes_password_and_code_again(olga: OperatorPerson, kept: Installation, backup: Backup, end: str) -> None:
    with kept.place.owner() as connection:
        connection.execute("UPDATE public.operator_sessions SET proven_at = now() - interval '11 minutes'")
    asked = olga.browser.post(at(backup, end), data={"slug": "acme-two", "typed": "Acme"})
    assert asked.status_code == 403
    assert rows(kept, "SELECT 1 FROM public.operator_work") == []


def test_two_clicks_at_one_moment_ask_once(kept: Installation, backup: Backup, cast: Cast) -> None:
    place = Place(cast.tenants["acme"].id, "acme")

    def click(_number: int) -> bool:
        with kept.app.app_context():
            return work.ask_once(Who("Olga"), work.RESTORE_IN_PLACE, place, work.ALONE, backup=backup.stamp)

    with ThreadPoolExecutor(8) as clicks:
        assert sorted(clicks.map(click, range(8))) == [False] * 7 + [True]
    assert rows(kept, "SELECT kind FROM public.operator_work") == [("restore_in_place",)]


def test_a_worker_that_comes_after_one_that_was_killed_finds_it_done(
    olga: OperatorPerson, kept: Installation, backup: Backup
) -> None:
    """Killed before the end: nothing is there, it is done. Killed after: the row says so, and nothing is done."""
    olga.browser.post(at(backup, "/copy"), data={"slug": "acme-two"})
    [(work_id,)] = rows(kept, "SELECT id FROM public.operator_work")
    with kept.place.owner() as connection:
        connection.execute("UPDATE public.operator_work SET state = 'running'")
    for _worker in range(2):
        execute(kept.app, registry["operators.work"], {"tenant_id": None, "work_id": str(work_id)})
        assert last(kept) == ("restore_as", "done", None)
    assert [slug for slug, _status in rows(kept, NAMES)] == ["acme", "acme-two", "other"]
    with kept.place.owner() as connection, pytest.raises(Fault), connection.transaction():
        _finish(work_id, backup.stamp, connection, Restored("acme-two", []))


FAULTS: dict[str, Callable[[Path, Installation], object]] = {
    "bad_archive": lambda file, _kept: file.write_bytes(file.read_bytes()[:500]),
    "gone": lambda file, _kept: file.unlink(),
    "slug_taken": lambda _file, kept: rows(kept, "UPDATE public.tenants SET slug = 'acme-two' WHERE slug = 'other'"
                                                 " RETURNING 1"),
}  # fmt: skip
SAID = {"bad_archive": "it is damaged", "gone": "no longer there", "slug_taken": "taken by now"}


@pytest.mark.parametrize("code", list(FAULTS))
def test_a_fault_is_told_in_plain_words_and_nothing_is_changed(
    olga: OperatorPerson, kept: Installation, backup: Backup, tmp_path: Path, code: str
) -> None:
    olga.browser.post(at(backup, "/copy"), data={"slug": "acme-two"})
    FAULTS[code](tmp_path / "backups" / backup.name, kept)
    before = rows(kept, NAMES)
    run_jobs(kept)
    kind, state, error = last(kept)
    assert (kind, state, error.partition("|")[0]) == ("restore_as", "failed", code)
    assert rows(kept, NAMES) == before
    page = olga.browser.get("/operator/workspaces/acme/backups").text
    assert SAID[code] in page
    assert "Nothing was changed." in page


def test_where_no_place_is_set_it_says_so(app: Flask, installation: Installation, cast: Cast) -> None:
    olga = make_operator(app, installation)
    olga.browser.post("/operator/workspaces/acme/backups")
    run_jobs(installation)
    assert "Set BACKUP_URL" in olga.browser.get("/operator/workspaces/acme/backups").text


def test_owners_read_how_a_workspace_comes_back(kept: Installation, cast: Cast) -> None:
    with_place = browser_of(kept.app, cast["owner"]).get("/acme/settings/archives").text
    assert "Who runs this installation brings a workspace back" in with_place
    assert "kept for 14 days. One of each week is kept for 8 weeks." in " ".join(with_place.split())


def test_where_no_backups_are_made_none_are_promised(app: Flask, cast: Cast) -> None:
    page = browser_of(app, cast["owner"]).get("/acme/settings/archives").text
    assert "How it comes back" in page
    assert "every night" not in page
