"""The slug is the first path segment: it moves from PATH_INFO to SCRIPT_NAME."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from tenants.slugs import is_slug

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

SLUG_KEY = "crm.slug"


class SlugMiddleware:
    """Split `/<slug>/rest` so that the application sees `/rest` and `url_for` needs no tenant argument."""

    def __init__(self, app: WSGIApplication, given: frozenset[str] = frozenset()) -> None:
        """Wrap an application; `given` are reserved segments that are workspaces' all the same, where one has them."""
        self.app = app
        self.given = given

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request; a first segment that is reserved or no slug stays where it is."""
        environ.pop(SLUG_KEY, None)
        first, slash, rest = environ.get("PATH_INFO", "").lstrip("/").partition("/")
        if is_slug(first) or first in self.given:
            environ[SLUG_KEY] = first
            environ["SCRIPT_NAME"] = f"{environ.get('SCRIPT_NAME', '')}/{first}"
            environ["PATH_INFO"] = slash + rest
        return self.app(environ, start_response)
