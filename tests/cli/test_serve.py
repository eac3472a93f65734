"""`serve`: gunicorn as in production."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from tests.cli.conftest import CHECKOUT
from tests.support.command import Call
from tests.support.installation import Installation
from tests.support.server import environment_of, free_port


@pytest.fixture
def serving(app: Flask, installation: Installation, tmp_path: Path) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """A running `saas-crm serve` with two workers, and its address."""
    port = free_port()
    settings = environment_of(installation.settings)
    environment = {**settings, "PORT": str(port), "WEB_WORKERS": "2", "TMPDIR": str(tmp_path), "LOG_LEVEL": "INFO"}
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "saas_crm.cli", "serve"], cwd=CHECKOUT, env=environment, stdout=log, stderr=log
        )
    url = f"http://127.0.0.1:{port}"
    try:
        wait_for(f"{url}/healthz", process)
        yield process, url
    finally:
        process.kill()
        process.wait()


def wait_for(url: str, process: subprocess.Popen[bytes]) -> None:
    for _ in range(600):
        assert process.poll() is None, "the server ended"
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except OSError:
            time.sleep(0.1)
    raise AssertionError("the server does not answer")


def a_visitor_cannot_forge_where_the_application_is(url: str) -> None:
    """What a visitor says of the address it was reached by changes nothing."""
    request = urllib.request.Request(
        f"{url}/healthz", headers={"Script-Name": "/healthz", "X-Forwarded-Proto": "https"}
    )
    with urllib.request.urlopen(request, timeout=5) as answer:
        assert answer.status == 200


def test_it_answers_with_all_workers_and_stops_when_told(serving, tmp_path: Path) -> None:
    process, url = serving
    a_visitor_cannot_forge_where_the_application_is(url)
    for _ in range(20):
        with urllib.request.urlopen(f"{url}/healthz", timeout=5) as answer:
            assert json.load(answer)["status"] == "ok"
    with urllib.request.urlopen(f"{url}/metrics", timeout=5) as answer:
        metrics = answer.read().decode()
    counted = [
        line for line in metrics.splitlines() if line.startswith("http_request_seconds_count") and "healthz" in line
    ]
    assert sum(float(line.rsplit(" ", 1)[1]) for line in counted) >= 20, "the workers' numbers are added up"
    assert list(tmp_path.glob("saas-crm-metrics-*"))
    process.send_signal(signal.SIGTERM)
    assert process.wait(20) == 0
    assert not list(tmp_path.glob("saas-crm-metrics-*")), "nothing is left behind"


def test_a_port_that_is_taken_is_one_line(call: Call) -> None:
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        found = call("serve", PORT=str(port))
    assert found.exit_code == 1
    assert found.output.splitlines()[0] == f"Error: Port {port} of 127.0.0.1 is taken by another program."


def test_an_address_of_another_machine_is_one_line(call: Call) -> None:
    found = call("serve", HOST="203.0.113.7", PORT="0")
    assert found.exit_code == 1
    assert "203.0.113.7 is no address of this machine." in found.output
