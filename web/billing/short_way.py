"""A short way for webhooks that are good: hundreds may come in a second, and what a page needs is of no use to them.

Only what is signed, and kept, is answered here: at a desk as any request, with a log line and its metrics. All else
goes the usual way as if it had come just now, and is answered there: what is refused, too large or of no length, what
comes to a workspace's own domain, and whatever the database does not take.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from io import BytesIO
from typing import TYPE_CHECKING

from flask import Flask
from sqlalchemy.exc import SQLAlchemyError

from billing import events
from billing.errors import WebhookRefused
from saas_crm.core.clock import now
from saas_crm.edge.desks import Desks
from saas_crm.edge.headers import FIXED
from saas_crm.edge.observe import tell
from tenants.db import new_id
from tenants.middleware import DOMAIN_KEY, FAILED_KEY
from tenants.settings import Settings

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

PATH = "/billing/stripe/webhook"
LARGEST = 256_000
"""Bytes; Stripe's events are some kilobytes."""
_HEADERS = [*FIXED.items(), ("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"),
            ("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", "0")]  # fmt: skip


class ShortWay:
    """Stands before the application."""

    def __init__(self, app: Flask) -> None:
        """Wrap what an application answers with so far."""
        self.app = app
        self.inside: WSGIApplication = app.wsgi_app

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        if environ.get("PATH_INFO") == PATH and (raw := self._body(environ)) is not None:
            environ["wsgi.input"] = BytesIO(raw)  # it is read again where this is not the end of it
            began = time.perf_counter()
            if self._kept(raw, environ.get("HTTP_STRIPE_SIGNATURE", "")):
                request_id = new_id().hex
                tell("POST", PATH, 200, time.perf_counter() - began, 1, request_id=request_id)
                start_response("200 OK", [*_HEADERS, ("X-Request-ID", request_id)])
                return [b""]
        return self.inside(environ, start_response)

    def _body(self, environ: WSGIEnvironment) -> bytes | None:
        """Return what was sent, whole; None, and nothing is read, where the usual way has to be gone."""
        length = environ.get("CONTENT_LENGTH") or ""
        if environ["REQUEST_METHOD"] != "POST" or not (length.isascii() and length.isdigit()):
            return None
        if environ.get(DOMAIN_KEY) is not None or FAILED_KEY in environ or environ.get("SCRIPT_NAME"):
            return None
        if not 0 < int(length) <= LARGEST or not self._settings().bills:
            return None
        return bytes(environ["wsgi.input"].read(int(length)))

    def _kept(self, raw: bytes, signature: str) -> bool:
        desks: Desks = self.app.extensions["desks"]
        visit = desks.come_in()
        if visit is None:  # the door is full, which the usual way tells
            return False
        try:
            with self.app.app_context():
                events.receive(raw, signature, settings=self._settings(), now=now())
        except (WebhookRefused, SQLAlchemyError):
            return False
        finally:
            desks.leave(visit)
        return True

    def _settings(self) -> Settings:
        found: Settings = self.app.extensions["settings"]
        return found


def init_app(app: Flask) -> None:
    """Stand before the application."""
    app.wsgi_app = ShortWay(app)  # type: ignore[method-assign]
