"""Where Stripe tells what has happened: no session, no form token, and no limit but the size of an event."""

from __future__ import annotations

import structlog
from flask import Blueprint, abort, request
from flask.typing import ResponseReturnValue

from billing import events
from billing.errors import TooLarge, WebhookRefused
from saas_crm.core.clock import now
from saas_crm.edge.current import settings
from saas_crm.edge.declared import public
from web.billing.short_way import LARGEST, PATH

log = structlog.get_logger(__name__)
bp = Blueprint("billing_webhook", __name__)


@bp.post(PATH)
@public("outside")
def receive() -> ResponseReturnValue:
    """Keep a signed event and answer; a job works on it. Most have been answered on the short way before this."""
    if not settings().bills:
        abort(404)
    if (request.content_length or 0) > LARGEST:
        return _refused(TooLarge(f"{request.content_length} bytes"))
    raw = request.get_data(cache=False)
    try:
        events.receive(raw, request.headers.get("Stripe-Signature", ""), settings=settings(), now=now())
    except WebhookRefused as refused:
        return _refused(refused)
    return "", 200


def _refused(why: WebhookRefused) -> ResponseReturnValue:
    """Answer, and tell the operator: a secret that was changed at Stripe alone looks like this; so does a forger."""
    log.warning("webhook refused", why=type(why).__name__)
    return "", 413 if isinstance(why, TooLarge) else 400
