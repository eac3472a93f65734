"""Is it alive, is it ready: for load balancers and for `saas-crm doctor`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from flask import Blueprint, Response, jsonify
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from saas_crm.core.clock import now
from saas_crm.edge.declared import public
from tenants.directory import shared_reader
from tenants.migrations.lines import head
from tenants.versions import serves

bp = Blueprint("health", __name__)
STALE = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that must be well."""

    name: str
    ok: bool
    detail: str = ""


def checks() -> list[Check]:
    """Ask the database, the migrations and the worker."""
    try:
        with shared_reader() as connection:
            revision = connection.scalar(text("SELECT revision FROM public.shared_version"))
            seen = connection.scalar(text("SELECT public.worker_seen_at()"))
    except SQLAlchemyError as failed:
        return [Check("database", False, type(failed).__name__)]
    beats = seen is not None and now() - seen < STALE
    return [
        Check("database", True),
        Check("migrations", serves("shared", revision or ""), f"at {revision}, newest is {head('shared')}"),
        Check("worker", beats, f"last seen {seen.isoformat()}" if seen else "never seen"),
    ]


@bp.get("/healthz")
@public()
def healthz() -> Response:
    """Answer that this process answers."""
    return jsonify(status="ok")


@bp.get("/readyz")
@public()
def readyz() -> tuple[Response, int]:
    """Answer 200 when work can be done: database, migrations and worker; else 503 and what is wrong.

    Shared tables one revision behind, or newer than this release, are no fault: so it is while one is rolled out.
    """
    found = checks()
    body = {check.name: {"ok": check.ok, "detail": check.detail} for check in found}
    ready = all(check.ok for check in found)
    return jsonify(status="ready" if ready else "not ready", checks=body), 200 if ready else 503
