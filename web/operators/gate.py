"""Who may come to the console: from where, and by its own cookie alone."""

from __future__ import annotations

from flask import Response, g, make_response, redirect, request
from flask.typing import ResponseReturnValue

from saas_crm.core.errors import NotFound
from saas_crm.edge.current import NotSignedIn, settings
from saas_crm.edge.origin import request_origin
from saas_crm.operators.acts import Who
from saas_crm.operators.rules import comes_from
from saas_crm.operators.signing_in import SignedInOperator, session_operator

SIGN_IN, CODE, HOME = "/operator/signin", "/operator/signin/code", "/operator"


def gate(kind: str) -> ResponseReturnValue | None:
    """Let a request in, or answer it; raises NotFound for addresses from which there is no console."""
    if not from_here():
        raise NotFound
    token = request.cookies.get(cookie(), "")
    g.operator = session_operator(token[:100]) if token else None
    if kind == "operator" and (g.operator is None or g.operator.pending):
        if g.tenant is not None:  # what is in a workspace is not there for strangers
            raise NotFound
        return led(SIGN_IN if g.operator is None else CODE)
    return None


def from_here() -> bool:
    """Whether this request comes from where there is a console; looking into workspaces is a part of it."""
    return comes_from(request.remote_addr or "", settings().operator_places)


def cookie() -> str:
    """Return the name of the console's own cookie."""
    return "__Host-operator" if settings().secure else "operator"


def operator_or_none() -> SignedInOperator | None:
    """Return who is signed in here, also while the code is owed."""
    found: SignedInOperator | None = g.get("operator")
    return found


def current_operator() -> SignedInOperator:
    """Return who is signed in to the console; raises NotSignedIn."""
    found = operator_or_none()
    if found is None or found.pending:
        raise NotSignedIn
    return found


def who() -> Who:
    """Return the operator who asks, as what is written down names them."""
    return current_operator().who(request_origin())


def with_cookie(response: Response, token: str) -> Response:
    """Let the browser keep a session's token until it is closed; no other site's link brings it along."""
    response.set_cookie(
        cookie(), token, path="/", secure=settings().secure, httponly=True, samesite="Strict"
    )  # fmt: skip
    return response


def without_cookie(response: Response) -> Response:
    """Let the browser forget it."""
    response.delete_cookie(cookie(), path="/", secure=settings().secure, httponly=True, samesite="Strict")
    return response


def led(address: str) -> Response:
    """Send to an address; an htmx request is told to take the whole page there."""
    if request.headers.get("HX-Request"):
        response = make_response("", 401)
        response.headers["HX-Redirect"] = address
        return response
    return make_response(redirect(address, 302 if request.method in ("GET", "HEAD") else 303))
