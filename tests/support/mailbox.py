"""What the worker would do: run the queued jobs here and now, and read the mails they sent."""

from __future__ import annotations

import re
import shutil
from concurrent.futures import ThreadPoolExecutor
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

from flask import Flask

from saas_crm.core.jobs import registry
from saas_crm.worker import execute, work
from tenants.settings import Settings
from tests.support.installation import Installation

_NEXT = """
    SELECT id, task_name, args FROM jobs.procrastinate_jobs
    WHERE status = 'todo' AND (scheduled_at IS NULL OR scheduled_at <= now()) AND task_name <> ALL(%s)
    ORDER BY id LIMIT 1
"""
SLOW = ("tenants.make_spares",)


def run_jobs(installation: Installation, *, leave: tuple[str, ...] = SLOW) -> list[str]:
    """Run every job that is due, each as the worker does, and return their names; jobs named in `leave` stay."""
    ran = []
    with installation.place.owner() as connection:
        connection.execute("SET search_path = jobs, pg_catalog")
        while found := connection.execute(_NEXT, [list(leave)]).fetchone():
            job_id, name, args = found
            connection.execute("DELETE FROM procrastinate_jobs WHERE id = %s", [job_id])
            execute(installation.app, registry[name], dict(args))
            ran.append(name)
    return ran


def work_off(app: Flask, settings: Settings) -> None:
    """Let the real worker do what is due, and end; raises what it raises.

    In a thread of its own: where a browser was driven before, this one has a running event loop.
    """
    with ThreadPoolExecutor(1) as pool:
        pool.submit(work, app, settings, wait=False).result(60)


def queued(installation: Installation) -> list[tuple[str, dict[str, Any]]]:
    """Return name and arguments of the jobs that wait, oldest first."""
    with installation.place.owner() as connection:
        query = "SELECT task_name, args FROM jobs.procrastinate_jobs WHERE status = 'todo' ORDER BY id"
        return [(row[0], row[1]) for row in connection.execute(query)]


class Mailbox:
    """The mails that have left so far. `arrived()` runs the jobs first, as the worker would."""

    def __init__(self, installation: Installation) -> None:
        self._installation = installation
        self._folder = Path(urlsplit(installation.settings.mail_url or "").path)
        self.clear()

    def arrived(self, to: str | None = None) -> list[EmailMessage]:
        """Return the mails, oldest first; only those to one address if it is given."""
        run_jobs(self._installation)
        files = sorted(self._folder.glob("*.eml")) if self._folder.is_dir() else []
        mails = [cast(EmailMessage, BytesParser(policy=policy.default).parsebytes(f.read_bytes())) for f in files]
        return [mail for mail in mails if to is None or mail["To"] == to]

    def link(self, to: str, containing: str = "/") -> str:
        """Return the path of the link in the last mail to an address; `containing` chooses among several."""
        text = body(self.arrived(to)[-1])
        links = [url for url in re.findall(r"https?://\S+", text) if containing in url]
        parts = urlsplit(links[0])
        return parts.path + (f"?{parts.query}" if parts.query else "")

    def clear(self) -> None:
        """Throw all mails away."""
        shutil.rmtree(self._folder, ignore_errors=True)


def body(mail: EmailMessage) -> str:
    """Return a mail's plain text."""
    part = mail.get_body(("plain",))
    assert part is not None
    return str(part.get_content())
