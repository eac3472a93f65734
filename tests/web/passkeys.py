"""A browser's part of passkeys: asking for options, registering one, signing in by one."""

from __future__ import annotations

from typing import Any

from flask import Flask
from sqlalchemy import select
from werkzeug.test import TestResponse

from saas_crm.access.factors.models import Passkey
from tenants.db import SHARED, db
from tests.support.cast import Cast
from tests.support.clients import Browser
from tests.support.security_key import SecurityKey
from tests.web.pages import summary

PAGE, SIGN_IN, CODE = "/profile/passkeys", "/signin/passkey", "/signin/code/passkey"
REFUSED = "This passkey does not open anything here."


def options(browser: Browser, path: str) -> dict[str, Any]:
    """Ask for a challenge, which no cache may keep."""
    answer = browser.post(path)
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    found: dict[str, Any] = answer.json
    return found


def register(browser: Browser, key: SecurityKey | None = None, name: str = "My phone", **lies: Any) -> SecurityKey:
    """Add a passkey to who is signed in."""
    key = key or SecurityKey()
    answer = browser.post(
        PAGE, data={"name": name, "credential": key.make(options(browser, f"{PAGE}/options"), **lies)}
    )
    assert answer.status_code in (200, 303), summary(answer)
    return key


def sign_in(browser: Browser, key: SecurityKey, **lies: Any) -> TestResponse:
    """Sign in by a passkey alone."""
    return browser.post(SIGN_IN, data={"credential": key.sign(options(browser, f"{SIGN_IN}/options"), **lies)})


def rows(app: Flask, cast: Cast, who: str = "rep") -> list[Any]:
    """Return what is kept of somebody's passkeys."""
    with app.app_context(), db.engines[SHARED].connect() as connection:
        query = select(Passkey).where(Passkey.user_id == cast[who].user_id)
        return list(connection.execute(query).all())
