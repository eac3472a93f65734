"""A line to the database that is cut at a COMMIT: before the server hears of it, or before its answer comes back."""

from __future__ import annotations

import select
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from psycopg.conninfo import conninfo_to_dict, make_conninfo

HOST = "127.0.0.1"
COMMIT = b"COMMIT"


@contextmanager
def cut_line(url: str, *, heard: bool) -> Iterator[str]:
    """Yield an address of the same database whose first connection is cut at its first COMMIT, `heard` or not."""
    told = conninfo_to_dict(url)
    with socket.create_server((HOST, 0)) as listener:
        listener.settimeout(30)
        thread = threading.Thread(target=_serve, args=(listener, told, heard), name="cut line")
        thread.start()
        yield make_conninfo(url, host=HOST, port=listener.getsockname()[1])
        thread.join(30)
    assert not thread.is_alive()


def _server(told: Mapping[str, Any]) -> socket.socket:
    """Connect to where the server listens: a folder with its socket, or a port."""
    host, port = str(told["host"]), int(told.get("port") or 5432)
    if not host.startswith("/"):
        return socket.create_connection((host, port))
    found = socket.socket(socket.AF_UNIX)
    found.connect(f"{host}/.s.PGSQL.{port}")
    return found


def _serve(listener: socket.socket, told: Mapping[str, Any], heard: bool) -> None:
    """Hand one connection's words to and fro until it says COMMIT."""
    client = listener.accept()[0]
    with client, _server(told) as server:
        while True:
            ready, _, _ = select.select([client, server], [], [], 30)
            for one in ready:
                words = one.recv(65_536)
                ends = one is client and COMMIT in words
                if words and (heard or not ends):
                    (server if one is client else client).sendall(words)
                if ends and heard:
                    server.recv(65_536)
                if ends or not words:
                    return
