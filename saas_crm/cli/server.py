"""gunicorn, told in code how to run: threads for waiting, processes for the cores, one socket a process."""

from __future__ import annotations

import gc
import os
import shutil
import sys
import tempfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gunicorn.app.base import BaseApplication  # type: ignore[import-untyped]

from saas_crm.cli.memory import give_back
from saas_crm.cli.ports import free_port, written
from saas_crm.edge.desks import WAITING
from tenants.settings import Settings

METRICS_DIR = "PROMETHEUS_MULTIPROC_DIR"
_SHARED_MEMORY = Path("/dev/shm")  # noqa: S108 - gunicorn makes a file of its own there
GRACE_SECONDS = 30
KEEP_ALIVE_SECONDS = 65
"""Longer than a proxy keeps its connections (nginx: 60 s), so that it never sends into a closed one."""
REQUESTS_PER_WORKER = 100_000
LONGEST_REQUEST_LINE = 8_190
"""Bytes of method, address and query; more is answered 414 before the application sees it. gunicorn's ceiling."""


class GunicornServer(BaseApplication):  # type: ignore[misc]
    """A WSGI application under gunicorn, with its settings given by the program."""

    def __init__(self, load: Callable[[], Any], options: dict[str, Any]) -> None:
        self._load_application = load
        self._options = options
        super().__init__(prog="saas-crm")

    def load_config(self) -> None:
        """Take the options; no file and no command line of gunicorn's own is read."""
        for name, value in self._options.items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        """Build the application, once, before the workers are forked."""
        return self._load_application()


def run(settings: Settings) -> None:
    """Serve until told to stop (SIGTERM: what is being answered is finished first); ends the process."""
    give_back()
    metrics = _metrics_dir()
    try:
        GunicornServer(lambda: build(settings), {**options(settings), **_hooks()}).run()
    finally:
        metrics.clean()


def options(settings: Settings) -> dict[str, Any]:
    """Return gunicorn's settings; the benchmark's ceilings run with the same."""
    port = settings.port or free_port(settings.host)
    return {
        "bind": written(settings.host, port),
        "worker_class": "gthread",
        "workers": settings.web_workers,
        "threads": settings.web_threads + WAITING,
        "preload_app": True,
        # One socket for each worker: else whichever wakes first takes all of a few keep-alive connections.
        # Only Linux spreads them; elsewhere the last to bind would get all.
        "reuse_port": sys.platform == "linux",
        "keepalive": KEEP_ALIVE_SECONDS,
        "timeout": 60,
        "graceful_timeout": GRACE_SECONDS,
        "max_requests": REQUESTS_PER_WORKER,
        "max_requests_jitter": REQUESTS_PER_WORKER // 10,
        "limit_request_line": LONGEST_REQUEST_LINE,
        # What a proxy forwards is read by the application, by the number of proxies it is told of, and by
        # nobody else: a visitor's own X-Forwarded-Proto or Script-Name changes nothing.
        "secure_scheme_headers": {},
        "forwarder_headers": "",
        "forwarded_allow_ips": "",
        "control_socket_disable": True,
        "worker_tmp_dir": str(_SHARED_MEMORY) if os.access(_SHARED_MEMORY, os.W_OK) else None,
        "loglevel": settings.log_level.lower(),
        "proc_name": "saas-crm",
    }


def build(settings: Settings) -> Any:
    """Build the application in the parent process, and lay it where the workers can share its memory."""
    from saas_crm.app import create_app

    app = create_app(settings)
    # Objects of before the fork are never garbage; not looking at them keeps their pages shared.
    gc.collect()
    gc.freeze()
    return app


def _hooks() -> dict[str, Any]:
    return {"post_fork": _post_fork, "child_exit": _child_exit}


def _post_fork(arbiter: Any, _worker: Any) -> None:
    """Leave the parent's database connections, if it has any, to the parent."""
    from tenants.db import db

    with arbiter.app.wsgi().app_context():
        for engine in db.engines.values():
            engine.dispose(close=False)


def _child_exit(_arbiter: Any, worker: Any) -> None:
    """Tell the metrics that a process has gone."""
    from prometheus_client.multiprocess import mark_process_dead

    mark_process_dead(worker.pid)


@dataclass(frozen=True, slots=True)
class _Metrics:
    folder: Path
    ours: bool
    made_by: int = field(default_factory=os.getpid)

    def clean(self) -> None:
        """Take away what the processes left; a forked worker that ends leaves it alone."""
        if self.ours and os.getpid() == self.made_by:
            shutil.rmtree(self.folder, ignore_errors=True)


def _metrics_dir() -> _Metrics:
    """Name the folder where the processes add up their metrics; must be set before they are defined.

    A folder that the operator names is emptied of an earlier run's numbers; else one is made for this run.
    """
    named = os.environ.get(METRICS_DIR)
    folder = Path(named) if named else Path(tempfile.mkdtemp(prefix="saas-crm-metrics-"))
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.db"):
        with suppress(FileNotFoundError):
            old.unlink()
    os.environ[METRICS_DIR] = str(folder)
    return _Metrics(folder, ours=named is None)
