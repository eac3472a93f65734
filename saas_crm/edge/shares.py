"""How many threads of a process one workspace may keep busy, so that one is left for everybody else.

Who has its share waits a moment, since most requests take a few thousandths of a second. Where none of its requests has
ended for longer than that they are large ones, and the next is turned away at once: a thread that waited for them would
keep the others waiting too.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from uuid import UUID

from flask import Flask, current_app, g

from saas_crm.edge.standing import WorkspaceUnavailable
from tenants.settings import Settings

PATIENCE = 0.25
"""Seconds without an end of any of the workspace's requests, after which no more of it is let in."""

BUSY_SECONDS = 2
"""After which who was turned away may try again."""


@dataclass(slots=True)
class _Held:
    """How many threads a workspace holds, and when that changed."""

    count: int = 0
    changed: float = field(default_factory=time.monotonic)


class Shares:
    """The threads of one process, by workspace."""

    def __init__(self, most: int, patience: float = PATIENCE) -> None:
        """Let each workspace hold `most` threads."""
        self._most, self._patience = most, patience
        self._held: dict[UUID, _Held] = {}
        self._waiting = 0
        self._changed = threading.Condition()

    def take(self, tenant_id: UUID) -> bool:
        """Take one more thread for a workspace; whether it may have it."""
        with self._changed:
            while (held := self._held.setdefault(tenant_id, _Held())).count >= self._most:
                left = held.changed + self._patience - time.monotonic()
                if left <= 0:
                    return False
                self._waiting += 1
                self._changed.wait(left)
                self._waiting -= 1
            held.count += 1
            held.changed = time.monotonic()
            return True

    def give_back(self, tenant_id: UUID) -> None:
        """A thread is free again."""
        with self._changed:
            held = self._held[tenant_id]
            held.count -= 1
            held.changed = time.monotonic()
            if not held.count:
                del self._held[tenant_id]
            if self._waiting:
                self._changed.notify_all()


def init_app(app: Flask, settings: Settings) -> None:
    """Count the requests of each workspace, from when it is known who asks; comes behind `lifecycle`."""
    app.extensions["shares"] = Shares(settings.workspace_threads)
    app.before_request(_take)
    app.teardown_request(_give_back)


def _take() -> None:
    """Raise WorkspaceUnavailable where the workspace has its share of this process and goes on having it."""
    if g.tenant is None:
        return
    shares: Shares = current_app.extensions["shares"]
    if not shares.take(g.tenant.id):
        raise WorkspaceUnavailable("busy")
    g.share = g.tenant.id


def _give_back(_error: BaseException | None) -> None:
    tenant_id = g.pop("share", None)
    if tenant_id is not None:
        current_app.extensions["shares"].give_back(tenant_id)
