"""One structured line and one set of metrics for each request; no personal data in either."""

from __future__ import annotations

import hmac
import logging
import os
import re
import sys
import time
from collections.abc import MutableMapping
from typing import Any

import structlog
from flask import Blueprint, Flask, Response, abort, g, request
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client import REGISTRY as PROCESS_REGISTRY
from prometheus_client.multiprocess import MultiProcessCollector
from sqlalchemy import event

from saas_crm.edge.current import settings
from saas_crm.edge.declared import public
from saas_crm.edge.viewing import reader_for_logs
from tenants.db import db
from tenants.kept import before_run
from tenants.settings import Settings

log = structlog.get_logger("request")
SECONDS = Histogram(
    "http_request_seconds", "Time to answer", ["method", "route", "status"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5),
)  # fmt: skip
STATEMENTS = Histogram("http_request_sql_statements", "SQL statements", ["route"], buckets=(1, 2, 4, 6, 8, 12, 20, 50))
ERRORS = Counter("http_errors_total", "Answers of 500 and above", ["route"])

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
"""What is told apart in logs and metrics: a caller may invent names, and each would be kept for ever."""
FORWARDED = ("Forwarded", "X-Forwarded-For", "X-Real-IP", "Via")
_VALUES = re.compile(r"\nDETAIL: .*?(?=\nHINT: |\nCONTEXT: |\n\[SQL|\n\(Background|\n\n|\Z)", re.DOTALL)

bp = Blueprint("metrics", __name__)


def configure_logs(settings: Settings) -> None:
    """Write JSON lines to standard error, at the level the settings name."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            _without_values,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, settings.log_level)),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )


def _without_values(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Take out of an error what PostgreSQL tells of a row: "Failing row contains (…)" is personal data."""
    if isinstance(event.get("exception"), str):
        event["exception"] = _VALUES.sub("", event["exception"])
    return event


def init_app(app: Flask) -> None:
    """Count statements, log and measure every request, and serve /metrics."""
    app.after_request(_observe)
    app.register_blueprint(bp)
    with app.app_context():
        for engine in db.engines.values():
            event.listen(engine, "before_cursor_execute", _count)
    if _count not in before_run:  # several applications may live in one process, as tests' do
        before_run.append(_count)


def _count(*_: Any) -> None:
    if g:
        g.statements = g.get("statements", 0) + 1


def _observe(response: Response) -> Response:
    route = request.url_rule.rule if request.url_rule else "unmatched"
    seconds = time.perf_counter() - g.get("started", time.perf_counter())
    statements = g.get("statements", 0)
    method = request.method if request.method in METHODS else "other"
    tenant = g.get("tenant")
    tell(
        method, route, response.status_code, seconds, statements, request_id=g.get("request_id"),
        tenant=tenant and str(tenant.id), **reader_for_logs(),
    )  # fmt: skip
    if settings().environment != "production":
        response.headers["Server-Timing"] = f'app;dur={seconds * 1000:.1f}, sql;desc="{statements}"'
    return response


def tell(
    method: str, route: str, status: int, seconds: float, statements: int, *, request_id: str | None,
    tenant: str | None = None, member: str | None = None, **further: str | None,
) -> None:  # fmt: skip
    """Log and measure one answer; `route` is a rule and never an address."""
    SECONDS.labels(method, route, str(status)).observe(seconds)
    STATEMENTS.labels(route).observe(statements)
    if status >= 500:
        ERRORS.labels(route).inc()
    log.info(
        "request", request_id=request_id, method=method, route=route, status=status, ms=round(seconds * 1000, 1),
        sql=statements, tenant=tenant, member=member, **further,
    )  # fmt: skip


@bp.get("/metrics")
@public()
def metrics() -> Response:
    """Answer Prometheus; with METRICS_TOKEN set only to its bearer, else only to this machine.

    A proxy on this machine would make everybody look local; what it forwards is known by its headers.
    """
    _check_reader()
    registry = PROCESS_REGISTRY
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        registry = CollectorRegistry()
        MultiProcessCollector(registry)
    return Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


def _check_reader() -> None:
    token = settings().metrics_token
    if token is None:
        forwarded = any(name in request.headers for name in FORWARDED)
        if forwarded or request.remote_addr not in ("127.0.0.1", "::1", None, ""):
            abort(404)
        return
    given = request.headers.get("Authorization", "")
    if not hmac.compare_digest(given.encode(), f"Bearer {token.get_secret_value()}".encode()):
        abort(404)
