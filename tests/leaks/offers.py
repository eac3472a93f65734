"""What the live application offers: its endpoints, the forms that lead to them, and the names their addresses take."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlsplit

from flask import Flask
from werkzeug.exceptions import HTTPException

from tests.guard.endpoints import Endpoint, endpoints
from tests.leaks.forms import Field, Forms
from tests.leaks.world import Estate
from tests.support.clients import browser_of

OUTSIDE = {
    "/language/<code>": "chooses a language for whoever asks",
    "/signout": "ends the asker's own session; tests/web/test_sign_in.py",
}
"""Endpoints below no workspace that name nobody's data, and where they are tested."""


@dataclass
class Offers:
    """Everything that was found by going through the pages as the owner."""

    forms: dict[str, list[list[Field]]] = field(default_factory=lambda: defaultdict(list))
    """By endpoint: the fields of each form that leads there."""
    values: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    """By the name of a query: values that pages put there."""
    names: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    """By endpoint: the names that pages put into its address."""


def hunted(app: Flask) -> Iterator[Endpoint]:
    """Yield the endpoints of workspaces that are for members."""
    for endpoint in endpoints(app):
        if endpoint.in_workspace and endpoint.declared.kind not in ("public", "operator"):
            yield endpoint


def key_of(endpoint: Endpoint) -> str:
    """Return the name under which an endpoint's offers are kept."""
    return f"{endpoint.method} {endpoint.rule.endpoint}"


def look_around(estate: Estate) -> Offers:
    """Open every page as the owner, their own records' and others', and note where it leads."""
    found = Offers()
    browser = browser_of(estate.app, estate.people["owner"])
    addresses = {
        estate.samples[whose].address(estate.app, endpoint)
        for endpoint in hunted(estate.app) if endpoint.method == "GET" and not endpoint.is_api
        for whose in ("owner", "mate")
    }  # fmt: skip
    done: set[str] = set()
    for further in range(2):
        linked: set[str] = set()
        for address in sorted(addresses - done):
            answer = browser.get(address, follow_redirects=True)
            if answer.mimetype == "text/html":
                linked |= _note(estate.app, found, answer.text, address)
        done |= addresses
        addresses = {link for link in linked if further == 0 and _is_new(link)}
    return found


def _is_new(link: str) -> bool:
    return "view=" in link or "/new" in link or "/closure" in link or "outcome=" in link


def _note(app: Flask, found: Offers, text: str, address: str) -> set[str]:
    page = Forms(text)
    for form in page.forms:
        for method, action in form.targets:
            target = urlsplit(action or address)
            key = route_of(app, target.path, method)
            if key is None:
                continue
            if method == "GET":
                found.names[key] |= {one.name for one in form.fields}
                for one in form.fields:
                    found.values[one.name] |= {value for value in (one.value, *one.options) if value}
            else:
                found.forms[key].append(form.fields)
    for link in page.links:
        parts = urlsplit(link)
        key = route_of(app, parts.path, "GET")
        for name, value in parse_qsl(parts.query):
            found.values[name].add(value)
            if key is not None:
                found.names[key].add(name)
    return {link for link in page.links if link.startswith("/acme/")}


def route_of(app: Flask, path: str, method: str) -> str | None:
    """Return the method and endpoint an address of the workspace leads to, None for none."""
    if not path.startswith("/acme/") and path != "/acme":
        return None
    try:
        endpoint, _ = app.url_map.bind("localhost").match(path.removeprefix("/acme") or "/", method=method)
    except HTTPException:
        return None
    return f"{method} {endpoint}"
