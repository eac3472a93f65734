"""The blueprint of the pages of billing; where the installation takes no money there are none."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, abort

from billing import checkout
from saas_crm.edge.current import settings
from saas_crm.edge.headers import POLICY, csp_nonce
from web.billing import words

bp = Blueprint("billing", __name__)


@bp.before_request
def _only_where_it_is_on() -> None:
    if not settings().bills:
        abort(404)


@bp.after_request
def _let_forms_lead_to_checkout(response: Response) -> Response:
    """Let the forms of these pages end at Stripe's: the policy also judges where an answer leads on to."""
    hosts = " ".join(checkout.hosts(settings()))
    policy = POLICY.format(nonce=csp_nonce())
    response.headers["Content-Security-Policy"] = policy.replace("form-action 'self'", f"form-action 'self' {hosts}")
    return response


@bp.context_processor
def _words() -> dict[str, Any]:
    return {"billing_words": words}
