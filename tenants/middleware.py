"""Which workspace an address means: by the host, or by the first path segment, which becomes SCRIPT_NAME."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from sqlalchemy.exc import SQLAlchemyError

from tenants.context import ActiveTenant
from tenants.slugs import is_slug

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

SLUG_KEY = "crm.slug"
DOMAIN_KEY = "crm.domain"
"""The tenant whose own domain the request came to."""
FAILED_KEY = "crm.domain.failed"
"""Why nobody knows whose domain it is: the database could not be asked."""
HEALTH = frozenset({"/healthz", "/readyz", "/metrics"})
"""What is asked for by machines, at whatever name they know, and answers without the database."""
_NAME = re.compile(r"(?=.{4,253}\Z)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])")
_PORT = re.compile(r":\d{1,5}\Z")


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


class DomainMiddleware:
    """At a workspace's own domain all paths are the workspace's: no segment is taken for a slug.

    Hosts that are nobody's, and bare addresses, are the installation's, as they are without this.
    """

    def __init__(
        self, application: WSGIApplication, by_slug: WSGIApplication, own_host: str,
        find: Callable[[str], ActiveTenant | None],
    ) -> None:  # fmt: skip
        """Wrap an application, and what finds workspaces by their slug; `find` is not asked for `own_host`."""
        self.application = application
        self.by_slug = by_slug
        self.own_host = own_host
        self.find = find

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        environ.pop(DOMAIN_KEY, None)
        environ.pop(FAILED_KEY, None)
        name = domain_in(environ.get("HTTP_HOST", ""))
        if name and name != self.own_host and environ.get("PATH_INFO") not in HEALTH:
            try:
                environ[DOMAIN_KEY] = tenant = self.find(name)
            except SQLAlchemyError as failed:
                environ[FAILED_KEY] = failed
                return self.application(environ, start_response)
            if tenant is not None:
                environ.pop(SLUG_KEY, None)
                return self.application(environ, start_response)
        return self.by_slug(environ, start_response)


def domain_in(host: str) -> str:
    """Return the domain in a Host header as it is stored, without port and final dot; "" where it can be none."""
    name = _PORT.sub("", host.lower()).removesuffix(".")
    return name if _NAME.fullmatch(name) else ""
