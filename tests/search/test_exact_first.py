"""However many records hold a word: who is called just so, or begins so, is found and comes first."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import text

from saas_crm.customers import queries as customers
from saas_crm.customers.queries import CustomerFilter, company_rows
from saas_crm.search import queries
from saas_crm.search.queries import find, matching_ids
from tenants.db import db
from tests.support.clients import Browser, Phone, statements
from tests.support.making import Maker

Acting = Callable[[str], Any]


@pytest.fixture(autouse=True)
def nothing_kept() -> Iterator[None]:
    """The limits are part of a query, and a query that is kept would not hear of other ones."""
    kept = (customers._rows_for, queries._holding, queries._all_openings)
    for remembered in kept:
        remembered.cache_clear()
    yield
    for remembered in kept:
        remembered.cache_clear()


@pytest.fixture
def crowd(make: Maker, monkeypatch: pytest.MonkeyPatch) -> None:
    """More records that hold the word than are looked at, older than those that are called so."""
    monkeypatch.setattr(queries, "CANDIDATES", 5)
    monkeypatch.setattr(queries, "MATCHES", 5)
    for number in range(12):
        make.company("rep", name=f"A Common {number}")
    make.company("rep", name="Common Ground")
    make.company("rep", name="Zebra", tags="common")
    make.company("rep", name="Common")


@pytest.mark.usefixtures("crowd")
def test_the_exact_name_comes_first_and_then_those_that_begin_so(
    acting: Acting, client_for: Callable[..., Browser], api_for: Callable[..., Phone]
) -> None:
    with acting("rep") as rep:
        assert [row.title for row in find("common", rep)][:2] == ["Common", "Common Ground"]
        assert [row.title for row in find("common", rep, limit=1)] == ["Common"]
    page = client_for("rep").get("/acme/companies?q=common")
    assert statements(page) <= 4
    assert page.text.index(">Common<") < page.text.index("Common Ground") < page.text.index("A Common")
    items = api_for("rep").get("/companies?q=COMMON&sort=name").json["items"]
    assert [item["name"] for item in items][:2] == ["Common", "Common Ground"]
    assert [item["name"] for item in items][2:] == sorted(item["name"] for item in items[2:])


@pytest.mark.usefixtures("crowd")
def test_pages_of_a_search_by_name_go_on_where_they_ended(acting: Acting, api_for: Callable[..., Phone]) -> None:
    with acting("rep") as rep:
        whole = [row.name for row in company_rows(rep, CustomerFilter(q="common")).rows]
        read: list[str] = []
        after = None
        while len(read) < len(whole):
            page = company_rows(rep, CustomerFilter(q="common"), sort="name", after=after, limit=2)
            read += [row.name for row in page.rows]
            after = page.after
        assert read == whole
        backwards = company_rows(rep, CustomerFilter(q="common"), sort="-name").rows
        assert [row.name for row in backwards] == sorted(whole, reverse=True)


def test_what_one_does_not_see_is_not_found_by_its_beginning(acting: Acting, make: Maker) -> None:
    make.company("colleague", name="Hidden Works")
    with acting("rep") as rep:
        assert find("hidden works", rep) == []
        assert company_rows(rep, CustomerFilter(q="hidden")).rows == []


def test_a_very_common_word_is_capped(acting: Acting, make: Maker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queries, "CANDIDATES", 5)
    monkeypatch.setattr(queries, "MATCHES", 3)
    monkeypatch.setattr(queries, "OPENINGS", 2)
    for _ in range(8):
        make.company("rep", name="A Common Name")
    with acting("rep") as rep:
        assert len(find("common", rep)) == 5
        for word, at_most in (("common", 3), ("a common", 5)):
            wanted = matching_ids(word, "company", rep)
            assert wanted is not None
            assert len(db.session.scalars(wanted).all()) == at_most


def test_an_index_leads_to_the_beginning(acting: Acting, make: Maker) -> None:
    make.company("rep", name="Common")
    with acting("owner") as owner:
        if not db.session.scalar(text("SELECT to_regclass('ix_search_entries_beginning')")):
            return  # a workspace that is not upgraded yet: right, but slower
        wanted = matching_ids("common", "company", owner)
        assert wanted is not None
        db.session.execute(text("SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off"))
        compiled = wanted.compile(db.engine, compile_kwargs={"literal_binds": True})
        plan = "\n".join(db.session.scalars(text("EXPLAIN " + str(compiled).replace(":", "\\:").replace("%%", "%"))))
        assert "Index Scan using ix_search_entries_beginning" in plan
        assert "Sort" not in plan, plan


@pytest.mark.usefixtures("crowd")
def test_a_long_name_is_compared_whole(acting: Acting, make: Maker) -> None:
    """The index holds the beginning of a title only."""
    begun = "Common " + "and very " * 9
    make.company("rep", name=f"{begun}long")
    make.company("rep", name=f"{begun}short")
    with acting("rep") as rep:
        for query in (f"{begun}long", f"{begun}l"):
            assert [row.name for row in company_rows(rep, CustomerFilter(q=query)).rows] == [f"{begun}long"]


def test_a_search_sorted_by_what_may_be_empty_is_counted_whole(make: Maker, client_for: Callable[..., Browser]) -> None:
    first, *_ = [make.company("rep", name=f"Alpha {number}") for number in range(5)]
    make.activity(company_id=first.id, kind="note", body="Met")
    page = client_for("rep").get("/acme/companies?q=alpha&sort=-last_activity_at")
    assert "5 companies" in page.text
    assert page.text.index("Alpha 0") < page.text.index("Alpha 4")
