"""Whether a proxy may fetch a certificate for a name: it asks before it does, so that nobody fills it with names.

Caddy calls it `on_demand_tls { ask … }`: 200 is yes, all else no.
"""

from __future__ import annotations

from ipaddress import ip_address, ip_network

from flask import Blueprint, Flask, Response, abort, current_app, request

from saas_crm.edge.current import directory
from saas_crm.edge.declared import public
from saas_crm.edge.limiting import Limit
from saas_crm.edge.observe import FORWARDED
from tenants.middleware import domain_in
from tenants.settings import Settings

bp = Blueprint("asked", __name__)
INSIDE = tuple(map(ip_network, ("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "::1/128", "fc00::/7")))
"""This machine, and networks that no one reaches from outside (RFC 1918, RFC 4193)."""
PER_MINUTE = 600
"""Names asked for, by all proxies together: each new one is a look-up in the database."""


def init_app(app: Flask) -> None:
    """Attach the question to the application."""
    settings: Settings = app.extensions["settings"]
    app.extensions["asked_limit"] = Limit(PER_MINUTE, settings.web_workers)
    app.register_blueprint(bp)


@bp.get("/internal/domains/ask")
@public()
def may_serve() -> Response:
    """Answer 200 for a domain that was shown to be a workspace's own, else 404; to our own network alone."""
    if not _from_inside():
        abort(404)
    limit: Limit = current_app.extensions["asked_limit"]
    if not limit.hit("all"):
        return Response(status=429, headers={"Retry-After": str(max(limit.left("all")[1], 1))})
    name = domain_in(request.args.get("domain", ""))
    if not name or directory().by_domain(name) is None:
        abort(404)
    return Response("", mimetype="text/plain")


def _from_inside() -> bool:
    """Whether a proxy itself asks, and nobody through it: from this machine or network, with no word of forwarding."""
    if any(name in request.headers for name in FORWARDED):
        return False
    try:
        where = ip_address(request.remote_addr or "")
    except ValueError:
        return False
    return any(where in network for network in INSIDE)
