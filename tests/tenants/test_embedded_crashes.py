"""The embedded server when it, its supervisor or its first start is killed."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path

import psycopg
import pytest

from tenants.embedded import AlreadyRunningError, EmbeddedServer, find_running
from tenants.embedded.account import server_account
from tenants.embedded.processes import PID_FILE, serves
from tests.tenants.embedding import query, supervise, wait_until


def _children_of(pid: int) -> set[int]:
    answer = subprocess.run(["ps", "-A", "-o", "pid=,ppid="], capture_output=True, text=True, check=True)
    rows = [tuple(map(int, line.split())) for line in answer.stdout.splitlines()]
    return {child for child, parent in rows if parent == pid}


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
