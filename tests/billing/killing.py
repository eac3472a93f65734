"""What is done by a process that may be killed, and what is done after it: the worker goes on, people try again."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.billing.company import Shop
from tests.billing.life import Life
from tests.support.cast import Person
from tests.support.server import CHECKOUT, environment_of

_OLD = "UPDATE jobs.procrastinate_workers SET last_heartbeat = last_heartbeat - interval '5 minutes'"
_RESCUE = """SELECT procrastinate_defer_jobs_v1(ARRAY[ROW(
    'default', 'jobs.rescue', 0, NULL, NULL, '{"timestamp": 0}', NULL)::procrastinate_job_to_defer_v1])"""
_UNDER_WAY = "SELECT task_name FROM jobs.procrastinate_jobs WHERE status = 'doing' AND task_name <> 'jobs.rescue'"
_AT_ONCE = "UPDATE jobs.procrastinate_jobs SET scheduled_at = NULL WHERE status = 'todo'"


class Victim:
    """The process, and the lines it is told."""

    def __init__(self, process: subprocess.Popen[str], clock: Path, log: Path) -> None:
        self._process, self._clock, self._log = process, clock, log

    def does(self, shop: Shop, told: dict[str, Any]) -> dict[str, Any]:
        """Let a child do it, at Stripe's time; returns how it ended."""
        self._clock.write_text(str(shop.double.now - time.time()), encoding="ascii")
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(told) + "\n")
        self._process.stdin.flush()
        found = self.hears()
        assert "failed" not in found, self._log.read_text("utf-8", "replace")[-3_000:]
        return found

    def hears(self) -> dict[str, Any]:
        """Return the next line it tells."""
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, self._log.read_text("utf-8", "replace")[-3_000:]
        found: dict[str, Any] = json.loads(line)
        return found


@contextmanager
def victim_of(shop: Shop, folder: Path) -> Iterator[Victim]:
    """Start the process."""
    clock, log = folder / "victim.clock", folder / "victim.log"
    settings = shop.settings.model_copy(update={"clock_file": str(clock)})
    with log.open("ab") as said, subprocess.Popen(
        [sys.executable, "-m", "tests.billing.victim"], cwd=CHECKOUT, env=environment_of(settings),
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=said, text=True, bufsize=1,
    ) as process:  # fmt: skip
        found = Victim(process, clock, log)
        found.hears()
        yield found
        process.kill()


class Killed(Life):
    """The workspace of `Life`, of which somebody is killed; what must be so in the end is the same."""

    victim: Victim
    person: Person

    def by_phone(self, method: str, path: str, **sent: Any) -> dict[str, Any]:
        """Return what a program in the owner's name asks, whichever state it has seen."""
        seen = {"If-Match": "*"}
        return {"kind": "phone", "person": self._person(), "method": method, "path": path, "headers": seen, **sent}

    def by_page(self, path: str) -> dict[str, Any]:
        """Return what the owner's browser asks for."""
        return {"kind": "page", "person": self._person(), "method": "GET", "path": path}

    def by_stripe(self) -> dict[str, Any]:
        """Return the next of Stripe's webhooks that are due; it is sent again later, as if nobody had answered."""
        post, *others = self.shop.double.webhooks.take()
        for one in (post, *others):
            self.shop.double.webhooks.answered(one, 500)
        return {"kind": "stripe", "person": {}, "method": "POST", "path": "/billing/stripe/webhook",
                "data": post.body.decode(), "headers": post.headers}  # fmt: skip

    def by_worker(self, *jobs: str) -> dict[str, Any]:
        """Return that the worker does what waits, and these."""
        return {"kind": "work", "jobs": jobs}

    def _person(self) -> dict[str, Any]:
        return {"session": self.person.session, "token": self.person.token, "slug": self.person.slug}

    def is_told(self) -> None:
        """Let Stripe's webhooks come, and be kept: the work waits."""
        for post in self.shop.double.webhooks.take():
            self.shop.receive(post)
            self.shop.double.webhooks.answered(post, 200)

    def goes_on(self) -> None:
        """Let another worker go on: the killed one's last sign of life is minutes ago. Nothing stays under way."""
        with self.installation.place.owner() as connection:
            connection.execute(_OLD)
            connection.execute(_AT_ONCE)
            connection.execute("SET search_path = jobs, pg_catalog")
            connection.execute(_RESCUE)
        self.victim.does(self.shop, self.by_worker())
        self.victim.does(self.shop, self.by_worker())
        with self.installation.place.owner() as connection:
            assert connection.execute(_UNDER_WAY).fetchall() == []
        self.shop.double.advance(hours=2)  # those that nobody answered come again
        self.shop.deliver()

    def ends(self) -> None:
        """Check, as after every life, that our state is Stripe's and nothing is paid twice."""
        self.teardown()

    def asked_to_end(self) -> str | None:
        """Return who asked for the workspace's deletion."""
        return self.shop.deletion_asked(self.acme)

    def paid(self) -> int:
        """Return what was paid at Stripe, in all, in the smallest unit."""
        customer = self.acme.row.customer_id
        found = self._at("invoices", customer=customer) if customer else []
        return sum(one["amount_paid"] for one in found)


__all__ = ["Killed", "Victim", "victim_of"]
