"""What may be an attack, as log lines of their own: one name for each, and ids, never words or addresses.

A request that was refused is in the log anyhow, by its route and its status. These lines are what an operator counts
and is woken by; the id of the request leads to the rest.
"""

from __future__ import annotations

import structlog
from flask import Flask, Response, g, request
from flask_wtf.csrf import CSRFError

from saas_crm.access.sign_in import SignInRefused
from saas_crm.access.throttle import TooManyAttempts
from saas_crm.core.errors import Forbidden
from saas_crm.edge.current import NotSignedIn
from saas_crm.edge.entry import NetworkRefused
from saas_crm.edge.plain_http import PlainHttp
from saas_crm.edge.viewing import reader_for_logs

log = structlog.get_logger("security")
TOKEN, THROTTLED = "security: token refused", "security: throttled"
SIGN_IN, SSO = "security: sign-in refused", "security: single sign-on refused"
EVENTS: tuple[tuple[type[Exception], str], ...] = (
    (Forbidden, "security: rights refused"),
    (CSRFError, "security: form token refused"),
    (NetworkRefused, "security: network refused"),
    (PlainHttp, "security: plain http refused"),
    (SignInRefused, SIGN_IN),
    (TooManyAttempts, THROTTLED),
)


def init_app(app: Flask) -> None:
    """Write the line when the answer is known: who asked has been found by then, or was nobody."""
    app.after_request(_tell)


def note(event: str, **ids: str) -> None:
    """Have this request told as an event; what is told first stays."""
    g.setdefault("security_event", (event, ids))


def notice(error: Exception) -> None:
    """Have this request told as an event if its error is one."""
    if isinstance(error, NotSignedIn) and "Authorization" in request.headers:
        note(TOKEN)  # nobody sends a token by mistake
    for kind, event in EVENTS:
        if isinstance(error, kind):
            note(event, **({"permission": error.permission} if isinstance(error, Forbidden) else {}))


def _tell(response: Response) -> Response:
    if response.status_code == 429:
        note(THROTTLED)
    event, ids = g.get("security_event", ("", {}))
    if event:
        tenant = g.get("tenant")
        log.warning(
            event, request_id=g.get("request_id"), route=request.url_rule.rule if request.url_rule else "unmatched",
            status=response.status_code, tenant=tenant and str(tenant.id), **{**reader_for_logs(), **ids},
        )  # fmt: skip
    return response
