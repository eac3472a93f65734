"""A real server process: gunicorn with the product, on a port of its own."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from saas_crm.cli.server import KEEP_ALIVE_SECONDS, LONGEST_REQUEST_LINE
from tenants.settings import Settings

CHECKOUT = Path(__file__).resolve().parents[2]
_PATIENCE = 60.0
LOGS: list[Path] = []
"""What the servers of this process write, those that have ended as well."""


@dataclass(frozen=True)
class LiveServer:
    """Where the server listens and what it wrote."""

    url: str
    log: Path
    pid: int


def free_port() -> int:
    """Return a port of the loopback address that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def environment_of(settings: Settings) -> dict[str, str]:
    """Return the environment variables that say the same as `settings`."""
    said = {}
    for name in type(settings).model_fields:
        value = getattr(settings, name)
        if value is not None:
            said[name.upper()] = value.get_secret_value() if hasattr(value, "get_secret_value") else str(value)
    return {**os.environ, **said, "PYTHONPATH": str(CHECKOUT)}


@contextmanager
def live_server(
    settings: Settings, folder: Path, *, port: int | None = None, workers: int = 1, threads: int = 4
) -> Iterator[LiveServer]:
    """Run gunicorn until the block ends; everything it says goes to a file in `folder`."""
    port = port or free_port()
    log = folder / f"server-{port}.log"
    command = [
        sys.executable, "-m", "gunicorn", "wsgi:app", "--bind", f"127.0.0.1:{port}", "--workers", str(workers),
        "--threads", str(threads), "--graceful-timeout", "1", "--limit-request-line", str(LONGEST_REQUEST_LINE),
        "--keep-alive", str(KEEP_ALIVE_SECONDS),  # a busy machine keeps a caller longer than gunicorn's two seconds
        *(["--preload"] if workers > 1 else []),  # as `saas-crm serve` does: the processes share what was loaded once
    ]  # fmt: skip
    environment = environment_of(settings)
    LOGS.append(log)
    with log.open("wb") as output:
        process = subprocess.Popen(command, cwd=CHECKOUT, env=environment, stdout=output, stderr=output)
    try:
        _wait(process, f"http://127.0.0.1:{port}", log)
        yield LiveServer(f"http://127.0.0.1:{port}", log, process.pid)
    finally:
        process.terminate()
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(f"{url}/healthz", timeout=5):
                return
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.05)
    raise RuntimeError(f"the server did not start; it said:\n{log.read_text('utf-8', 'replace')[-3000:]}")
