"""Looking whether a domain is a workspace's own while somebody waits: bounded, since each look holds a thread."""

from __future__ import annotations

from flask import Flask, current_app, g, request

from saas_crm.access.throttle import TooManyAttempts
from saas_crm.core.errors import NotFound
from saas_crm.edge.current import directory, settings
from saas_crm.edge.limiting import Limit
from saas_crm.workspaces.domains import keeping
from saas_crm.workspaces.domains.keeping import By, Checked
from tenants.db import db
from tenants.settings import Settings

PER_MINUTE = 6
"""Looks that a workspace may have."""


def init_app(app: Flask, settings: Settings) -> None:
    """Keep the counters of this process."""
    app.extensions["check_limit"] = Limit(PER_MINUTE, settings.web_workers)


def look(by: By) -> Checked:
    """Ask DNS about the present workspace's domain; no connection waits for the answer, but where a key asks for it.

    Raises NotFound where it has none, and TooManyAttempts.
    """
    held = keeping.domain_of(g.tenant.id)
    if held is None:
        raise NotFound
    limit: Limit = current_app.extensions["check_limit"]
    key = str(g.tenant.id)
    if not limit.hit(key):
        raise TooManyAttempts(max(limit.left(key)[1], 1))
    if "Idempotency-Key" not in request.headers:  # by which the same sent twice waits for this one
        db.session.rollback()
    found = keeping.check(settings(), g.tenant, by, held)
    directory().forget()
    return found
