"""A load tool that keeps a pace, whatever the answers take: each request has its moment, and is late from then on.

    python -m infra.bench.paced < job.json > result.json

A job names host, port, requests a second, connections, and the requests (raw HTTP, as text in Latin-1) with the status
that is right. One that finds all connections waiting for an answer is sent by the first that is free; the time that it
waited for that counts, as it does for who has to be told.
"""

from __future__ import annotations

import json
import selectors
import sys
import time
from typing import Any

from infra.bench.load import _CLOSE, Connection, Request

AHEAD = 0.3
"""Seconds before the first is due: all connections are open by then."""
PATIENCE = 60
"""Seconds that the last ones may take."""


class Pace:
    """Requests by their moments, and what came back."""

    def __init__(self, job: dict[str, Any]) -> None:
        address = (job["host"], job["port"])
        self.right = frozenset([job["right"]])
        self.requests = [text.encode("latin-1") for text in job["requests"]]
        self.rate: float = job["rate"]
        self.selector = selectors.DefaultSelector()
        self.free = [Connection(address, [Request([b""], self.right)]) for _ in range(job["connections"])]
        self.due: dict[int, float] = {}
        self.seconds: list[float] = []
        self.wrong: list[str] = []
        self.sent = 0
        self.start = self.last = time.perf_counter() + AHEAD
        for connection in self.free:
            self.selector.register(connection.socket, selectors.EVENT_READ, connection)

    def run(self) -> dict[str, Any]:
        """Send all of them; returns how long each took from its moment on, and which were answered wrongly."""
        end = self.start + len(self.requests) / self.rate + PATIENCE
        while self.sent < len(self.requests) or self.due:
            now = time.perf_counter()
            if now > end:
                self.wrong += ["no answer"] * (len(self.requests) - self.sent + len(self.due))
                break
            self._send(now)
            for key, _ in self.selector.select(self._pause(now)):
                self._receive(key.data)
        return {"seconds": self.seconds, "wrong": self.wrong[:3], "wrong_count": len(self.wrong),
                "duration": self.last - self.start}  # fmt: skip

    def _pause(self, now: float) -> float:
        if self.sent == len(self.requests) or not self.free:
            return 1.0
        return max(self.start + self.sent / self.rate - now, 0)

    def _send(self, now: float) -> None:
        while self.free and self.sent < len(self.requests) and self.start + self.sent / self.rate <= now:
            connection = self.free.pop()
            connection.requests = iter([Request([self.requests[self.sent]], self.right)])  # type: ignore[assignment]
            self.due[id(connection)] = self.start + self.sent / self.rate
            self.sent += 1
            connection.send(0)

    def _receive(self, connection: Connection) -> None:
        answer = connection.receive()
        if answer is None:
            return
        self.last = time.perf_counter()
        due = self.due.pop(id(connection), None)
        if due is not None and int(answer[9:12]) in self.right:
            self.seconds.append(self.last - due)
        elif due is not None:
            self.wrong.append(repr(answer[:300]))
        if due is None or _CLOSE.search(answer, 0, answer.find(b"\r\n\r\n") + 2) or answer.startswith(b"HTTP/1.1 000"):
            self.selector.unregister(connection.socket)
            connection.reconnect()
            self.selector.register(connection.socket, selectors.EVENT_READ, connection)
        if due is not None:
            self.free.append(connection)


if __name__ == "__main__":
    json.dump(Pace(json.load(sys.stdin)).run(), sys.stdout)
