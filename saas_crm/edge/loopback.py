"""The demo has one name: whoever opens it at 127.0.0.1 is led on to `localhost`, which is the same machine.

Passkeys are made for names and never for bare addresses, and a session belongs to the name it was begun at: of two
names one would be signed out by each link in a mail and by each way back from paying. Programs are answered at both.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from werkzeug.utils import redirect
from werkzeug.wsgi import get_current_url

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

NAME = "localhost"


class OneName:
    """Lead pages that are opened at a bare address of this machine to the same at its name."""

    def __init__(self, app: WSGIApplication, base_url: str) -> None:
        """Wrap an application that is served at `base_url`, an address of NAME's."""
        self.app, self.base_url = app, base_url.rstrip("/")
        port = f":{found}" if (found := urlsplit(base_url).port) else ""
        self.bare = {f"127.0.0.1{port}", f"[::1]{port}"}

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request; only browsers say that they open a page (Sec-Fetch-Mode)."""
        opens = environ.get("HTTP_SEC_FETCH_MODE") == "navigate" and environ["REQUEST_METHOD"] in ("GET", "HEAD")
        if opens and environ.get("HTTP_HOST") in self.bare:
            path = urlsplit(get_current_url(environ))._replace(scheme="", netloc="").geturl()
            return redirect(f"{self.base_url}/{path.lstrip('/')}")(environ, start_response)
        return self.app(environ, start_response)


def is_of_demo(environment: str, base_url: str) -> bool:
    """Whether this is a demo that is known by the name of this machine."""
    return environment == "demo" and urlsplit(base_url).hostname == NAME
