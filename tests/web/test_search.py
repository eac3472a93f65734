"""Searching everything at once: page, fragment, sidebar panel."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.support.clients import Browser, statements
from tests.support.making import Maker

ClientFor = Callable[..., Browser]
PANEL = {"HX-Request": "true", "HX-Target": "div#global-results"}
RESULTS = {"HX-Request": "true", "HX-Target": "div#results"}


@pytest.fixture
def rep(client_for: ClientFor) -> Browser:
    return client_for("rep")


def test_matches_are_grouped_by_kind_and_lead_to_their_pages(rep: Browser, make: Maker) -> None:
    company = make.company("rep", name="Nordwind Logistik")
    contact = make.contact("rep", name="Nora Nordwind")
    deal = make.deal("rep", name="Nordwind maintenance")
    for headers in (None, PANEL, RESULTS):
        text = rep.get("/acme/search?q=nordw", headers=headers).text
        for path in (f"companies/{company.id}", f"contacts/{contact.id}", f"deals/{deal.id}"):
            assert f'href="/acme/{path}"' in text
    page = rep.get("/acme/search?q=nordw").text
    for title in ("Companies", "Contacts", "Deals"):
        assert title in page
    assert "/acme/companies?q=nordw" in page


@pytest.mark.parametrize(
    "query", ["华东", "精密", "6552", "010 6552", "ÖSTERR", "oesterr", "ster", "mueller", "müller"]
)
def test_chinese_latin_and_numbers(rep: Browser, make: Maker, query: str) -> None:
    make.company("rep", name="华东精密仪器", phone="+86 10 6552 9988")
    make.company("rep", name="Müller & Österreicher")
    assert 'class="row-link"' in rep.get(f"/acme/search?q={query}", headers=RESULTS).text


def test_nothing_found_says_what_to_try(rep: Browser) -> None:
    assert "Nothing found" in rep.get("/acme/search?q=zzzz").text
    assert "What are you looking for?" in rep.get("/acme/search").text
    assert "Nothing found." in rep.get("/acme/search?q=zzzz", headers=PANEL).text
    assert rep.get("/acme/search?q=", headers=PANEL).text.strip() == ""


def test_legal_forms_alone_ask_for_another_word(rep: Browser, make: Maker) -> None:
    make.company("rep", name="Ada GmbH")
    for query in ("gmbh", "有限公司"):
        assert "Add another word" in rep.get(f"/acme/search?q={query}").text
        assert "Add another word" in rep.get(f"/acme/search?q={query}", headers=PANEL).text


def test_one_finds_only_what_one_sees(client_for: ClientFor, make: Maker) -> None:
    company = make.company("rep", name="Hidden Works")
    make.contact("rep", name="Hidden Person", company_id=company.id)
    make.deal("rep", name="Hidden deal", company_id=company.id)
    for who, slug, seen in (("teammate", "acme", True), ("viewer", "acme", True), ("colleague", "acme", False),
                            ("outsider", "other", False)):  # fmt: skip
        assert ("Hidden " in client_for(who).get(f"/{slug}/search?q=hidden").text) is seen, who


def test_what_is_in_the_bin_is_not_found(rep: Browser, make: Maker) -> None:
    company = make.company("rep", name="Gone Ltd")
    rep.post(f"/acme/companies/{company.id}/recycle")
    assert "Gone" not in rep.get("/acme/search?q=gone", headers=RESULTS).text.replace("“gone”", "")
    rep.post(f"/acme/recycle-bin/company/{company.id}/restore")
    assert "Gone Ltd" in rep.get("/acme/search?q=gone", headers=RESULTS).text


@pytest.mark.parametrize(
    "query", ["%00", "x" * 5000, "%27%20OR%201=1--", "%25%25", "_", "\\", "<script>", "%F0%9F%98%80", "%E2%80%AE"]
)
def test_hard_queries_are_only_text(rep: Browser, query: str) -> None:
    answer = rep.get(f"/acme/search?q={query}")
    assert answer.status_code == 200
    assert "<script>alert" not in answer.text
    assert statements(answer) <= 4
