"""The token a program sends with its request."""

from __future__ import annotations

from flask import request

from saas_crm.edge.current import NotSignedIn


def bearer() -> str:
    """Return the token that was sent; raises NotSignedIn without one."""
    token = sent_token()
    if not token:
        raise NotSignedIn
    return token


def sent_token() -> str | None:
    """Return the token that was sent, None without one."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None
