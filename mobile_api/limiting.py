"""How many requests a token may send in a minute, told in headers (draft-ietf-httpapi-ratelimit-headers-10).

Each process counts by itself and allows its share, so that no request asks the database for its own number.
"""

from __future__ import annotations

from flask import Flask, Response, current_app, g, request

from mobile_api.plan_limits import too_fast
from mobile_api.problems import ApiProblem, problem
from saas_crm.access.throttle import network_of
from saas_crm.edge.current import settings
from saas_crm.edge.limiting import Limit
from tenants.settings import Settings

WHOLE = 10
"""So many times what one token may send, a workspace's tokens may send together: whoever may make tokens could else
make as many as they like. People are never asked for more, and an office's phones stay far below."""


def init_app(app: Flask, settings: Settings) -> None:
    """Give the application its limits."""
    app.extensions["api_limit"] = Limit(settings.api_requests_per_minute, settings.web_workers)
    app.extensions["api_limit_of_all"] = Limit(settings.api_requests_per_minute * WHOLE, settings.web_workers)


def count_request() -> None:
    """Count this request against its token and its workspace, or against the caller's network where there is no token.

    What nobody has signed for does not count against a workspace: strangers could use its share up. Raises ApiProblem
    (429).
    """
    limit: Limit = current_app.extensions["api_limit"]
    caller = g.token_id if "token_id" in g else network_of(request.remote_addr or "")
    key, most = f"{g.tenant.id}:{caller}", g.tenant.plan.most("api_per_minute")
    allowed = limit.hit(key, most)
    left, seconds = limit.left(key, most)
    g.api_limit = {"RateLimit-Policy": limit.policy(most), "RateLimit": f'"token";r={left};t={seconds}'}
    if allowed and "token_id" in g:
        of_all: Limit = current_app.extensions["api_limit_of_all"]
        together = most * WHOLE if most else None
        allowed, seconds = of_all.hit(str(g.tenant.id), together), of_all.left(str(g.tenant.id), together)[1]
    if not allowed:
        by_plan = most is not None and most < settings().api_requests_per_minute and "token_id" in g
        told = too_fast(most) if most is not None and by_plan else problem("too-many-requests")
        raise ApiProblem(told, {"Retry-After": str(max(seconds, 1))})


def tell_limit(response: Response) -> Response:
    """Say in the answer how much is left."""
    for name, value in g.get("api_limit", {}).items():
        response.headers[name] = value
    return response
