"""An application that asks our own name server, Acme's domain, and browsers that are there."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from saas_crm.workspaces.domains import keeping
from saas_crm.workspaces.domains.keeping import By, Checked
from saas_crm.workspaces.domains.rules import LABEL
from tests.support.cast import PASSWORD, Cast
from tests.support.clients import Browser, session_cookie
from tests.support.name_server import NameServer, name_server

DOMAIN = "crm.acme.test"
BY = By(None, "command")


@pytest.fixture
def dns() -> Iterator[NameServer]:
    """A name server that knows no names."""
    with name_server() as served:
        yield served


@pytest.fixture
def served(app_with: Callable[..., Flask], dns: NameServer) -> Flask:
    """An application that asks that name server."""
    return app_with(dns_servers=dns.address)


def look(served: Flask, cast: Cast, slug: str = "acme") -> Checked:
    """Let a workspace's record be looked for, as job, page and command do."""
    with served.app_context():
        found = keeping.check(served.extensions["settings"], cast.tenants[slug], BY)
        served.extensions["directory"].forget()
    return found


def claim(served: Flask, cast: Cast, slug: str = "acme", domain: str = DOMAIN) -> str:
    """Claim a domain for a workspace; return what its TXT record has to say."""
    with served.app_context():
        return keeping.claim(served.extensions["settings"], cast.tenants[slug], domain, BY).token


@pytest.fixture
def own(served: Flask, cast: Cast, dns: NameServer) -> str:
    """Acme's own domain, shown to be its own."""
    dns.say(f"{LABEL}.{DOMAIN}", claim(served, cast))
    assert look(served, cast).held.state == "verified"
    return DOMAIN


class DomainBrowser(Browser):
    """A browser at a workspace's own domain."""

    host = DOMAIN

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        """Send one request there, unless it says where else."""
        kwargs.setdefault("base_url", f"http://{self.host}")
        return super().open(*args, **kwargs)

    def read_session(self) -> dict[str, Any]:
        """Return what the session cookie of the domain holds."""
        cookie = self.get_cookie(self.application.config["SESSION_COOKIE_NAME"], domain=self.host)
        return dict(self._serializer().loads(cookie.value)) if cookie else {}

    def write_session(self, content: dict[str, Any]) -> None:
        """Replace the session cookie of the domain."""
        name = self.application.config["SESSION_COOKIE_NAME"]
        self.set_cookie(name, session_cookie(self.application, content), domain=self.host)


@pytest.fixture
def at_domain(served: Flask, own: str, cast: Cast) -> Callable[..., DomainBrowser]:
    """Somebody's browser at Acme's domain, signed in there by the page: `at_domain("rep")`."""

    def make(who: str | None) -> DomainBrowser:
        browser = DomainBrowser(served, served.response_class)
        if who is not None:
            answer = browser.post("/signin", data={"email": cast[who].email, "password": PASSWORD})
            assert (answer.status_code, answer.location) == (303, "/")
        return browser

    return make


@pytest.fixture
def statements() -> Callable[[Browser, str], int]:
    """How many statements a page takes once what is remembered is remembered."""

    def count(browser: Browser, path: str) -> int:
        browser.get(path)
        answer = browser.get(path)
        assert answer.status_code == 200
        found = re.search(r'sql;desc="(\d+)"', answer.headers["Server-Timing"])
        assert found is not None
        return int(found[1])

    return count
