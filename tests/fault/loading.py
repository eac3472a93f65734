"""Load from outside while something is killed, programs that write and companies that sign up; and what must be there.

What was acknowledged is kept: a company answered with 201, a sign-up answered with 303. Everything else may be or not
be, but never by half.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from typing import Any
from urllib.parse import urlencode, urlsplit
from uuid import UUID

import psycopg

from tenants.db import new_id
from tenants.provisioning import make_spares
from tests.fault.conftest import Doomed
from tests.support.cast import PASSWORD
from tests.support.clients import browser_of
from tests.support.server import live_server

WRITERS, PAUSE = 4, 0.02
_UNAUDITED = """SELECT count(*) FROM {0}.companies c WHERE NOT EXISTS (
    SELECT FROM {0}.audit_log a WHERE a.record_id = c.id AND a.action = 'create')"""
_SCHEMAS = "SELECT nspname::text FROM pg_namespace WHERE nspname ~ '^t_[0-9a-f]{16}$'"
_INSIDE = """SELECT
    (SELECT count(*) FROM pg_tables WHERE schemaname = '{0}'),
    (SELECT count(*) FROM {0}.members m JOIN {0}.roles r ON r.id = m.role_id WHERE r.key = 'owner'),
    (SELECT count(*) FROM {0}.stages)"""
_MEMBERSHIPS = """SELECT count(*) FROM public.memberships m JOIN public.users u ON u.id = m.user_id
    JOIN public.tenants t ON t.id = m.tenant_id WHERE t.schema_name = %s"""


@dataclass
class Load:
    """What was promised so far, and what was answered that should not have been."""

    doomed: Doomed
    url: str
    promised: set[UUID] = field(default_factory=set)
    founded: set[str] = field(default_factory=set)
    wrong: list[str] = field(default_factory=list)
    refused: int = 0
    stop: threading.Event = field(default_factory=threading.Event)
    _number: count[int] = field(default_factory=count)

    def write(self) -> None:
        """Make companies, one after the other; note those that are acknowledged."""
        owner = self.doomed.owner
        head = {"Authorization": f"Bearer {owner.token}", "Content-Type": "application/json"}
        while not self.stop.is_set():
            key = new_id()
            body = json.dumps({"id": str(key), "name": f"Kept {key}"})
            status, said = self._send(f"/{owner.slug}/api/v1/companies", body, head)
            if status == 201:
                self.promised.add(key)
            self._judge(status, said)

    def sign_up(self) -> None:
        """Sign companies up, each from another address; note those that are acknowledged."""
        app = self.doomed.app
        browser, name = browser_of(app, None), app.config["SESSION_COOKIE_NAME"]
        token, cookie = browser.csrf_token(), browser.get_cookie(name)
        assert cookie is not None
        while not self.stop.is_set():
            number = next(self._number)
            slug = f"new-{number}"
            head = {"Cookie": f"{name}={cookie.value}", "X-CSRFToken": token,
                    "Content-Type": "application/x-www-form-urlencoded",
                    "X-Forwarded-For": f"10.{number // 250}.{number % 250}.9"}  # fmt: skip
            form = {"company": f"Company {number}", "slug": slug, "name": "Ann New", "email": f"ann@{slug}.example",
                    "password": PASSWORD, "locale": "en", "country": "US", "currency": "USD",
                    "timezone": "UTC"}  # fmt: skip
            status, said = self._send("/signup", urlencode(form), head)
            if status == 303:
                self.founded.add(slug)
            self._judge(status, said)

    def stock(self) -> None:
        """Make spares, as the worker does, whenever there are too few."""
        place = self.doomed.place
        while not self.stop.wait(0.2):
            with contextlib.suppress(psycopg.OperationalError):
                make_spares(place.owner_url, place.runtime_url, wanted=2)

    def _send(self, path: str, body: str, head: dict[str, str]) -> tuple[int, str]:
        line = http.client.HTTPConnection(urlsplit(self.url).netloc, timeout=60)
        try:
            line.request("POST", path, body.encode(), head)
            answer = line.getresponse()
            return answer.status, answer.read().decode()
        except (OSError, http.client.HTTPException):
            return 0, ""  # who answered was killed: nothing was acknowledged
        finally:
            line.close()

    def _judge(self, status: int, said: str) -> None:
        if status in (0, 503):
            self.refused += 1
            time.sleep(PAUSE)
        elif status not in (201, 303):
            self.wrong.append(f"{status} {said[:300]}")

    def more(self, writes: int = 10, seconds: float = 120) -> None:
        """Wait until so many more writes are acknowledged."""
        wanted, deadline = len(self.promised) + writes, time.monotonic() + seconds
        while len(self.promised) < wanted:
            assert time.monotonic() < deadline, f"nothing is written any more; wrong answers: {self.wrong}"
            time.sleep(0.02)


@contextlib.contextmanager
def served(doomed: Doomed) -> Iterator[tuple[str, int]]:
    """Real web processes before the installation; yields where they listen and the first one's number."""
    settings = doomed.app.extensions["settings"].model_copy(update={"trusted_proxies": 1})
    with live_server(settings, doomed.folder, workers=2, threads=4) as server:
        yield server.url, server.pid


@contextlib.contextmanager
def loaded(doomed: Doomed, url: str, *, sign_ups: bool = True, stocked: bool = True) -> Iterator[Load]:
    """Load a server until the block ends; where it is not `stocked`, somebody else makes the spares."""
    load = Load(doomed, url)
    work = [load.write] * WRITERS + [load.sign_up] * sign_ups + [load.stock] * (sign_ups and stocked)
    threads = [threading.Thread(target=each) for each in work]
    for thread in threads:
        thread.start()
    try:
        yield load
    finally:
        load.stop.set()
        for thread in threads:
            thread.join()


def lost(load: Load) -> set[UUID]:
    """Return what was acknowledged and is not there."""
    promised = set(load.promised)  # before it is looked: more may be acknowledged meanwhile
    with load.doomed.place.owner() as connection:
        rows = connection.execute(f"SELECT id FROM {load.doomed.tenant.schema_name}.companies").fetchall()
    return promised - {row[0] for row in rows}


def half_made(load: Load) -> list[str]:
    """Return what is there by half: writes without their line in the audit log, workspaces that are not whole.

    All of it is looked at in one moment, and what was acknowledged before then is asked for.
    """
    founded = set(load.founded)
    with psycopg.connect(load.doomed.place.owner_url, prepare_threshold=None) as connection:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        found = _unaudited(connection, load.doomed.tenant.schema_name)
        rows = connection.execute("SELECT schema_name, status, slug FROM public.tenants").fetchall()
        schemas = {row[0] for row in connection.execute(_SCHEMAS)}
        if schemas != {row[0] for row in rows}:
            found.append(f"schemas and registry differ: {schemas ^ {row[0] for row in rows}}")
        whole = connection.execute(_INSIDE.format(load.doomed.tenant.schema_name)).fetchone()
        for schema, status, slug in rows:
            inside = connection.execute(_INSIDE.format(schema)).fetchone()
            people = connection.execute(_MEMBERSHIPS, [schema]).fetchone()
            expected = ((whole[0], 0, 0), (0,)) if status == "spare" else (whole, (1,))
            if whole is None or status not in ("spare", "active") or (inside, people) != expected:
                found.append(f"{slug or schema} is {status} with {inside} and {people} memberships")
    slugs = {slug for _, status, slug in rows if status == "active"}
    return found + [f"{slug} was acknowledged" for slug in founded - slugs]


def _unaudited(connection: psycopg.Connection[Any], schema: str) -> list[str]:
    counted = connection.execute(_UNAUDITED.format(schema)).fetchone()
    return [] if counted == (0,) else [f"{counted} companies without a line in the audit log"]
