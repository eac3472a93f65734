"""Security headers on every answer; the policy allows no inline script or style and no other host."""

from __future__ import annotations

import secrets

from flask import Flask, Response, g, request

from saas_crm.edge.current import settings
from tenants.middleware import DOMAIN_KEY

POLICY = (
    "default-src 'none'; script-src 'nonce-{nonce}' 'strict-dynamic'; style-src 'self'; img-src 'self' data: blob:; "
    "font-src 'self'; connect-src 'self'; manifest-src 'self'; worker-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
FIXED = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=()",
}
HSTS = "max-age=31536000; includeSubDomains"
HSTS_ON_DOMAINS = "max-age=31536000"
"""At a workspace's own domain we speak for that name alone: what is below it is somebody else's."""


def csp_nonce() -> str:
    """Return this answer's nonce."""
    if "csp_nonce" not in g:
        g.csp_nonce = secrets.token_urlsafe(16)
    nonce: str = g.csp_nonce
    return nonce


def init_app(app: Flask) -> None:
    """Send the headers with every answer."""
    app.after_request(_add)
    app.jinja_env.globals["csp_nonce"] = csp_nonce


def _add(response: Response) -> Response:
    for name, value in FIXED.items():
        response.headers.setdefault(name, value)
    response.headers.setdefault("Content-Security-Policy", POLICY.format(nonce=csp_nonce()))
    if settings().secure:
        own = request.environ.get(DOMAIN_KEY) is None
        response.headers["Strict-Transport-Security"] = HSTS if own else HSTS_ON_DOMAINS
    if "request_id" in g:
        response.headers["X-Request-ID"] = g.request_id
    if "Cache-Control" not in response.headers and request.method in ("GET", "HEAD"):
        response.headers["Cache-Control"] = "no-store" if _is_somebodys() else "private, no-cache"
    return response


def _is_somebodys() -> bool:
    """Whether an answer is a workspace's, of who is signed in, or behind a link that was mailed to one person."""
    return bool(g.get("tenant")) or "Cookie" in request.headers or "token" in (request.view_args or {})
