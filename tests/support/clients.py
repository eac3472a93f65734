"""Browsers and phones of the cast: Flask's test client, signed in without the (slow) sign-in."""

from __future__ import annotations

import re
import time
from contextvars import Context
from typing import Any

from flask import Flask
from flask.sessions import SecureCookieSessionInterface
from flask.testing import FlaskClient
from itsdangerous import URLSafeTimedSerializer
from werkzeug.test import TestResponse

from tests.support.cast import Person

_SAFE = {"GET", "HEAD", "OPTIONS", "TRACE"}
_CSRF_SEED = "0123456789abcdef0123456789abcdef01234567"


class Client(FlaskClient):
    """A client whose every request starts from nothing, as in a server's thread.

    A test client inside a pushed application context shares `g` with it, and the signed-in user would
    survive into the next request; so each request runs in an empty context of its own.
    """

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        """Send one request."""
        return Context().run(super().open, *args, **kwargs)


class Browser(Client):
    """A person's browser: keeps cookies, and sends the CSRF token of its session with every change.

    `browser.post(path, data=…, csrf=False)` leaves the token out.
    """

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        """Send one request."""
        with_token = kwargs.pop("csrf", True)
        if with_token and kwargs.get("method", "GET") not in _SAFE:
            headers = dict(kwargs.get("headers") or {})
            headers.setdefault("X-CSRFToken", self.csrf_token())
            kwargs["headers"] = headers
        return super().open(*args, **kwargs)

    def sign_in(self, person: Person) -> None:
        """Give this browser the person's session, as the sign-in page would."""
        self.write_session(
            {"_user_id": person.session, "_fresh": True, "csrf_token": _CSRF_SEED, "proved": int(time.time())}
        )

    def csrf_token(self) -> str:
        """Return a token for the session this browser has, starting one if it has none."""
        content = self.read_session()
        if "csrf_token" not in content:
            content["csrf_token"] = _CSRF_SEED
            self.write_session(content)
        secret = self.application.config["SECRET_KEY"]
        signed = URLSafeTimedSerializer(secret, salt="wtf-csrf-token").dumps(content["csrf_token"])
        return str(signed)

    def read_session(self) -> dict[str, Any]:
        """Return what the session cookie holds."""
        cookie = self.get_cookie(self.application.config["SESSION_COOKIE_NAME"])
        return dict(self._serializer().loads(cookie.value)) if cookie else {}

    def write_session(self, content: dict[str, Any]) -> None:
        """Replace the session cookie."""
        self.set_cookie(self.application.config["SESSION_COOKIE_NAME"], session_cookie(self.application, content))

    def _serializer(self) -> Any:
        return SecureCookieSessionInterface().get_signing_serializer(self.application)


class Phone(Client):
    """A program with a person's API token; paths start below `/<slug>/api/v1`."""

    token: str = ""
    slug: str = ""

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        """Send one request."""
        path = args[0] if args else kwargs.pop("path")
        if isinstance(path, str) and not re.match(rf"/{self.slug}/|https?://", path):
            path = f"/{self.slug}/api/v1{path}"
        headers = dict(kwargs.pop("headers", None) or {})
        if self.token:
            headers.setdefault("Authorization", f"Bearer {self.token}")
        return super().open(path, *args[1:], headers=headers, **kwargs)


def browser_of(app: Flask, person: Person | None) -> Browser:
    """Return a browser: signed in, or nobody's."""
    browser = Browser(app, app.response_class)
    if person is not None:
        browser.sign_in(person)
    return browser


def phone_of(app: Flask, person: Person | None, slug: str = "") -> Phone:
    """Return a program that speaks to the API of the person's workspace, or of `slug`."""
    phone = Phone(app, app.response_class, use_cookies=False)
    phone.token = person.token if person else ""
    phone.slug = slug or (person.slug if person else "")
    return phone


def session_cookie(app: Flask, content: dict[str, Any]) -> str:
    """Return a signed session cookie's value."""
    serializer = SecureCookieSessionInterface().get_signing_serializer(app)
    assert serializer is not None
    return str(serializer.dumps(content))


def statements(response: TestResponse) -> int:
    """Return how many SQL statements an answer cost, as Server-Timing says."""
    found = re.search(r'sql;desc="(\d+)"', response.headers.get("Server-Timing", ""))
    assert found is not None, "the answer has no Server-Timing"
    return int(found[1])
