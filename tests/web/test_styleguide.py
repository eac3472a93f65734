"""Every component renders in every state, and its markup keeps to the rules that a browser need not check."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from werkzeug.test import TestResponse

from tests.support.clients import browser_of
from tests.support.installation import Installation
from tests.support.tags import Tags
from web.styleguide import routes
from web.styleguide.routes import ERRORS, PARTS

ClientFor = Callable[..., object]
WEB = Path(routes.__file__).parents[1]


@pytest.fixture(scope="module", params=[*PARTS, *(f"errors/{name}" for name in ERRORS)])
def answer(request: pytest.FixtureRequest, installation: Installation) -> TestResponse:
    """A page of the style guide, asked for once: the tests only read it."""
    return browser_of(installation.app, None).get(f"/styleguide/{request.param}")


def test_the_page_is_there(answer: TestResponse) -> None:
    assert answer.status_code == 200
    assert "<main" in answer.text


def test_no_id_is_given_twice(answer: TestResponse) -> None:
    ids = Counter(re.findall(r'\sid="([^"]+)"', re.sub(r"<template>.*?</template>", "", answer.text, flags=re.DOTALL)))
    assert [name for name, times in ids.items() if times > 1] == []


def test_nothing_that_the_content_security_policy_forbids(answer: TestResponse) -> None:
    assert re.findall(r"<[^>]*\sstyle=", answer.text) == []
    assert re.findall(r"<[^>]*\son\w+=", answer.text) == []
    assert re.findall(r"<style", answer.text) == []
    scripts = re.findall(r"<script[^>]*>", answer.text)
    assert all("nonce=" in script or 'type="application/json"' in script for script in scripts)


def test_no_attribute_is_escaped_twice(answer: TestResponse) -> None:
    assert "&#34;" not in re.sub(r"hx-headers:inherited='[^']*'", "", answer.text)


def test_every_reference_has_its_target(answer: TestResponse) -> None:
    ids = set(re.findall(r'\sid="([^"]+)"', answer.text))
    names = "aria-labelledby|aria-describedby|aria-controls|for|popovertarget|data-open"
    wanted = re.findall(rf'(?:{names})="([^"]+)"', answer.text)
    assert {name for names in wanted for name in names.split()} - ids == set()


def test_every_form_that_writes_brings_its_token(answer: TestResponse) -> None:
    forms = re.findall(r'<form[^>]*method="post".*?</form>', answer.text, re.DOTALL)
    assert [form[:120] for form in forms if 'name="csrf_token"' not in form] == []


def test_its_tags_are_read_as_the_standard_library_reads_them(answer: TestResponse) -> None:
    """`Tags` is quick because it expects what templates write: all that it is expected to read stands in these."""

    class Slow(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            slow.append((tag, attrs))

        def handle_endtag(self, tag: str) -> None:
            slow.append((tag, None))

    class Quick(Tags):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            quick.append((tag, attrs))

        def handle_endtag(self, tag: str) -> None:
            quick.append((tag, None))

    slow: list[tuple[str, Any]] = []
    quick: list[tuple[str, Any]] = []
    Slow().feed(answer.text)
    Quick().feed(answer.text)
    assert len(quick) > 20
    assert quick == slow


def test_an_unknown_part_is_not_there(client_for: ClientFor) -> None:
    assert client_for(None).get("/styleguide/none").status_code == 404


def test_the_picker_offers_what_it_finds_and_what_could_be_added(client_for: ClientFor) -> None:
    rows = client_for(None).get("/styleguide/pick?q=<b>").text
    assert "data-create" in rows
    assert "<b>" not in rows
    assert "华东精密仪器" in client_for(None).get("/styleguide/pick?q=华东").text


def test_every_component_is_shown() -> None:
    """What the pages are made of stands in the style guide, so that a change of it can be looked at."""
    components = {path.name for path in (WEB / "templates" / "components").glob("*.html")}
    shown = "".join(path.read_text("utf-8") for path in (WEB / "styleguide" / "templates").rglob("*.html"))
    assert components - set(re.findall(r"'components/([\w-]+\.html)'", shown)) == set()
