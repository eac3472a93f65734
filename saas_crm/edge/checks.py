"""How often a workspace may have DNS asked: each look holds a thread for up to some seconds."""

from __future__ import annotations

from flask import Flask, current_app

from saas_crm.access.throttle import TooManyAttempts
from saas_crm.edge.limiting import Limit
from tenants.context import ActiveTenant
from tenants.settings import Settings

PER_MINUTE = 6


def init_app(app: Flask, settings: Settings) -> None:
    """Keep the counters of this process."""
    app.extensions["check_limit"] = Limit(PER_MINUTE, settings.web_workers)


def count_check(tenant: ActiveTenant) -> None:
    """Count one look for a workspace; raises TooManyAttempts."""
    limit: Limit = current_app.extensions["check_limit"]
    if not limit.hit(str(tenant.id)):
        raise TooManyAttempts(max(limit.left(str(tenant.id))[1], 1))
