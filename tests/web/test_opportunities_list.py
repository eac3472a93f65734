"""The list of deals: search, filters, order, paging by key; page and fragment."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from werkzeug.test import TestResponse

from saas_crm.opportunities import queries
from tests.support.cast import NAMES, Cast
from tests.support.clients import Browser, statements
from tests.support.making import Maker

ClientFor = Callable[..., Browser]
LIST = "/acme/deals?view=list"
RESULTS = {"HX-Request": "true", "HX-Target": "div#results"}


def names(page: TestResponse) -> list[str]:
    return re.findall(r'class="row-link" href="[^"]*">([^<]+)</a>', page.text)


@pytest.fixture
def rep(client_for: ClientFor) -> Browser:
    return client_for("rep")


def test_a_search_finds_parts_of_names_in_any_script(rep: Browser, make: Maker) -> None:
    for name in ("Zwei Öfen", "二期扩建项目", "Loom"):
        make.deal("rep", name=name)
    assert names(rep.get(f"{LIST}&q=ofen")) == ["Zwei Öfen"]
    assert names(rep.get(f"{LIST}&q=扩建")) == ["二期扩建项目"]
    nothing = rep.get(f"{LIST}&q=nothing+like+it")
    assert names(nothing) == []
    assert "No deal fits" in nothing.text
    assert "Clear filters" in nothing.text


def test_filters_narrow_by_stage_state_owner_and_month(rep: Browser, make: Maker, cast: Cast) -> None:
    stages = make.stages()
    make.deal("rep", name="A", stage_id=str(stages[1].id), expected_close="2031-04-05")
    make.deal("rep", name="B", outcome="won")
    make.deal("teammate", name="C", expected_close="2031-05-01")
    wanted = {
        f"stage={stages[1].id}": {"A"}, "status=won": {"B"}, "status=open": {"A", "C"}, "owner=me": {"A", "B"},
        f"owner={cast['teammate'].member_id}": {"C"}, "month=2031-04": {"A"}, "month=2031-05": {"C"},
        "stage=nonsense": {"A", "B", "C"}, "status=nonsense": {"A", "B", "C"}, "month=2031-99": {"A", "B", "C"},
        "month=9999-12": {"A", "B", "C"},
        f"owner=me&status=open&stage={stages[1].id}": {"A"},
    }  # fmt: skip
    for query, found in wanted.items():
        assert set(names(rep.get(f"{LIST}&{query}"))) == found, query


def test_columns_sort_and_turn_round(rep: Browser, make: Maker) -> None:
    for name, amount, close in (("A", "5", "2031-01-03"), ("B", "9", ""), ("C", "1", "2031-01-01")):
        make.deal("rep", name=name, amount=amount, expected_close=close)
    assert names(rep.get(f"{LIST}&sort=-amount")) == ["B", "A", "C"]
    assert names(rep.get(f"{LIST}&sort=amount")) == ["C", "A", "B"]
    assert names(rep.get(f"{LIST}&sort=expected_close")) == ["C", "A", "B"]
    assert names(rep.get(f"{LIST}&sort=-expected_close")) == ["A", "C", "B"]
    assert names(rep.get(f"{LIST}&sort=nonsense")) == ["C", "B", "A"]
    page = rep.get(f"{LIST}&sort=-amount")
    assert 'aria-sort="descending"' in page.text
    assert "sort=amount" in page.text


@pytest.mark.parametrize(
    "sort", ["-updated_at", "updated_at", "-amount", "amount", "expected_close", "-expected_close"]
)
def test_paging_by_key_shows_every_deal_once(
    rep: Browser, make: Maker, monkeypatch: pytest.MonkeyPatch, sort: str
) -> None:
    monkeypatch.setattr("web.opportunities.listing.PAGE", 3)
    for number in range(8):
        make.deal(
            "rep", name=f"Deal {number}", amount=str(number // 3), expected_close="2031-01-01" if number % 2 else ""
        )
    seen, address, pages = [], f"{LIST}&sort={sort}", 0
    while address:
        page = rep.get(address)
        seen += names(page)
        link = re.search(r'id="pager-more" href="([^"]+)"', page.text)
        address, pages = (link[1].replace("&amp;", "&") if link else ""), pages + 1
    assert pages == 3
    assert sorted(seen) == [f"Deal {number}" for number in range(8)]


def test_a_broken_cursor_begins_at_the_start(rep: Browser, make: Maker) -> None:
    make.deal("rep", name="A")
    assert names(rep.get(f"{LIST}&after=%00nonsense")) == ["A"]


def test_htmx_gets_the_part_it_asks_for(rep: Browser, make: Maker) -> None:
    make.deal("rep", name="A")
    part = rep.get(LIST, headers=RESULTS)
    assert names(part) == ["A"]
    assert "<html" not in part.text
    assert 'id="results"' in part.text


def test_more_than_a_thousand_are_not_counted(rep: Browser, make: Maker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queries, "COUNTED", 2)
    monkeypatch.setattr("web.opportunities.listing.COUNTED", 2)
    for _ in range(4):
        make.deal("rep")
    assert "2+ deals" in rep.get(LIST).text


def test_each_sees_the_deals_they_may_and_no_more(client_for: ClientFor, make: Maker) -> None:
    for who in ("owner", "rep", "teammate", "colleague"):
        make.deal(who, name=who)
    seen = {
        "owner": {"owner", "rep", "teammate", "colleague"}, "viewer": {"owner", "rep", "teammate", "colleague"},
        "manager": {"rep", "teammate"}, "rep": {"rep", "teammate"}, "colleague": {"colleague"},
    }  # fmt: skip
    for who, expected in seen.items():
        page = client_for(who).get(LIST)
        assert set(names(page)) == expected, who
        assert f">{len(expected)} deal" in page.text, who
        assert statements(page) <= 8, who
    assert client_for("outsider").get(LIST).status_code == 404


def test_an_empty_list_teaches(rep: Browser, client_for: ClientFor) -> None:
    assert "Add the first deal" in rep.get(LIST).text
    assert "Add the first deal" not in client_for("viewer").get(LIST).text


@pytest.mark.parametrize("path", ["/acme/deals?view=list", "/acme/deals", "/acme/companies/filters"])
def test_the_owner_filter_names_nobody_whose_records_one_does_not_see(client_for: ClientFor, path: str) -> None:
    """A rep reads what is their team's: neither the colleague of another team nor the owner is offered."""

    def offered(who: str) -> set[str]:
        page = client_for(who).get(path).text
        filters = re.search(r'<select[^>]*name="owner".*?</select>', page, re.DOTALL)
        assert filters is not None
        return {name for name in NAMES.values() if f">{name}<" in filters[0]}

    others = set(NAMES.values()) - {NAMES["owner"]}
    assert {NAMES["teammate"]} <= offered("rep") <= {NAMES[who] for who in ("rep", "teammate", "manager")}
    assert offered("owner") >= others
