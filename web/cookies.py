"""Cookies that are no session: the language of a reader who is not signed in."""

from __future__ import annotations

from datetime import timedelta

from flask import Response

from saas_crm.edge.current import settings
from saas_crm.edge.language import COOKIE

YEAR = timedelta(days=365)


def remember_language(response: Response, locale: str) -> Response:
    """Keep a reader's language in their browser for a year, for the pages before the sign-in."""
    response.set_cookie(COOKIE, locale, max_age=YEAR, path="/", secure=settings().secure, httponly=True, samesite="Lax")
    return response
