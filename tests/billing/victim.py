"""A process of the product that is killed at a moment that was chosen: `python -m tests.billing.victim`.

It loads the application once. For each line that it reads it forks, does in the child what the line says, as a web
process or as the worker does it, and there, at the chosen call of Stripe or commit of PostgreSQL, before or after it,
kills itself: nothing is tidied up. Then it tells in a line how the child ended, or which such moments there were.

A moment has a name, that of the functions it is in, and how many of this name there were before it: jobs run side by
side, and the n-th of all would be another one each time. Nothing is begun by the wall clock.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import psycopg
import requests
import stripe
from flask import Flask
from procrastinate.periodic import PeriodicDeferrer
from psycopg.pq import TransactionStatus

from saas_crm.app import create_app
from saas_crm.core.jobs import defer
from saas_crm.worker import work
from tenants.db import SHARED, db
from tests.support.clients import browser_of, phone_of

assert stripe.RequestsClient, "loaded before anything is forked: it takes a second"


OURS = ("billing.", "mobile_api.", "saas_crm.", "tenants.", "web.")
BY_CONNECTING = "psycopg._typeinfo"
"""Reads a type of a connection that was opened just now, in a transaction that changes nothing."""


class Moments:
    """Names the moments from when it is told to, and ends the process in the chosen one."""

    def __init__(self) -> None:
        self.chosen: list[Any] | None = None
        self.where, self.counts = "before", False
        self.seen: list[tuple[str, int]] = []
        self._times: Counter[str] = Counter()
        self._lock = threading.Lock()

    def around(self, act: Callable[[], Any]) -> Any:
        """Do something that is seen outside of this process."""
        if not self.counts or any(name.startswith(BY_CONNECTING) for name in _functions()):
            return act()
        with self._lock:
            name = " < ".join(one for one in _functions() if one.startswith(OURS))
            self._times[name] += 1
            self.seen.append((name, self._times[name]))
            chosen = [name, self._times[name]] == self.chosen
        if chosen and self.where == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        done = act()
        if chosen:
            os.kill(os.getpid(), signal.SIGKILL)
        return done


def _functions() -> Iterator[str]:
    """Return the functions this is in, the innermost first."""
    frame = sys._getframe(1)
    while frame := frame.f_back:  # type: ignore[assignment]
        yield f"{frame.f_globals.get('__name__', '')}.{frame.f_code.co_name}"


def watch(moments: Moments) -> None:
    """Name calls of Stripe, commits that commit something, and what is kept by a statement of its own."""
    send, commit, execute, leave = (
        requests.Session.send, psycopg.Connection.commit, psycopg.Cursor.execute, psycopg.Transaction.__exit__,
    )  # fmt: skip

    def sending(self: Any, *args: Any, **options: Any) -> Any:
        return moments.around(lambda: send(self, *args, **options))

    def committing(self: Any) -> Any:
        if self.info.transaction_status == TransactionStatus.IDLE:
            return commit(self)
        return moments.around(lambda: commit(self))

    def executing(self: Any, query: Any, *args: Any, **options: Any) -> Any:
        if self.connection.autocommit and "INSERT INTO public.stripe_events" in str(query):
            return moments.around(lambda: execute(self, query, *args, **options))
        return execute(self, query, *args, **options)

    def leaving(self: Any, failed: Any, *args: Any) -> Any:
        return moments.around(lambda: leave(self, failed, *args)) if failed is None else leave(self, failed, *args)

    requests.Session.send = sending  # type: ignore[method-assign]
    psycopg.Connection.commit = committing  # type: ignore[method-assign]
    psycopg.Cursor.execute = executing  # type: ignore[method-assign]
    psycopg.Transaction.__exit__ = leaving  # type: ignore[method-assign]
    PeriodicDeferrer.get_previous_tasks = lambda _self, at: iter(())  # type: ignore[assignment,method-assign]


def do(app: Flask, moments: Moments, told: dict[str, Any]) -> int:
    """Do what a line says; returns the status of the answer, 0 for the worker."""
    moments.chosen, moments.where = told.get("at"), told.get("where", "before")
    if told["kind"] == "work":
        with app.app_context():
            for name in told.get("jobs", ()):
                with db.engines[SHARED].begin() as connection:
                    defer(connection, name)
        moments.counts = True
        work(app, app.extensions["settings"], wait=False)
        return 0
    person: Any = SimpleNamespace(**told["person"])
    client: Any = {"phone": phone_of, "page": browser_of, "stripe": browser_of}[told["kind"]](
        app, None if told["kind"] == "stripe" else person
    )
    moments.counts = True
    sent = {name: told[name] for name in ("json", "data", "headers") if name in told}
    return int(client.open(told["path"], method=told["method"], **sent).status_code)


def main() -> None:
    """Serve until there are no more lines."""
    moments = Moments()
    watch(moments)
    app = create_app()
    print(json.dumps({"ready": True}), flush=True)
    for line in sys.stdin:
        sys.stdout.flush()
        if (child := os.fork()) == 0:
            with app.app_context():
                for engine in db.engines.values():
                    engine.dispose(close=False)
            status = do(app, moments, json.loads(line))
            print(json.dumps({"status": status, "moments": moments.seen}), flush=True)
            os._exit(0)
        _pid, ended = os.waitpid(child, 0)
        if os.WIFSIGNALED(ended):
            print(json.dumps({"killed": os.WTERMSIG(ended)}), flush=True)
        elif ended:
            print(json.dumps({"failed": ended}), flush=True)


if __name__ == "__main__":
    main()
