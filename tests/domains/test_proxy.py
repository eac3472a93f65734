"""The proxy that is shipped, before the product: what it passes on, and for whom it has a certificate."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.caddy import SITE, Proxy, caddy
from tests.support.installation import Installation
from tests.support.server import live_server


@pytest.fixture
def proxy(own: str, installation: Installation, tmp_path: Path) -> Iterator[Proxy]:
    """Caddy before the product, in which Acme has a domain of its own."""
    settings = installation.settings.model_copy(update={"base_url": f"https://{SITE}", "trusted_proxies": 1})
    with live_server(settings, tmp_path) as server, caddy(server.url.removeprefix("http://"), tmp_path) as started:
        yield started


def test_caddy_serves_what_it_should_and_nothing_else(proxy: Proxy, own: str) -> None:
    assert proxy.ask(SITE, "/signin").status == 200
    assert proxy.ask(own, "/signin").status == 200, "a workspace's own domain, with a certificate fetched on demand"
    for host in ("evil.example", f"x.{own}"):
        with pytest.raises(ssl.SSLError):
            proxy.ask(host, "/signin")
    for host in (SITE, own):
        assert proxy.ask(host, "/metrics").status == 404
        assert proxy.ask(host, f"/internal/domains/ask?domain={own}").status == 404
    for host, path in ((SITE, "/acme/deals?x=1"), (own, "/deals?x=1")):
        led = proxy.ask(host, path, secure=False)
        assert (led.status, led.headers["Location"]) == (308, f"https://{host}{path}")
    for host, path in ((SITE, "/acme/api/v1/companies"), (own, "/api/v1/companies")):
        told = proxy.ask(host, path, secure=False)
        assert (told.status, told.headers["Location"]) == (403, None), "led on, it would send its token in the clear"
