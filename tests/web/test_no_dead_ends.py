"""Nothing that a page offers leads to a refusal: every link and every form, for who reads only and for who sells.

For who administers it is tried in `test_odd_texts.py`, which has read all their pages anyway.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask

from tests.support.clients import Browser
from tests.support.making import Maker
from tests.web.crawling import forms_of, furnish, send_all

ClientFor = Callable[..., Browser]


@pytest.fixture
def furnished(make: Maker, client_for: ClientFor) -> None:
    """A little of everything, put back after the test."""
    furnish(make, client_for)


@pytest.mark.usefixtures("furnished")
@pytest.mark.parametrize("who", ["viewer", "rep", "manager"])
def test_no_link_and_no_form_leads_to_a_refusal(app: Flask, client_for: ClientFor, who: str) -> None:
    browser = client_for(who)
    changing = send_all(browser, forms_of(app, browser))
    assert bool(changing) is (who != "viewer"), changing


@pytest.mark.usefixtures("furnished")
def test_who_only_reads_is_offered_no_work(client_for: ClientFor) -> None:
    viewer = client_for("viewer")
    today = viewer.get("/acme/").text
    for words in ("next step", "Plan", "Nothing is due", "recycle-bin", "call-sheet", "/acme/log"):
        assert words not in today, words
    assert 'href="/acme/companies"' in today
    assert "recycle-bin" in client_for("rep").get("/acme/").text


def test_who_only_reads_an_empty_workspace_is_offered_no_work_either(client_for: ClientFor, make: Maker) -> None:
    viewer = client_for("viewer")
    for _times in range(2):
        today = viewer.get("/acme/").text
        for words in ("next step", "Plan ", "Nothing is due", "how to begin"):
            assert words not in today, words
        assert "You read along here" in today
        make.company("rep")
    company = make.company("rep")
    assert "What should happen next" not in viewer.get(f"/acme/companies/{company.id}").text
    assert "What should happen next" in client_for("rep").get(f"/acme/companies/{company.id}").text
