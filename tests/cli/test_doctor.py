"""`doctor`: what is wrong, and how to mend it."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest

from saas_crm.cli.checkup.files import ROOT
from saas_crm.core.clock import now
from tenants.migrations.lines import known
from tests.support.command import Call
from tests.support.installation import Installation
from tests.support.server import free_port
from tests.support.smtp import SmtpServer


@pytest.fixture
def with_worker(installation: Installation):
    """Let a worker have been seen just now."""
    with installation.place.owner() as connection:
        connection.execute("INSERT INTO jobs.procrastinate_workers DEFAULT VALUES")
        yield
        connection.execute("DELETE FROM jobs.procrastinate_workers")


def states(call: Call, **changes: str | None) -> dict[str, tuple[str, str, str]]:
    found = call("doctor", "--json", **changes)
    entries = json.loads(found.output)
    assert found.exit_code == (1 if any(entry["state"] == "bad" for entry in entries) else 0)
    return {entry["name"]: (entry["state"], entry["detail"], entry["remedy"]) for entry in entries}


@pytest.mark.newest  # a workspace that is behind is a note of the doctor
def test_a_healthy_installation(call: Call, with_worker: None) -> None:
    found = states(call)
    found.pop("languages")  # whether they are compiled depends on the checkout
    assert {name: state for name, (state, _, _) in found.items()} == {
        "settings": "good", "database": "good", "login": "good", "rights": "good", "worker": "good", "owner": "good",
        "migrations": "good", "spares": "good", "mail": "good", "assets": "good", "timeout": "good", "metrics": "good",
        "jit": "good", "encryption": "good", "addresses": "good", "backups": "good",
    }  # fmt: skip


def test_a_workspace_without_a_fresh_backup_is_named(call: Call, installation: Installation, tmp_path: Path) -> None:
    url = f"file://{tmp_path}/backups"
    assert states(call, BACKUP_URL=url)["backups"][:2] == ("good", "0 workspaces have one of the last two nights")
    with installation.place.owner() as connection:
        connection.execute("UPDATE public.tenants SET claimed_at = now() - interval '9 days' WHERE slug IS NOT NULL")
        places = connection.execute("SELECT id FROM public.tenants WHERE slug IN ('acme', 'other') ORDER BY slug")
        [acme], [other] = places.fetchall()
    for place, days in ((acme, 3), (other, 3), (other, 1)):
        folder = tmp_path / "backups" / str(place)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{now() - timedelta(days=days):%Y%m%dT%H%M%SZ}.zip").write_bytes(b"x")
    (tmp_path / "backups" / "notes.txt").write_text("an operator's own")
    state, detail, remedy = states(call, BACKUP_URL=url)["backups"]
    assert (state, detail) == ("bad", "1 of 2 workspaces have none of the last two nights: acme")
    assert "saas-crm tenants backup" in remedy
    assert call("tenants", "backup", "acme", BACKUP_URL=url).exit_code == 0
    assert states(call, BACKUP_URL=url)["backups"][0] == "good"
    (tmp_path / "file").write_text("no folder")
    assert states(call, BACKUP_URL=f"file://{tmp_path}/file")["backups"][0] == "bad"


def test_everything_bad_comes_with_a_remedy(call: Call, installation: Installation) -> None:
    owner = installation.place.owner_url
    found = states(call, DATABASE_URL=owner, MAIL_URL=f"smtp://127.0.0.1:{free_port()}")
    assert found["login"][0] == "bad"
    assert "is a superuser" in found["login"][1]
    assert found["worker"][:2] == ("bad", "none was ever seen")
    assert found["mail"][0] == "bad"
    assert all(remedy for state, _, remedy in found.values() if state != "good")


def test_a_tenant_that_is_behind_is_found(call: Call, installation: Installation, with_worker: None) -> None:
    with installation.place.owner() as connection:
        connection.execute(
            "UPDATE public.tenants SET schema_version = '0001', migration_error = 'held' WHERE slug = 'acme'"
        )
    state, detail, remedy = states(call)["migrations"]
    assert (state, detail) == ("bad", "1 tenants are behind and refuse to serve: held")
    assert remedy == "Run `saas-crm db upgrade`."


@pytest.mark.newest  # a workspace that is behind is a note of the doctor
def test_one_revision_behind_or_newer_is_no_fault(call: Call, installation: Installation, with_worker: None) -> None:
    for revision, expected in ((known("tenant")[-2], "warning"), ("9999", "good")):
        with installation.place.owner() as connection:
            connection.execute("UPDATE public.tenants SET schema_version = %s WHERE slug = 'acme'", [revision])
        assert states(call)["migrations"][0] == expected


@pytest.mark.parametrize(("changes", "state"), [
    ({}, "warning"), ({"METRICS_TOKEN": "for the scraper"}, "good"), ({"TRUSTED_PROXIES": "1"}, "good"),
])  # fmt: skip
def test_metrics_may_be_open_to_all_behind_a_proxy_nobody_told_of(
    call: Call, changes: dict[str, str], state: str
) -> None:
    served = {"ENVIRONMENT": "production", "BASE_URL": "https://crm.example", "MAIL_URL": None, **changes}
    assert states(call, **served)["metrics"][0] == state


def test_a_login_without_a_statement_timeout_is_a_warning(call: Call, installation: Installation) -> None:
    with installation.place.owner() as connection:
        connection.execute("ALTER ROLE crm_app RESET statement_timeout")
        try:
            assert states(call)["timeout"][0] == "warning"
        finally:
            connection.execute("ALTER ROLE crm_app SET statement_timeout = 15000")


def test_a_login_that_compiles_its_statements_is_a_warning(call: Call, installation: Installation) -> None:
    assert states(call)["jit"][0] == "good"
    with installation.place.owner() as connection:
        connection.execute("ALTER ROLE crm_app SET jit = on")
        try:
            assert states(call)["jit"][0] == "warning"
        finally:
            connection.execute("ALTER ROLE crm_app SET jit = off")


def test_no_spare_is_a_warning(call: Call, installation: Installation, with_worker: None) -> None:
    with installation.place.owner() as connection:
        connection.execute("UPDATE public.tenants SET status = 'making' WHERE status = 'spare'")
    assert states(call)["spares"][0] == "warning"


def test_a_mail_server_is_asked_and_nothing_sent(call: Call, smtp: SmtpServer) -> None:
    assert states(call, MAIL_URL=smtp.url)["mail"][0] == "good"
    assert smtp.mails == []
    right = smtp.url.replace("smtp://", "smtp://me:the%20right%20one@")
    assert states(call, MAIL_URL=right)["mail"][0] == "good"


def test_no_mail_server_is_a_warning(call: Call) -> None:
    assert states(call, MAIL_URL=None)["mail"][0] == "warning"


def test_missing_packages_and_catalogues(call: Call, monkeypatch: pytest.MonkeyPatch, tmp_path) -> None:
    for name in ("static",):
        (tmp_path / name).symlink_to(ROOT / name)
    monkeypatch.setattr("saas_crm.cli.checkup.files.ROOT", tmp_path)
    found = states(call)
    assert found["assets"][0] == "bad"
    assert found["languages"][0] == "bad"
    assert "简体中文" not in found["languages"][1]


def test_invalid_settings_do_not_stop_the_rest(program) -> None:
    found = program("doctor")
    assert found.returncode == 1
    assert "BAD   settings    DATABASE_URL is missing." in found.stdout
    assert "assets" in found.stdout
    assert "Traceback" not in found.stderr


def test_a_database_that_does_not_answer(call: Call) -> None:
    found = states(call, DATABASE_URL="postgresql://crm_app:x@127.0.0.1:1/crm")
    assert found["database"][0] == "bad"
    assert "DATABASE_URL" in found["database"][2]
    assert "worker" not in found
