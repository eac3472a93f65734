"""Every page there is, as a browser gets it: what must be on each of them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
from flask import Flask

from tests.conftest import Stage
from tests.guard.endpoints import endpoints, make_samples
from tests.support.clients import browser_of

SCRIPTS = Path(__file__).resolve().parents[2] / "web" / "static" / "js"
PASSWORDS = {"password", "current", "proof_password"}
"""How the fields are called into which people type theirs."""
WITHOUT_BARS = {"/dev/mail", "/styleguide", "/signin", "/signup", "/forgot", "/reset", "/verify", "/invitations", "/",
                "/profile/proof", "/operator", "/pricing", "the proof"}  # fmt: skip
"""Pages that are everybody's, from which nobody is signed out; the question between a form and its answer; and the
operators' own, with a sign-in of its own."""


class Fields(HTMLParser):
    """The fields of a page, and where its forms are sent."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.fields: list[dict[str, str | None]] = []
        self.actions: set[str] = set()
        self.feed(page)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        """Take note of one tag."""
        if tag == "input":
            self.fields.append(dict(attributes))
        if tag == "form":
            self.actions.add(dict(attributes).get("action") or "")


@pytest.fixture(scope="module")
def pages(stage: Stage, on_sale_here: Flask) -> Iterator[dict[str, str]]:
    """Every whole page that an owner can open, and every page of nobody's, by address."""
    app = on_sale_here
    samples = make_samples(app, stage.cast, "owner", "owner")
    found: dict[str, str] = {}
    for endpoint in endpoints(app):
        if endpoint.method != "GET" or endpoint.is_api:
            continue
        people = (stage.cast["owner"], None) if endpoint.declared.kind == "public" else (stage.cast["owner"],)
        for person in people:
            address = samples.address(app, endpoint)
            answer = browser_of(app, person).get(address)
            if answer.status_code == 200 and b"<html" in answer.data[:300]:
                found[f"{address}{'' if person else ' (nobody)'}"] = answer.text
    browser = browser_of(app, stage.cast["owner"])
    browser.write_session({**browser.read_session(), "proved": 0})
    found["the proof"] = browser.post("/acme/settings/tokens", data={"name": "x"}).text
    yield found
    stage.pristine.restore()


def test_there_are_many(pages: dict[str, str]) -> None:
    assert len(pages) > 80
    assert 'name="proof_password"' in pages["the proof"]
    assert 'name="password"' in pages["/signin (nobody)"]
    assert 'name="password"' in pages["/signup (nobody)"]
    assert {"/pricing (nobody)", "/acme/settings/billing", "/acme/settings/billing/plans"} <= pages.keys()


def test_signing_out_is_on_every_page_of_who_is_signed_in(pages: dict[str, str]) -> None:
    without = [
        address for address, page in pages.items()
        if "(nobody)" not in address and "/signout" not in Fields(page).actions
        and not any(address == path or (path != "/" and address.startswith(path)) for path in WITHOUT_BARS)
    ]  # fmt: skip
    assert without == []


def test_secrets_are_typed_unseen_and_password_managers_know_them(pages: dict[str, str]) -> None:
    wrong, asked = [], 0
    for address, page in pages.items():
        for field in Fields(page).fields:
            if field.get("name") not in PASSWORDS and field.get("type") != "password":
                continue
            asked += 1
            known = field.get("autocomplete") in ("current-password", "new-password")
            barred = {"onpaste", "oncopy", "ondrop", "readonly", "maxlength"} & field.keys()
            if field.get("type") != "password" or not known or barred:
                wrong.append((address, field))
    assert wrong == []
    assert asked > 7


def test_no_script_keeps_anybody_from_pasting() -> None:
    """None of ours listens to it, so there is nothing that could stop it."""
    scripts = {script.name: script.read_text("utf-8") for script in SCRIPTS.glob("*.js")}
    assert len(scripts) > 20
    listening = {
        name for name, text in scripts.items() if re.search(r"""['"](paste|beforeinput|contextmenu)['"]""", text)
    }
    assert listening == set()


def test_no_script_keeps_names_in_an_object_with_a_prototype() -> None:
    """`{}` has names of its own such as __proto__ and constructor: what is kept by name is in a Map or has none."""
    loose = [
        f"{script.name}: {line.strip()}"
        for script in SCRIPTS.glob("*.js")
        for line in script.read_text("utf-8").splitlines()
        if re.search(r"\b(const|let) \w+ = \{\s*\}|\.name in \w+\)|__proto__(?!$)", line)
    ]
    assert loose == []
