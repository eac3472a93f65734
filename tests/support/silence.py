"""Servers on the loopback address that do not answer, or answer what they are told to; each counts its questions."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

HOST = "127.0.0.1"


@dataclass
class Asked:
    """Where it listens, and how often it was asked."""

    url: str
    times: int = 0


@contextmanager
def silent_server() -> Iterator[Asked]:
    """Take connections and keep them, without a word, until it is over."""
    listener = socket.create_server((HOST, 0))
    asked, kept = Asked(f"http://{HOST}:{listener.getsockname()[1]}"), []

    def take() -> None:
        while True:
            try:
                connection, _address = listener.accept()
            except OSError:  # it is over
                return
            asked.times += 1
            kept.append(connection)

    thread = threading.Thread(target=take, name="silence", daemon=True)
    thread.start()
    try:
        yield asked
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        for connection in kept:
            connection.close()
        thread.join(10)


@dataclass
class Answer:
    """One answer: its status, its body and what stands in its head."""

    status: int
    body: bytes = b'{"object": "list", "data": [], "has_more": false, "url": "/"}'
    headers: Mapping[str, str] = field(default_factory=dict)


@contextmanager
def told_server(*answers: Answer) -> Iterator[Asked]:
    """Answer in turn as it was told, and with the last one from then on."""
    asked = Asked("")

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            told = answers[min(asked.times, len(answers) - 1)]
            asked.times += 1
            self.send_response(told.status)
            for name, value in {**told.headers, "Content-Length": str(len(told.body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(told.body)

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"] or 0))
            self.do_GET()

        def log_message(self, *_args: object) -> None:
            """Nobody reads it."""

    server = ThreadingHTTPServer((HOST, 0), Handler)
    asked.url = f"http://{HOST}:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), name="told", daemon=True)
    thread.start()
    try:
        yield asked
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)
