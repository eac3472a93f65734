"""The proxy that infra/ ships, as a process: Caddy with our Caddyfile, with certificates of its own making."""

from __future__ import annotations

import http.client
import os
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.server import CHECKOUT, free_port

SHIPPED = CHECKOUT / "infra" / "Caddyfile"
SITE = "crm.example"
_APP = "app:8000"


@dataclass(frozen=True)
class Proxy:
    """Where it listens, and the authority whose certificates it gives."""

    plain: int
    secure: int
    authority: Path

    def ask(self, host: str, path: str, *, secure: bool = True) -> http.client.HTTPResponse:
        """Ask for a page of a host; raises ssl.SSLError where there is no certificate for it."""
        line = socket.create_connection(("127.0.0.1", self.secure if secure else self.plain), timeout=30)
        if secure:
            trusted = ssl.create_default_context(cafile=str(self.authority))
            line = trusted.wrap_socket(line, server_hostname=host)
        connection = http.client.HTTPConnection(host)
        connection.sock = line
        connection.request("GET", path)
        answer = connection.getresponse()
        answer.read()
        connection.close()
        return answer


@contextmanager
def caddy(application: str, folder: Path) -> Iterator[Proxy]:
    """Run Caddy before an application ("host:port"); skips, in words, where it is not installed (.ci/run installs it).

    What differs from what is shipped: where it listens, where the application is, and who signs the certificates.
    """
    program = shutil.which("caddy")
    if program is None:
        pytest.skip("Caddy is not installed (Debian: apt-get install caddy), so it was not tried")
    plain, secure = free_port(), free_port()
    shipped = SHIPPED.read_text(encoding="utf-8")
    assert shipped.count(_APP) >= 3
    here = f"""{{
    admin off
    default_bind 127.0.0.1
    http_port {plain}
    https_port {secure}
    local_certs
    skip_install_trust
"""
    opening = shipped.index("{\n")
    file = folder / "Caddyfile"
    file.write_text(shipped[:opening] + here + shipped[opening + 2 :].replace(_APP, application), encoding="utf-8")
    home = {"HOME": str(folder), "XDG_DATA_HOME": str(folder / "data"), "XDG_CONFIG_HOME": str(folder / "config")}
    log = folder / "caddy.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [program, "run", "--adapter", "caddyfile", "--config", str(file)], cwd=folder, stdout=output, stderr=output,
            env={**os.environ, **home, "SITE_ADDRESS": SITE},
        )  # fmt: skip
    authority = folder / "data" / "caddy" / "pki" / "authorities" / "local" / "root.crt"
    try:
        _wait(process, authority, secure, log)
        proxy = Proxy(plain, secure, authority)
        _until_it_has_a_certificate(proxy)
        yield proxy
    finally:
        process.terminate()
        process.wait(10)


def _wait(process: subprocess.Popen[bytes], authority: Path, port: int, log: Path) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            if authority.exists():
                return
        except OSError:
            pass
        time.sleep(0.1)
    raise RuntimeError(f"Caddy did not start:\n{log.read_text(encoding='utf-8', errors='replace')}")


def _until_it_has_a_certificate(proxy: Proxy) -> None:
    """Wait for the certificate of the site itself: it is made after the proxy listens, which may take long."""
    deadline = time.monotonic() + 60
    while True:
        try:
            proxy.ask(SITE, "/healthz")
        except ssl.SSLError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)
        else:
            return
