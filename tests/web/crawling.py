"""A workspace with a little of everything in it, and all that its pages lead to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qsl, urljoin, urlsplit

from flask import Flask

from tests.support.clients import Browser
from tests.support.making import Maker
from tests.support.pages import Form, Page
from tests.support.tags import Tags

ClientFor = Callable[..., Browser]
LEADS = ("href", "hx-get", "data-url", "data-log", "data-log-url", "data-href")
ELSEWHERE = ("/signout", "/language/", "/_assets/", "/styleguide", "/dev/", "/photos/")
LAST = ("recycle", "removal", "archiving", "revocation")
"""Parts of addresses that take something away: they come after all others."""


class Leads(Tags):
    """All addresses that a page leads to by a click, and where its buttons post to without a form of their own."""

    def __init__(self, text: str) -> None:
        self.found: set[str] = set()
        self.empty: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note the addresses of an element."""
        given = {name: value or "" for name, value in attrs}
        if tag in ("a", "form", "button") and "" in (given.get("href"), given.get("action"), given.get("formaction")):
            self.empty.append(self.get_starttag_text() or tag)
        self.found |= {given[name] for name in LEADS if given.get(name)} if tag != "link" else set()


def furnish(make: Maker, client_for: ClientFor) -> None:
    """Make a little of everything, of oneself and of others."""
    for who in ("rep", "teammate", "colleague"):
        company = make.company(who, name=f"{who} Ltd", phone="+1 650 253 0000", email="a@b.example", tags="VIP")
        contact = make.contact(who, name=f"{who} Person", company_id=str(company.id), mobile="+1 650 253 0001")
        about: dict[str, Any] = {"company_id": str(company.id), "contact_id": str(contact.id)}
        deal = make.deal(who, name=f"{who} deal", amount="100", expected_close="2020-01-02", **about)
        make.deal(who, name=f"{who} won", outcome="won", **about)
        make.activity(who, kind="call", body="Spoke", opportunity_id=str(deal.id), **about)
        make.activity(who, kind="task", subject="Ring", due_at="2026-01-05T09:00", **about)
        make.activity(who, kind="note", body="Alone")
        gone = make.company(who, name=f"{who} gone")
        assert client_for(who).post(f"/acme/companies/{gone.id}/recycle").status_code == 303


def crawled(browser: Browser) -> Iterator[tuple[str, Page]]:
    """Yield all pages that can be reached from the first one by links, once per path and names in the query."""
    waiting, seen = ["/acme/"], set()
    while waiting:
        address = waiting.pop()
        parts = urlsplit(address)
        key = (parts.path, tuple(sorted(name for name, _value in parse_qsl(parts.query))))
        if key in seen or not parts.path.startswith("/") or parts.path.startswith(ELSEWHERE):
            continue
        seen.add(key)
        answer = browser.get(address)
        assert answer.status_code in (200, 204, 302, 303), f"{address} answers {answer.status_code}"
        if answer.mimetype != "text/html" or answer.status_code != 200:
            continue
        leads = Leads(answer.text)
        assert not leads.empty, f"{address} has a link to nowhere: {leads.empty[0]}"
        there = (urljoin(address, found) for found in leads.found if not urlsplit(found).scheme)
        waiting += [found.partition("#")[0] for found in there if not urlsplit(found).netloc]
        yield address, Page(answer.text)


def forms_of(app: Flask, browser: Browser) -> list[tuple[str, str, Form]]:
    """Return one form for each endpoint that is posted to: (endpoint, the page it stands on, the form)."""
    adapter = app.url_map.bind("localhost")
    found: dict[str, tuple[str, str, Form]] = {}
    for address, page in crawled(browser):
        for form in page.forms:
            if form.method == "post" and form.action.startswith("/acme/"):
                endpoint, _values = adapter.match(form.action.removeprefix("/acme"), "POST")
                found.setdefault(endpoint, (endpoint, address, form))
    return sorted(found.values(), key=lambda entry: entry[2].action.endswith(LAST))


def send_all(browser: Browser, forms: list[tuple[str, str, Form]]) -> set[str]:
    """Send each form as it stands, none of which may be refused; return which change more than what is one's own.

    One's own are one's tokens, hours and substitute.
    """
    for endpoint, address, form in forms:
        answer = browser.post(form.action, data=form.filled({}))
        assert answer.status_code in (200, 204, 303, 409, 422), f"{endpoint} on {address}: {answer.status_code}"
        if endpoint == "viewing.begin":  # who looks as somebody else is refused all the rest
            assert browser.post("/acme/viewing/end").status_code == 303
    own = ("settings_tokens.", "settings_members.set_")
    return {endpoint for endpoint, _address, _form in forms if not endpoint.startswith(own)}
