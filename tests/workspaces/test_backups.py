"""Every night's backups: made for all, kept by rule, and good for a workspace that is as it was."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask

from saas_crm.app import create_app
from saas_crm.operators.kept_backups import Kept, forget_those_gone, kept_backups, note_backups
from saas_crm.workspaces.backups import BackupFailed, back_up, backups_of, fetch_backup, forget_backups, store_at
from saas_crm.workspaces.events import BackedUp
from saas_crm.workspaces.restoring import restore_as
from tenants.archive.reading import reading
from tests.support.cast import Cast
from tests.support.clients import browser_of, statements
from tests.support.installation import Installation, dispose
from tests.support.mailbox import run_jobs
from tests.support.object_store import ObjectStore, object_store

NIGHTLY = "workspaces.nightly"


@pytest.fixture
def with_backups(installation: Installation, tmp_path: Path) -> Iterator[Installation]:
    """The installation with a folder for backups."""
    settings = installation.settings.model_copy(update={"backup_url": f"file://{tmp_path}/backups", "backup_days": 2})
    app = create_app(settings)
    yield Installation(installation.place, installation.folder, settings, app)
    dispose(app)


def run_nightly(installation: Installation) -> list[str]:
    """Do what the worker does at night."""
    from saas_crm.core.jobs import registry
    from saas_crm.worker import execute

    execute(installation.app, registry[NIGHTLY], {})
    return run_jobs(installation)


@pytest.mark.newest  # of what is behind another archive comes out: tests/workspaces/test_older_archives.py
def test_the_nights_backup_restores_the_workspace(filled: Cast, with_backups: Installation, tmp_path: Path) -> None:
    """The drill: the newest backup is fetched, restored and compared with what was there."""
    ran = run_nightly(with_backups)
    assert ran.count("workspaces.back_up") == len(filled.tenants)
    store = store_at(with_backups.settings.backup_url or "")
    for tenant in filled.tenants.values():
        [made] = backups_of(store, tenant.id)
        fetch_backup(store, made, tmp_path / f"{tenant.slug}.zip")
        place = with_backups.place
        restore_as(place.owner_url, place.runtime_url, tmp_path / f"{tenant.slug}.zip", f"{tenant.slug}-again")
        back_up(store, with_backups.settings.database_url, f"{tenant.slug}-again", filled["rep"].user_id)
        [again] = backups_of(store, filled["rep"].user_id)
        fetch_backup(store, again, tmp_path / "again.zip")
        with reading(tmp_path / f"{tenant.slug}.zip") as before, reading(tmp_path / "again.zip") as after:
            assert before.manifest.files == after.manifest.files
        forget_backups(store, filled["rep"].user_id)


def test_what_is_not_kept_goes(filled: Cast, with_backups: Installation, tmp_path: Path) -> None:
    folder = tmp_path / "backups" / str(filled.tenants["acme"].id)
    folder.mkdir(parents=True)
    today = datetime.now(UTC)
    old = [today - timedelta(days=days) for days in range(1, 200)]
    for moment in old:
        (folder / f"{moment:%Y%m%dT%H%M%SZ}.zip").write_bytes(b"x")
    (folder / "notes.txt").write_text("an operator's own")
    run_nightly(with_backups)
    left = backups_of(store_at(with_backups.settings.backup_url or ""), filled.tenants["acme"].id)
    assert left[0].made_at > today - timedelta(minutes=1)
    assert left[0].size > 1_000
    assert 8 <= len(left) <= 10  # two nights and eight weeks, which overlap
    assert (folder / "notes.txt").exists()


def test_without_a_place_nothing_is_done(installation: Installation) -> None:
    assert "workspaces.back_up" not in run_nightly(installation)


def test_suspended_workspaces_are_backed_up_and_closed_ones_are_not(filled: Cast, with_backups: Installation) -> None:
    with with_backups.place.owner() as connection:
        connection.execute("UPDATE public.tenants SET status = 'suspended' WHERE slug = 'acme'")
        connection.execute("UPDATE public.tenants SET status = 'closed' WHERE slug = 'other'")
    run_nightly(with_backups)
    store = store_at(with_backups.settings.backup_url or "")
    assert [len(backups_of(store, filled.tenants[slug].id)) for slug in ("acme", "other")] == [1, 0]


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[ObjectStore]:
    """An object store, and the environment that names it."""
    with object_store() as store:
        for name, value in {
            "AWS_ENDPOINT_URL": store.url, "AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret",
            "AWS_REGION": "eu-central-1", "AWS_ALLOW_HTTP": "true", "AWS_VIRTUAL_HOSTED_STYLE_REQUEST": "false",
        }.items():  # fmt: skip
            monkeypatch.setenv(name, value)
        yield store


def test_an_object_store_will_do_as_well(
    filled: Cast, installation: Installation, bucket: ObjectStore, tmp_path: Path
) -> None:
    acme = filled.tenants["acme"]
    store = store_at("s3://backups/crm")
    made = back_up(store, installation.settings.database_url, "acme", acme.id)
    assert list(bucket.held) == [f"/backups/crm/{made.name}"]
    assert backups_of(store, acme.id) == [made]
    assert backups_of(store, filled.tenants["other"].id) == []
    fetch_backup(store, made, tmp_path / "back.zip")
    with reading(tmp_path / "back.zip") as archive:
        assert archive.manifest.tenant.id == acme.id
    assert forget_backups(store, acme.id) == 1
    assert bucket.held == {}
    assert all(bucket.signed)


def test_a_store_that_refuses_says_so_and_leaves_no_half_file(
    filled: Cast, installation: Installation, bucket: ObjectStore, tmp_path: Path
) -> None:
    store = store_at("s3://backups/crm")
    made = back_up(store, installation.settings.database_url, "acme", filled.tenants["acme"].id)
    bucket.refuses = 403
    with pytest.raises(BackupFailed):
        fetch_backup(store, made, tmp_path / "back.zip")
    with pytest.raises(BackupFailed):
        back_up(store, installation.settings.database_url, "acme", filled.tenants["acme"].id)
    assert not list(tmp_path.glob("*back*"))
    assert not list(tmp_path.glob(".*back*"))


def test_a_job_that_cannot_write_fails_and_is_tried_again(
    filled: Cast, with_backups: Installation, tmp_path: Path, app_for_a_file: Callable[[Path], Flask]
) -> None:
    from saas_crm.core.jobs import registry
    from saas_crm.worker import execute

    (tmp_path / "taken").write_text("no folder")
    app = app_for_a_file(tmp_path / "taken")
    assert registry["workspaces.back_up"].retries == 3
    with pytest.raises(BackupFailed):
        execute(app, registry["workspaces.back_up"], {"tenant_id": str(filled.tenants["acme"].id)})


@pytest.fixture
def app_for_a_file(installation: Installation) -> Iterator[Callable[[Path], Flask]]:
    """Build the application with a place for backups that is a file."""
    made = []

    def build(path: Path) -> Flask:
        made.append(create_app(installation.settings.model_copy(update={"backup_url": f"file://{path}"})))
        return made[-1]

    yield build
    for app in made:
        dispose(app)


class TestWhatOwnersAreTold:
    """Settings › Archive: when the last backup was, how large, and how many are kept since when."""

    PAGE = "/acme/settings/archives"

    def test_of_the_night_before(self, filled: Cast, with_backups: Installation, tmp_path: Path) -> None:
        owner = browser_of(with_backups.app, filled["owner"])
        assert "the first is made in the coming night" in owner.get(self.PAGE).text
        folder = tmp_path / "backups" / str(filled.tenants["acme"].id)
        folder.mkdir(parents=True)
        before = datetime.now(UTC) - timedelta(days=1)
        (folder / f"{before:%Y%m%dT%H%M%SZ}.zip").write_bytes(b"x")
        run_nightly(with_backups)
        page = owner.get(self.PAGE)
        assert "Last backup" in page.text
        assert "2 backups, since" in page.text
        assert statements(page) <= 6
        run_nightly(with_backups)
        with with_backups.place.owner() as connection:
            rows = connection.execute(
                "SELECT count(*), count(DISTINCT tenant_id) FROM public.operator_work WHERE kind = 'backups'"
            ).fetchone()
        assert rows == (2, 2), "a night takes the place of the one before, for each of two workspaces"
        assert browser_of(with_backups.app, filled["rep"]).get(self.PAGE).status_code == 403

    def test_each_is_told_of_its_own(self, filled: Cast, with_backups: Installation) -> None:
        acme, other = (filled.tenants[slug].id for slug in ("acme", "other"))
        with with_backups.app.app_context():
            note_backups(with_backups.settings.owner_url, BackedUp(acme, [("20261122T022300Z", 5_000_000)]))
            assert kept_backups(other) is None
            moment = datetime(2026, 11, 22, 2, 23, tzinfo=UTC)
            assert kept_backups(acme) == Kept(moment, 5_000_000, 1, moment)
            note_backups(with_backups.settings.owner_url, BackedUp(acme, []))
            assert kept_backups(acme) is None

    def test_what_a_deleted_workspace_had_is_forgotten(self, filled: Cast, with_backups: Installation) -> None:
        url = with_backups.settings.owner_url
        gone, acme = filled["rep"].user_id, filled.tenants["acme"].id
        with with_backups.app.app_context():
            for place in (gone, acme):
                note_backups(url, BackedUp(place, [("20261122T022300Z", 1)]))
            forget_those_gone(url)
            assert kept_backups(gone) is None
            assert kept_backups(acme) is not None
