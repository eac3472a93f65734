"""The load tool: keep-alive connections driven by one small event loop, in a process of its own.

    python -m infra.bench.load < job.json > result.json

A job names host, port, seconds, warm-up and, for each connection, the requests it sends round and round, one at a
time. A request has one or more variants (raw HTTP, as text in Latin-1) that are sent in turn; `%NNNNNNNNN%` in
one is replaced by a number never used before, `%VVVVVVV%` by its version plus the number of times it was sent.
Both keep their width, so the length of a body never changes.
"""

from __future__ import annotations

import json
import re
import selectors
import socket
import sys
import time
from dataclasses import dataclass, field
from itertools import cycle
from typing import Any

_UNIQUE, _VERSION = b"%NNNNNNNNN%", b"%VVVVVVV%"
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_CLOSE = re.compile(rb"\r\nconnection: *close", re.IGNORECASE)
_STATEMENTS = re.compile(rb'sql;desc="(\d+)"')


@dataclass
class Request:
    """One request: how it is written, which status is right, how often it was sent."""

    variants: list[bytes]
    right: frozenset[int]
    version: int = 0
    sent: int = 0

    def raw(self, unique: int) -> bytes:
        """Return it as it is sent next."""
        text = self.variants[self.sent % len(self.variants)]
        if _UNIQUE in text:
            text = text.replace(_UNIQUE, b"%011d" % unique)
        if _VERSION in text:
            text = text.replace(_VERSION, b"%09d" % (self.version + self.sent))
        self.sent += 1
        return text


@dataclass
class Tally:
    """What came back while it counted."""

    seconds: list[float] = field(default_factory=list)
    bytes: int = 0
    statements: list[int] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)


class Connection:
    """A connection that sends its requests one after the other."""

    def __init__(self, address: tuple[str, int], requests: list[Request]) -> None:
        self.address = address
        self.requests = cycle(requests)
        self.socket = self._connect()
        self.answer = b""
        self.began = 0.0
        self.current: Request | None = None

    def _connect(self) -> socket.socket:
        made = socket.create_connection(self.address, timeout=30)
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return made

    def send(self, unique: int) -> None:
        """Send the next request."""
        self.current, self.answer = next(self.requests), b""
        self.began = time.perf_counter()
        self.socket.sendall(self.current.raw(unique))

    def receive(self) -> bytes | None:
        """Take what has come; returns the whole answer when it is complete."""
        part = self.socket.recv(262_144)
        self.answer += part
        if not part:
            return self.answer or b"HTTP/1.1 000 closed\r\n\r\n"
        head_end = self.answer.find(b"\r\n\r\n")
        if head_end < 0:
            return None
        length = _LENGTH.search(self.answer, 0, head_end + 2)
        whole = head_end + 4 + (int(length[1]) if length else 0)
        return self.answer if len(self.answer) >= whole else None

    def reconnect(self) -> None:
        """Open another connection in place of one the server closes."""
        self.socket.close()
        self.socket = self._connect()


def drive(job: dict[str, Any]) -> dict[str, Any]:
    """Do a job; returns what was measured, without the warm-up."""
    unique = int(time.time() * 1000) % 10_000_000 * 10_000
    connections = [Connection((job["host"], job["port"]), requests_of(group)) for group in job["connections"]]
    selector = selectors.DefaultSelector()
    for connection in connections:
        selector.register(connection.socket, selectors.EVENT_READ, connection)
        connection.send(unique := unique + 1)
    tally = Tally()
    start = time.perf_counter() + job["warm_up"]
    end = start + job["seconds"]
    while (now := time.perf_counter()) < end:
        for key, _ in selector.select(end - now):
            connection = key.data
            answer = connection.receive()
            if answer is None:
                continue
            moment = time.perf_counter()
            if start <= moment < end:
                _count(tally, connection, answer, moment)
            if _CLOSE.search(answer, 0, answer.find(b"\r\n\r\n") + 2) or answer.startswith(b"HTTP/1.1 000"):
                selector.unregister(connection.socket)
                connection.reconnect()
                selector.register(connection.socket, selectors.EVENT_READ, connection)
            connection.send(unique := unique + 1)
    _finish(selector, connections)
    return {"seconds": tally.seconds, "bytes": tally.bytes, "statements": tally.statements, "wrong": tally.wrong[:3],
            "wrong_count": len(tally.wrong), "duration": job["seconds"]}  # fmt: skip


def _finish(selector: selectors.BaseSelector, connections: list[Connection]) -> None:
    """Wait for what was still being answered: the server must be idle before the next is measured."""
    waiting = set(map(id, connections))
    deadline = time.perf_counter() + 30
    while waiting and time.perf_counter() < deadline:
        for key, _ in selector.select(1):
            if id(key.data) in waiting and key.data.receive() is not None:
                waiting.discard(id(key.data))
    for connection in connections:
        connection.socket.close()


def requests_of(group: list[dict[str, Any]]) -> list[Request]:
    """Return the requests of one connection as a job has them."""
    return [
        Request([text.encode("latin-1") for text in each["variants"]], frozenset(each["right"]), each.get("version", 0))
        for each in group
    ]


def _count(tally: Tally, connection: Connection, answer: bytes, moment: float) -> None:
    status = int(answer[9:12])
    assert connection.current is not None
    if status not in connection.current.right:
        tally.wrong.append(f"{status}: {answer[:200]!r} … {answer[-300:]!r}")
        return
    tally.seconds.append(moment - connection.began)
    tally.bytes += len(answer)
    told = _STATEMENTS.search(answer, 0, 4_000)
    if told:
        tally.statements.append(int(told[1]))


if __name__ == "__main__":
    json.dump(drive(json.load(sys.stdin)), sys.stdout)
