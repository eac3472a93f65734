"""Work that goes on while many tenants are migrated: no request fails, and none waits long.

A few workspaces are used at a steady pace, one after the other by pages and programs, reading and writing, while
`saas-crm db upgrade` runs as a process of its own. What somebody waits is counted from when their request was due.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from math import inf
from uuid import UUID

from infra.bench.growth import NEXT, next_release, take_back_column
from infra.bench.load import Connection, requests_of
from infra.bench.results import Verdict, percentile
from infra.bench.scenarios import Group, Workspace
from infra.bench.servers import HOST, Server, environment_of
from infra.bench.workspaces import OWNER
from saas_crm.cli import main as command
from tenants.migrate import connect
from tenants.settings import Settings

PARALLEL, HANDS, A_SECOND = 2, 16, 4
"""How many tenants are migrated at once; how many workspaces are used meanwhile, each by so many requests a second.

64 a second in all: the migration takes seconds, and what is said of it shall rest on hundreds of requests.
"""
AROUND = 2.0
"""Seconds of the same work before the migration and after it."""
LONGEST, LASTS = 1.0, 20.0
"""What one request may wait, and how long the migration may take: twice what twice as many at once may, undisturbed."""
_MINE = """
    SELECT t.slug FROM public.tenants t JOIN public.memberships m ON m.tenant_id = t.id
    JOIN public.users u ON u.id = m.user_id
    WHERE u.email = %s AND t.status = 'active' AND (t.slug LIKE 'small-%%' OR t.slug LIKE 'found-%%') ORDER BY t.id
"""
_NEWEST = "SELECT id FROM companies WHERE deleted_at IS NULL ORDER BY id DESC LIMIT 1"
_MIGRATED = "SELECT slug FROM public.tenants WHERE schema_version = %s AND slug = ANY(%s)"


@dataclass(frozen=True, slots=True)
class Answer:
    """One request: when it was due, how long it took from then on, and what was wrong with what came."""

    slug: str
    due: float
    seconds: float
    wrong: str = ""


@dataclass(frozen=True, slots=True)
class Run:
    """The command: when it began and ended, when each workspace was seen to be migrated, and what it said."""

    began: float
    ended: float
    migrated: dict[str, float]
    said: str


@dataclass
class Work:
    """What was answered so far, by all hands."""

    port: int
    answers: list[Answer] = field(default_factory=list)
    _ends: threading.Event = field(default_factory=threading.Event)
    _numbers: Iterator[int] = field(default_factory=lambda: count(int(time.time() * 1000) % 10_000_000 * 10_000))

    @contextmanager
    def goes_on(self, workspaces: list[Workspace]) -> Iterator[None]:
        """Use each workspace at its pace until the block ends."""
        began = time.monotonic()
        with ThreadPoolExecutor(len(workspaces)) as pool:
            starts = [began + number / len(workspaces) / A_SECOND for number in range(len(workspaces))]
            hands = [pool.submit(self._use, *each) for each in zip(workspaces, starts, strict=True)]
            try:
                yield
            finally:
                self._ends.set()
            for hand in hands:
                hand.result()

    def _use(self, workspace: Workspace, due: float) -> None:
        connection = Connection((HOST, self.port), requests_of(_round(workspace, self._company_of(workspace))))
        while not self._ends.wait(max(0.0, due - time.monotonic())):
            wrong = _sent(connection, next(self._numbers))
            self.answers.append(Answer(workspace.slug, due, time.monotonic() - due, wrong))
            due += 1 / A_SECOND

    def _company_of(self, workspace: Workspace) -> UUID:
        """Return a company of the workspace; one that was founded a moment ago gets its first."""
        [owner] = workspace.actors
        first = [workspace.api(owner, "POST", "/companies", [{"name": "First %NNNNNNNNN%"}], right=201)]
        while not (found := workspace.query(_NEWEST)):
            wrong = _sent(Connection((HOST, self.port), requests_of(first)), next(self._numbers))
            if wrong:
                raise SystemExit(f"{workspace.slug} has no company, and takes none: {wrong}")
        return UUID(str(found[0][0]))


def _sent(connection: Connection, number: int) -> str:
    """Send the next request on a connection of its own, as proxies do; returns what was wrong with the answer."""
    try:
        connection.reconnect()
        connection.send(number)
        while (answer := connection.receive()) is None:
            pass
    except OSError as failed:
        return f"{type(failed).__name__} {failed}"
    assert connection.current is not None
    return "" if int(answer[9:12]) in connection.current.right else answer[:300].decode("latin-1")


def _round(workspace: Workspace, key: UUID) -> Group:
    """Return what is done in a workspace, round and round; a company of its own is what is changed."""
    [owner] = workspace.actors
    note = {"kind": "note", "recent": f"company:{key}", "body": "Called %NNNNNNNNN%"}
    deal = {"name": "Lead %NNNNNNNNN%", "amount": {"amount": "1250.00", "currency": "EUR"}}
    return [
        workspace.page(owner, "/"),
        workspace.api(owner, "GET", "/companies"),
        {**workspace.form(owner, "/log", [note]), "right": [200, 204]},
        workspace.page(owner, "/companies"),
        workspace.api(owner, "POST", "/opportunities", [deal], right=201, Idempotency_Key="bench-%NNNNNNNNN%"),
        workspace.page(owner, f"/companies/{key}"),
        workspace.api(owner, "PATCH", f"/companies/{key}", [{"city": "Town %NNNNNNNNN%"}]),
        workspace.page(owner, "/deals"),
        workspace.api(owner, "GET", "/opportunities"),
    ]


def work_goes_on(server: Server, settings: Settings) -> list[Verdict]:
    """Measure what those who work notice of a migration of all tenants; what it brought is taken away again."""
    workspaces = [Workspace(server.port, slug, settings.owner_url, [OWNER]) for slug in _spread(settings)]
    work = Work(server.port)
    try:
        with work.goes_on(workspaces):
            time.sleep(AROUND)
            alone = max((answer.seconds for answer in work.answers), default=0.0)
            run = _upgrade(settings, [each.slug for each in workspaces])
            time.sleep(AROUND)
    finally:
        tenants = take_back_column(settings)
    told = f"longest wait before the command {alone:.2f} s"
    return judged(work.answers, run, f"{tenants} tenants are migrated, one column added", told)


def _spread(settings: Settings) -> list[str]:
    """Return workspaces whose turns are as far apart as can be: tenants are migrated in the order of their making."""
    with connect(settings.owner_url) as connection:
        slugs = [str(slug) for (slug,) in connection.execute(_MINE, [OWNER])]
    hands = min(HANDS, len(slugs))
    return [slugs[(len(slugs) - 1) * number // max(hands - 1, 1)] for number in range(hands)]


def _upgrade(settings: Settings, slugs: list[str]) -> Run:
    """Run the command, and look when each of these workspaces is migrated."""
    migrated: dict[str, float] = {}
    began = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, "-m", "infra.bench.meanwhile", "db", "upgrade", "--parallel", str(PARALLEL)],
        env=environment_of(settings, 0), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    with connect(settings.owner_url) as connection:
        while process.poll() is None:
            for (slug,) in connection.execute(_MIGRATED, [NEXT, slugs]).fetchall():
                migrated.setdefault(slug, time.monotonic())
            time.sleep(0.05)
    ended, said = time.monotonic(), process.communicate()[0]
    if process.returncode:
        raise SystemExit(f"the migration failed:\n{said}")
    return Run(began, ended, migrated, said)


def judged(answers: list[Answer], run: Run, what: str, told: str) -> list[Verdict]:
    """Return the verdicts on what was answered before, during and after the command, and on the command."""
    wrong = [answer for answer in answers if answer.wrong]
    taken = [answer.seconds for answer in answers]
    beside = sum(answer.due < run.ended and answer.due + answer.seconds > run.began for answer in answers)
    after = sum(answer.due + answer.seconds > run.migrated.get(answer.slug, inf) for answer in answers)
    used = len({answer.slug for answer in answers})
    load = f"{len(answers)} requests, {beside} of them while it ran, {used * A_SECOND} a second in {used} workspaces"
    sides = f"{len(answers) - after} before their workspace's turn and {after} after it"
    first = f"; {wrong[0].wrong[:120]!r}" if wrong else ""
    during = f"while {what}"
    summary = next((line for line in run.said.splitlines() if line.startswith("tenants: ")), "")
    typical = f"p50 {percentile(taken, 0.5) * 1000:.0f} ms, p99 {percentile(taken, 0.99) * 1000:.0f} ms"
    return [
        Verdict(f"{during}: failed requests", len(wrong), 0, "requests", note=f"{load}, {sides}{first}"),
        Verdict(f"{during}: longest wait", round(max(taken), 2), LONGEST, "s", note=f"{typical}; {told}"),
        Verdict(f"{during}: the command, beside that work", round(run.ended - run.began, 1), LASTS, "s",
                note=f"{PARALLEL} at a time; {summary}, the command's start included"),
    ]  # fmt: skip


if __name__ == "__main__":
    os.environ.setdefault("PYTHONUNBUFFERED", "1")
    with next_release():
        command()
