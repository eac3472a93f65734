"""Cookies that are no session: the language of a reader who is not signed in."""

from __future__ import annotations

from datetime import timedelta

from flask import Response

from saas_crm.edge.current import settings
from saas_crm.edge.language import FORMER_COOKIE, cookie

YEAR = timedelta(days=365)


def remember_language(response: Response, locale: str) -> Response:
    """Keep a reader's language in their browser for a year, for the pages before the sign-in."""
    secure = settings().secure
    response.set_cookie(cookie(), locale, max_age=YEAR, path="/", secure=secure, httponly=True, samesite="Lax")
    if cookie() != FORMER_COOKIE:
        response.delete_cookie(FORMER_COOKIE, path="/", secure=secure, httponly=True, samesite="Lax")
    return response
