"""The hammer from outside: real worker processes, real sockets, errors, rollbacks, and connections that are cut.

What strikes is as in `hammer`; but requests go over the network to gunicorn, a part of them is wrong on purpose, some
callers hang up before they have read their answer, and sessions of the database are ended under whoever uses them.
"""

from __future__ import annotations

import contextlib
import http.client
import random
import socket
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from urllib.parse import urlencode, urlsplit

import psycopg
from flask import Flask

from tenants.db import new_id
from tests.support.clients import browser_of
from tests.support.installation import RUNTIME_LOGIN, Place
from tests.support.proofs import sized
from tests.tenants.hammer import ENOUGH, Anvil, Target, foreign

HANGS_UP, CUTS = sized(5, 1) / 100, sized(5, 1) / 100
"""How often, for each request, a caller goes away, and a session of the database is ended under whoever uses it."""
PATIENCE = 60.0
PATCH = "application/merge-patch+json"
GONE = 503
"""What may be answered at any time: the database had gone just then."""
_END = """SELECT pg_terminate_backend(pid) FROM pg_stat_activity
 WHERE usename = %s AND datname = current_database() ORDER BY random() LIMIT 1"""


@dataclass(frozen=True)
class Strike:
    """One request, the statuses it may have, and whether its answer must hold the canary when it is good."""

    method: str
    path: str
    right: tuple[int, ...]
    headers: dict[str, str]
    body: str = ""
    holds: bool = True


@dataclass
class Storm:
    """Strikes a server, and keeps the count of what came."""

    app: Flask
    place: Place
    anvil: Anvil
    url: str
    seed: int = 1
    leaks: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    gone: Counter[str] = field(default_factory=Counter)
    hung_up: int = 0
    cut: int = 0
    canaries: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        """Sign everybody in once."""
        self._heads = {target.canary: self._sign_in(target) for target in self.anvil.targets}

    @property
    def requests(self) -> int:
        """Return how many answers were read to their end."""
        return self.statuses.total()

    def rage(self, requests: int, *, threads: int) -> None:
        """Send until so many answers have been read, from several threads, each to a tenant by chance."""
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(lambda number: self._work(number, requests), range(threads)))

    def _sign_in(self, target: Target) -> tuple[dict[str, str], dict[str, str]]:
        browser = browser_of(self.app, target.owner)
        name = self.app.config["SESSION_COOKIE_NAME"]
        cookie = browser.get_cookie(name)
        assert cookie is not None
        page = {"Cookie": f"{name}={cookie.value}", "X-CSRFToken": browser.csrf_token()}
        return page, {"Authorization": f"Bearer {target.owner.token}"}

    def _work(self, number: int, requests: int) -> None:
        chance = random.Random(f"{self.seed} {number}")
        address = urlsplit(self.url).netloc
        line = http.client.HTTPConnection(address, timeout=PATIENCE)
        while self.requests < requests and len(self.leaks) + len(self.failures) < ENOUGH:
            target = chance.choice(self.anvil.targets)
            strike = self._strike(chance, target)
            if chance.random() < CUTS:
                self._cut()
            if chance.random() < HANGS_UP:
                self._hang_up(address, strike, chance)
                continue
            try:
                line.request(strike.method, strike.path, strike.body.encode() or None, strike.headers)
                answer = line.getresponse()
                self._judge(strike, target, answer.status, f"{answer.headers}\n{answer.read().decode()}")
            except (OSError, http.client.HTTPException) as error:
                line.close()
                self._fail(f"{strike.method} {strike.path}: {type(error).__name__} {error}")
        line.close()

    def _cut(self) -> None:
        """End a session of the application in the database, whatever it is doing."""
        with psycopg.connect(self.place.owner_url, autocommit=True) as connection:
            ended = len(connection.execute(_END, [RUNTIME_LOGIN]).fetchall())
        with self._lock:
            self.cut += ended

    def _hang_up(self, address: str, strike: Strike, chance: random.Random) -> None:
        """Send a request and go away: at once, or in the middle of the answer."""
        line = http.client.HTTPConnection(address, timeout=PATIENCE)
        with contextlib.suppress(OSError, http.client.HTTPException):
            line.request(strike.method, strike.path, strike.body.encode() or None, strike.headers)
            if chance.random() < 0.5 and line.sock is not None:
                line.sock.recv(100)
            if line.sock is not None:
                line.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
        line.close()
        with self._lock:
            self.hung_up += 1

    def _judge(self, strike: Strike, target: Target, status: int, everything: str) -> None:
        """Look for canaries in every byte of an answer, headers included."""
        what = f"{strike.method} {strike.path}: {status}"
        strange = foreign(everything, target.canary)
        with self._lock:
            self.statuses[status] += 1
            self.canaries += everything.count(target.canary)
            if status == GONE:
                self.gone[f"{strike.method} {strike.path.partition('/')[2].partition('/')[2][:40]}"] += 1
            if strange:
                self.leaks.append(f"{what} to {target.canary} holds {strange}")
            elif status not in (*strike.right, GONE):
                self.failures.append(f"{what} {everything[-300:]}")
            elif strike.holds and status == 200 and target.canary not in everything:
                self.failures.append(f"{what} lacks its canary {everything[-200:]}")

    def _fail(self, what: str) -> None:
        with self._lock:
            self.failures.append(what)

    def _strike(self, chance: random.Random, target: Target) -> Strike:
        kind = chance.random()
        if kind < 0.7:
            return self._read(chance, target)
        if kind < 0.8:
            return self._page(chance, target)
        return self._wrong(chance, target) if kind < 0.9 else self._write(chance, target)

    def _page(self, chance: random.Random, target: Target) -> Strike:
        keys = self.anvil.keys
        path = chance.choice((
            "/", "/companies", f"/companies/{keys.company}", f"/companies/{keys.company}/edit", "/contacts",
            f"/contacts/{keys.contact}", "/deals", "/deals?view=list", f"/deals/{keys.deal}", "/search?q=works",
            "/settings/members", "/settings/teams", f"/settings/teams/{keys.team}", "/settings/roles",
            f"/settings/roles/{keys.role}", "/settings/workspace", "/settings/tokens", "/settings/audit",
        ))  # fmt: skip
        return Strike("GET", f"/{target.tenant.slug}{path}", (200,), self._heads[target.canary][0])

    def _read(self, chance: random.Random, target: Target) -> Strike:
        keys = self.anvil.keys
        path = chance.choice((
            "/companies", f"/companies/{keys.company}", "/contacts", f"/contacts/{keys.contact}", "/opportunities",
            f"/opportunities/{keys.deal}", "/activities", f"/activities/{keys.activity}", "/search?q=works", "/members",
            "/teams", "/roles", "/me", "/pipelines",
        ))  # fmt: skip
        return self._call(target, "GET", path, (200,))

    def _write(self, chance: random.Random, target: Target) -> Strike:
        keys, word, kind = self.anvil.keys, target.canary, chance.random()
        text = f"{word} {chance.randrange(10**9)}"
        if kind < 0.5:
            body = f'{{"city": "{text}"}}'
            return self._call(target, "PATCH", f"/companies/{keys.company}", (200, 409), body, PATCH)
        if kind < 0.65:
            return self._call(target, "POST", "/companies", (201,), f'{{"name": "{text}"}}')
        head = {**self._heads[word][0], "Content-Type": "application/x-www-form-urlencoded"}
        note = urlencode({"kind": "note", "recent": f"company:{keys.company}", "body": text})
        return Strike("POST", f"/{target.tenant.slug}/log", (200, 204, 303), head, note, holds=False)

    def _wrong(self, chance: random.Random, target: Target) -> Strike:
        """Make a mistake: what is not there, what cannot be, what is there already, what has changed meanwhile."""
        keys, word = self.anvil.keys, target.canary
        company = f"/companies/{keys.company}"
        calls = (
            lambda: self._call(target, "GET", f"/companies/{new_id()}", (404,)),
            lambda: self._call(target, "GET", f"/nowhere/{word}", (404,)),
            lambda: self._call(target, "POST", "/companies", (422,), f'{{"name": "", "city": "{word}"}}'),
            lambda: self._call(target, "POST", "/companies", (400,), f'{{"name": "{word}'),
            lambda: self._call(target, "POST", "/companies", (409,), f'{{"id": "{keys.company}", "name": "{word}"}}'),
            lambda: self._call(target, "PATCH", company, (412,), f'{{"city": "{word}"}}', PATCH, '"v0"'),
            lambda: self._call(target, "DELETE", f"/roles/{keys.role}", (412,), if_match='"v0"'),
            lambda: Strike("POST", f"/{target.tenant.slug}/companies", (422,), {
                **self._heads[word][0], "Content-Type": "application/x-www-form-urlencoded"}, f"name=&city={word}"),
            lambda: Strike("GET", f"/{target.tenant.slug}/companies/{new_id()}", (404,), self._heads[word][0]),
        )  # fmt: skip
        return chance.choice(calls)()

    def _call(
        self, target: Target, method: str, path: str, right: tuple[int, ...], body: str = "",
        kind: str = "application/json", if_match: str = "",
    ) -> Strike:  # fmt: skip
        head = {**self._heads[target.canary][1], "Content-Type": kind}
        if if_match:
            head["If-Match"] = if_match
        return Strike(method, f"/{target.tenant.slug}/api/v1{path}", right, head, body)
