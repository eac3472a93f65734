"""Stripe tells of many things at once: whether all is answered, kept once and worked on, at a steady pace.

The product as it is shipped (web processes and a worker), PostgreSQL, the double of Stripe that the worker asks, and
the load tool share the machine. Events are signed, for many workspaces in turn; some come twice, as Stripe sends them.
"""

from __future__ import annotations

import hmac
import json
import subprocess
import sys
import time
from hashlib import sha256
from typing import Any

from infra.bench.fairness import working
from infra.bench.place import Place
from infra.bench.plan import Plan
from infra.bench.results import Verdict, percentile
from infra.bench.servers import HOST, Server, database_cpu_seconds, serving
from infra.bench.subscribers import SECRET, double, subscribers
from infra.bench.workspaces import said
from tenants.migrate import connect
from tenants.settings import Settings

WANTED = 500
"""Webhooks a second, for ten seconds, on two cores."""
PACE, SECONDS, CONNECTIONS = 520, 10, 32
TWICE_EVERY = 20
WORKSPACES = 60
P95_MS = 100
"""Answered in milliseconds; Stripe waits for ten seconds and more."""
WORKED_WITHIN = 120
"""Seconds after the last one until all are worked on, by a worker that gives way to who is answered."""
_WAITING = "SELECT count(*) FROM jobs.procrastinate_jobs WHERE status IN ('todo', 'doing') AND scheduled_at IS NULL"
_ROWS = "SELECT id, attempts, worked_at IS NOT NULL FROM public.stripe_events WHERE id LIKE %s"


def webhooks(place: Place, plan: Plan) -> list[Verdict]:
    """Return how many were answered a second, and whether each was kept once and worked on once."""
    with double(place.folder) as address:
        with said(f"{WORKSPACES} workspaces that pay"):
            settings, told = subscribers(place, address, WORKSPACES)
        command = ["saas_crm.cli", "serve"]
        with (
            serving("webhooks", command, settings, place.folder / "webhooks.log", "/healthz") as server,
            working(settings, place.folder),
        ):
            _until_idle(settings)
            rounds = [_round(place, server, settings, told, number) for number in range(min(plan.rounds, 3))]
    return max(rounds, key=lambda verdicts: sum(not verdict.holds for verdict in verdicts))


def _round(
    place: Place, server: Server, settings: Settings, told: list[dict[str, Any]], number: int
) -> list[Verdict]:  # fmt: skip
    run = f"evt_bench_{int(time.time())}_{number}"
    with said(f"webhooks, {PACE} a second for {SECONDS} s"):
        posts, ids = _posts(run, told)
        job = {"host": HOST, "port": server.port, "rate": PACE, "connections": CONNECTIONS, "requests": posts,
               "right": 200}  # fmt: skip
        postmaster = place.server.pid or 0
        web, database = server.cpu_seconds(), database_cpu_seconds(postmaster)
        found = _drive(job)
        web, database = server.cpu_seconds() - web, database_cpu_seconds(postmaster) - database
        ended = time.monotonic()
        _until_idle(settings)
        worked = time.monotonic() - ended
    cost = f"{web / len(posts) * 1000:.2f} ms web + {database / len(posts) * 1000:.2f} ms database"
    return [*_answered(found, cost), *_kept(settings, ids, run),
            Verdict("webhooks, all worked on after the last", round(worked, 1), WORKED_WITHIN, "s")]  # fmt: skip


def _answered(found: dict[str, Any], cost: str) -> list[Verdict]:
    seconds = found["seconds"]
    p50, p95, p99 = (percentile(seconds, share) * 1000 if seconds else 0 for share in (0.5, 0.95, 0.99))
    note = f"{len(seconds):,} in {found['duration']:.1f} s at a pace of {PACE}; processor time of each: {cost}"
    wrong = f"e.g. {found['wrong'][0][:120]}" if found["wrong"] else ""
    return [
        Verdict("webhooks answered a second", round(len(seconds) / found["duration"]), WANTED, "/s", at_least=True,
                note=note),
        Verdict("webhooks not answered, or with an error", found["wrong_count"], 0, "events", note=wrong),
        Verdict("webhooks, p95 from when each was due", round(p95, 1), P95_MS, "ms",
                note=f"p50 {p50:.1f} ms, p99 {p99:.1f} ms"),
    ]  # fmt: skip


def _kept(settings: Settings, ids: set[str], run: str) -> list[Verdict]:
    with connect(settings.owner_url) as connection:
        rows = connection.execute(_ROWS, [f"{run}%"]).fetchall()
    kept = {row[0] for row in rows}
    return [
        Verdict("webhooks lost, or kept that nobody sent", len(ids ^ kept), 0, "events",
                note=f"{len(ids):,} sent, each {TWICE_EVERY}th twice"),
        Verdict("webhooks not worked on, or twice", sum(row[1:] != (1, True) for row in rows), 0, "events"),
    ]  # fmt: skip


def _posts(run: str, told: list[dict[str, Any]]) -> tuple[list[str], set[str]]:
    """Return the requests, signed now, and the events in them."""
    posts: list[str] = []
    ids: set[str] = set()
    for number in range(PACE * SECONDS):
        if number % TWICE_EVERY == TWICE_EVERY - 1:
            posts.append(posts[-1])
            continue
        event_id = f"{run}_{number:06}"
        ids.add(event_id)
        posts.append(_post(json.dumps({**told[number % len(told)], "id": event_id}, indent=2).encode()))
    return posts, ids


def _post(body: bytes) -> str:
    moment = int(time.time())
    signed = hmac.new(SECRET.encode(), f"{moment}.".encode() + body, sha256).hexdigest()
    head = (
        f"POST /billing/stripe/webhook HTTP/1.1\r\nHost: {HOST}\r\nContent-Type: application/json; charset=utf-8\r\n"
        f"User-Agent: Stripe/1.0 (+https://stripe.com/docs/webhooks)\r\nX-Forwarded-For: 10.0.0.9\r\n"
        f"Stripe-Signature: t={moment},v1={signed}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head + body.decode("latin-1")


def _drive(job: dict[str, Any]) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-m", "infra.bench.paced"], input=json.dumps(job), capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(f"the load tool failed:\n{done.stderr[-2000:]}")
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def _until_idle(settings: Settings) -> None:
    """Wait until the worker has nothing to do."""
    deadline = time.monotonic() + 2 * WORKED_WITHIN
    with connect(settings.owner_url) as connection:
        while connection.execute(_WAITING).fetchone() != (0,):
            if time.monotonic() > deadline:
                return
            time.sleep(0.1)
