"""A signed-in browser and a program with a token, as far as the benchmark needs them."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPResponse
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import urlencode

from infra.bench.servers import HOST

_TOKEN = re.compile(r'X-CSRFToken": "([^"]+)"')


@dataclass
class Browser:
    """Keeps its cookies and the CSRF token of the last page; `network` is the address it seems to come from."""

    port: int
    network: str = "10.0.0.1"
    cookies: dict[str, str] = field(default_factory=dict)
    token: str = ""

    def get(self, path: str) -> tuple[int, str]:
        """Load a page and follow where it leads; returns status and text."""
        return self._send("GET", path, None)

    def post(self, path: str, **form: str) -> tuple[int, str]:
        """Send a form and follow where it leads; returns status and text of the last page."""
        return self._send("POST", path, urlencode({"csrf_token": self.token, **form}))

    def _send(self, method: str, path: str, body: str | None) -> tuple[int, str]:
        connection = HTTPConnection(HOST, self.port, timeout=60)
        for _ in range(5):
            connection.request(method, path, body, self._headers(body))
            response = connection.getresponse()
            text = response.read().decode()
            self._remember(response, text)
            location = response.headers.get("Location")
            if response.status not in (302, 303) or not location:
                break
            method, path, body = "GET", re.sub(r"^https?://[^/]+", "", location), None
        connection.close()
        return response.status, text

    def _headers(self, body: str | None) -> dict[str, str]:
        headers = {"X-Forwarded-For": self.network, "Accept": "text/html"}
        if self.cookies:
            headers["Cookie"] = self.cookie
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        return headers

    def _remember(self, response: HTTPResponse, text: str) -> None:
        for line in response.headers.get_all("Set-Cookie") or []:
            for name, morsel in SimpleCookie(line).items():
                self.cookies[name] = morsel.value
        if found := _TOKEN.search(text):
            self.token = found[1]

    @property
    def cookie(self) -> str:
        """The Cookie header."""
        return "; ".join(f"{name}={value}" for name, value in self.cookies.items())


def signed_in(port: int, email: str, password: str) -> Browser:
    """Return a browser that has signed in; raises SystemExit when that fails."""
    browser = Browser(port)
    browser.get("/signin")
    status, text = browser.post("/signin", email=email, password=password)
    if status != 200 or 'name="password"' in text:
        raise SystemExit(f"{email} cannot sign in: {status}")
    return browser


def api_token(port: int, slug: str, email: str, password: str) -> str:
    """Return a token for the API; raises SystemExit when that fails."""
    connection = HTTPConnection(HOST, port, timeout=60)
    body = json.dumps({"email": email, "password": password, "name": "bench"})
    connection.request("POST", f"/{slug}/api/v1/tokens", body, {"Content-Type": "application/json"})
    response = connection.getresponse()
    answer: dict[str, Any] = json.loads(response.read())
    connection.close()
    if response.status != 201:
        raise SystemExit(f"{email} gets no token: {response.status} {answer}")
    return str(answer["token"])
