"""Settings of a workspace that can only be read: what cannot be saved is locked and says why, what works is not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import pytest
from flask import Flask

from saas_crm.edge.declared import declared_for, works_while_read_only, works_without_seat
from saas_crm.workspaces.standing import suspend
from tenants.standing import Suspension
from tests.guard.endpoints import Samples, endpoints, make_samples
from tests.support.cast import Cast
from tests.support.clients import Browser
from tests.support.installation import Installation
from tests.support.paying import PAID, put
from tests.support.tags import Tags

pytestmark = pytest.mark.newest
PAUSED = "This workspace can only be read for now: nothing can be saved here."
SEATLESS = "You have no seat in this plan: nothing can be saved here."
FILLED_IN = "#"
"""A form for what the script asks about: it says itself where to."""


@dataclass
class Sending:
    """A form or a button that posts: where to, and its buttons as (open, title)."""

    action: str
    buttons: list[tuple[bool, str]] = field(default_factory=list)


class Posts(Tags):
    """All forms of a page that post, with the buttons that send them."""

    def __init__(self, text: str, address: str) -> None:
        self.found: list[Sending] = []
        self._address, self._form = address, ""
        self._inside = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note forms and their buttons."""
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._inside = given.get("method", "get").lower() == "post"
            if self._inside:
                self.found.append(Sending(given.get("action") or self._address))
        elif tag == "button" and given.get("type", "submit") == "submit":
            button = ("disabled" not in given, given.get("title", ""))
            if given.get("formaction"):
                self.found.append(Sending(given["formaction"], [button]))
            elif self._inside:
                self.found[-1].buttons.append(button)

    def handle_endtag(self, tag: str) -> None:
        """Note the end of a form."""
        if tag == "form":
            self._inside = False


@pytest.fixture
def samples(sold: Flask, cast: Cast) -> Samples:
    return make_samples(sold, cast, "rep", "owner")


@pytest.fixture
def unpaid(sold: Flask, samples: Samples, installation: Installation, cast: Cast) -> Flask:
    """The application, with acme read-only because of what it owes."""
    put(sold, installation.place, cast.tenants["acme"].id, **{**PAID, "state": "read_only"})
    for cause in ("billing", "operator"):  # the second stays where a page finds that nothing is owed
        suspend(installation.settings.database_url, "acme", Suspension(cause, "read_only"))
    sold.extensions["directory"].forget()
    return sold


@pytest.fixture
def small(sold: Flask, samples: Samples, installation: Installation, cast: Cast) -> Flask:
    """The application, with acme on a plan whose one seat the owner has."""
    put(sold, installation.place, cast.tenants["acme"].id, plan="free", state="free", limits={"members": 1})
    sold.extensions["directory"].forget()
    return sold


def settings_pages(app: Flask, samples: Samples) -> list[str]:
    """Return the address of each page in the settings."""
    return [
        samples.address(app, one) for one in endpoints(app)
        if one.method == "GET" and one.rule.rule.startswith("/settings")
    ]  # fmt: skip


@pytest.mark.parametrize("who", ["owner", "admin"])
def test_what_cannot_be_saved_is_locked_and_says_why(
    unpaid: Flask, samples: Samples, client_for: Callable[..., Browser], who: str
) -> None:
    check(unpaid, samples, client_for(who, unpaid), works_while_read_only, PAUSED)


def test_so_is_what_one_without_a_seat_cannot_save(
    small: Flask, samples: Samples, client_for: Callable[..., Browser]
) -> None:
    check(small, samples, client_for("admin", small), works_without_seat, SEATLESS)


def check(app: Flask, samples: Samples, browser: Browser, works: Callable[[Any], bool], why: str) -> None:
    """Go through all settings, and look at each button that posts: open where that works, else locked with a word."""
    seen, wrong, adapter = 0, set(), app.url_map.bind("localhost")
    for address in settings_pages(app, samples):
        answer = browser.get(address)
        if answer.status_code != 200 or answer.mimetype != "text/html":
            continue
        seen += 1
        for sending in Posts(answer.text, address).found:
            if sending.action == FILLED_IN:
                continue
            endpoint, _values = adapter.match(urlsplit(sending.action).path.removeprefix("/acme"), "POST")
            view = app.view_functions[endpoint]
            declared = declared_for(view)
            taken = declared is None or declared.place != "workspace" or works(view)
            for opens, title in sending.buttons:
                if opens != taken:
                    wrong.add((address, endpoint, "open" if opens else "locked"))
                elif not opens and why not in title and why not in answer.text:
                    wrong.add((address, endpoint, "locked without a word"))
    assert not wrong, "\n".join(map(str, sorted(wrong)))
    assert seen > 25


@pytest.mark.parametrize("page", ["pipelines", "teams"])
def test_what_cannot_be_moved_shows_no_grip(
    small: Flask, client_for: Callable[..., Browser], installation: Installation, cast: Cast, page: str
) -> None:
    """A hand to drag by is an offer as a button is."""
    moves = ('class="grip"', "data-sort", "data-movable")
    locked = client_for("admin", small).get(f"/acme/settings/{page}").text
    assert SEATLESS.partition(":")[0] in locked
    assert [one for one in moves if one in locked] == []
    put(small, installation.place, cast.tenants["acme"].id, plan="free", state="free", limits={"members": 9})
    small.extensions["directory"].forget()
    opened = client_for("admin", small).get(f"/acme/settings/{page}").text
    assert len([one for one in moves if one in opened]) == 2
