"""Signing in as people do, by the form."""

from __future__ import annotations

from werkzeug.test import TestResponse

from tests.support.cast import PASSWORD
from tests.support.clients import Browser


def enter(browser: Browser, email: str = "rep@acme.example", password: str = PASSWORD, **more: str) -> TestResponse:
    """Send the sign-in form."""
    return browser.post("/signin", data={"email": email, "password": password, **more})
