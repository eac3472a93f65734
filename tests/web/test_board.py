"""The board: columns, sums, whose deals, who may move what, more cards, the list beside it."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, date, datetime, timedelta
from html import unescape
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import update
from werkzeug.test import TestResponse

from saas_crm.access.permissions import CurrentMember
from saas_crm.opportunities.board import CARDS, FIRST
from saas_crm.opportunities.models import Opportunity
from tenants.db import db
from tests.support.cast import Cast
from tests.support.clients import Browser, statements
from tests.support.making import Maker

ClientFor = Callable[..., Browser]
Acting = Callable[[str], AbstractContextManager[CurrentMember]]


def cards(page: TestResponse) -> dict[str, str]:
    """Return the cards of a page: the text of each by the deal's id."""
    found = re.findall(r'<li class="deal" id="deal-([0-9a-f-]{36})"(.*?)</li>', page.text, re.S)
    return {deal_id: " ".join(re.sub(r"<[^>]+>", " ", content).split()) for deal_id, content in found}


def said(page: TestResponse) -> str:
    """Return the forecast as a wide screen shows it."""
    found = re.search(r'<dl class="forecast".*?</dl>', page.text, re.S)
    assert found is not None
    wide = re.sub(r'<span class="phone-only">[^<]*</span>', "", found[0])
    return " ".join(re.sub(r"<[^>]+>", " ", wide).split())


def movable(page: TestResponse) -> set[str]:
    return set(re.findall(r'id="deal-([0-9a-f-]{36})" data-version', page.text))


def columns(page: TestResponse) -> dict[str, tuple[str, str]]:
    """Return count and sum of each column by its name."""
    found = re.findall(
        r'<span>([^<]+)</span>\s*<span class="stage-count">(\d+).*?<div class="stage-sum"><span>([^<]*)<',
        page.text,
        re.S,
    )
    return {name: (count, total) for name, count, total in found}


def test_each_stage_is_a_column_with_count_sum_and_weighted_sum(client_for: ClientFor, make: Maker) -> None:
    company = make.company("rep", name="Ada & Sons")
    deal = make.deal("rep", name="Ovens <big>", amount="1200", company_id=str(company.id))
    make.deal("rep", amount="300", outcome="won")
    page = client_for("rep").get("/acme/deals")
    assert list(columns(page)) == ["Lead", "Qualified", "Proposal", "Negotiation", "Won", "Lost"]
    assert columns(page)["Lead"] == ("1", "$1,200")
    assert columns(page)["Won"] == ("1", "$300")
    assert "≈ $120" in page.text
    assert cards(page)[str(deal.id)].endswith("Ovens &lt;big&gt; Ada &amp; Sons $1,200 RR Rita Rep")


def test_a_reader_of_another_language_reads_the_stages_in_it(client_for: ClientFor, make: Maker) -> None:
    make.deal("outsider")
    page = client_for("outsider").get("/other/deals")
    assert list(columns(page)) == ["线索", "已确认", "方案", "谈判", "赢单", "输单"]


def test_the_forecast_says_what_months_may_bring_and_leads_to_their_deals(client_for: ClientFor, make: Maker) -> None:
    first = datetime.now(UTC).date().replace(day=1)
    late = make.deal("rep", name="Late", amount="1000", expected_close=str(first - timedelta(days=40)))
    make.deal("rep", amount="5000", expected_close=str(first + timedelta(days=200)))
    rep = client_for("rep")
    page = rep.get("/acme/deals")
    assert "$100 weighted $1,000 in all" in said(page)
    link = re.search(r'<a href="([^"]+)"><span class="desktop-only">\$100 weighted', page.text)
    assert link is not None
    rows = rep.get(link[1].replace("&amp;", "&"))
    assert f"/acme/deals/{late.id}" in rows.text
    assert "1 deal" in rows.text


def test_the_forecast_tells_of_the_deals_that_nobody_expects_in_any_month(client_for: ClientFor, make: Maker) -> None:
    first = datetime.now(UTC).date().replace(day=1)
    make.deal("rep", name="Dated", amount="1000", expected_close=str(first + timedelta(days=20)))
    make.deal("rep", name="Some day", amount="500")
    make.deal("rep", name="Whenever", amount="")
    make.deal("rep", name="Sold", amount="900", outcome="won")
    rep = client_for("rep")
    page = rep.get("/acme/deals")
    assert "No expected close 2 deals $500 in all" in said(page)
    link = re.search(r'<a href="([^"]+)"><span class="desktop-only">2 deals', page.text)
    assert link is not None
    rows = rep.get(unescape(link[1]))
    assert re.findall(r'class="row-link" href="[^"]*">([^<]+)</a>', rows.text) == ["Whenever", "Some day"]
    assert '<option value="none" selected>No expected close</option>' in rows.text


def test_overdue_and_still_deals_are_marked_by_words(client_for: ClientFor, make: Maker, acting: Acting) -> None:
    deal = make.deal("rep", expected_close="2020-02-03")
    long_ago = datetime.now(UTC) - timedelta(days=45)
    with acting("rep"):
        values: dict[str, Any] = {"stage_since": long_ago, "last_activity_at": long_ago}
        db.session.execute(update(Opportunity).where(Opportunity.id == deal.id).values(**values))
    card = cards(client_for("rep").get("/acme/deals"))[str(deal.id)]
    assert "Overdue Feb 3, 2020" in card
    assert "45 days in stage" in card


def test_the_day_is_that_of_the_reader(client_for: ClientFor, make: Maker) -> None:
    today = datetime.now(UTC).date()
    deal = make.deal("rep", expected_close=str(today))
    card = cards(client_for("rep").get("/acme/deals"))[str(deal.id)]
    assert "Overdue" not in card


def test_everybody_sees_what_they_may_and_moves_only_what_they_may_change(client_for: ClientFor, make: Maker) -> None:
    deals = {who: str(make.deal(who).id) for who in ("owner", "rep", "teammate", "colleague")}
    seen = {
        "owner": {"owner", "rep", "teammate", "colleague"}, "admin": {"owner", "rep", "teammate", "colleague"},
        "manager": {"rep", "teammate"}, "rep": {"rep", "teammate"}, "colleague": {"colleague"},
        "viewer": {"owner", "rep", "teammate", "colleague"},
    }  # fmt: skip
    moved = seen | {"rep": {"rep"}, "viewer": set()}
    for who, names in seen.items():
        page = client_for(who).get("/acme/deals")
        assert set(cards(page)) == {deals[name] for name in names}, who
        assert movable(page) == {deals[name] for name in moved[who]}, who
        assert ("New deal" in page.text) is (who != "viewer"), who


def test_the_owner_filter_shows_mine_or_one_members(client_for: ClientFor, make: Maker, cast: Cast) -> None:
    mine, theirs = make.deal("owner"), make.deal("rep")
    owner = client_for("owner")
    assert set(cards(owner.get("/acme/deals?owner=me"))) == {str(mine.id)}
    page = owner.get(f"/acme/deals?owner={cast['rep'].member_id}")
    assert set(cards(page)) == {str(theirs.id)}
    assert f'value="{cast["rep"].member_id}" selected' in page.text
    assert set(cards(owner.get("/acme/deals?owner=nonsense"))) == {str(mine.id), str(theirs.id)}


def test_an_empty_board_teaches_and_offers_one_button(client_for: ClientFor) -> None:
    page = client_for("rep").get("/acme/deals")
    assert "No deals yet" in page.text
    assert "Add the first deal" in page.text
    assert "<deal-board" not in page.text
    assert "Add the first deal" not in client_for("viewer").get("/acme/deals").text


def test_nobody_elses_empty_board_keeps_its_columns(client_for: ClientFor, make: Maker) -> None:
    make.deal("owner")
    assert len(columns(client_for("owner").get("/acme/deals?owner=me"))) == 6
    assert len(columns(client_for("admin").get("/acme/deals?owner=me"))) == 6


@pytest.fixture
def many(make: Maker) -> list[str]:
    """More deals of the rep than a column begins with, or is continued by; the newest first."""
    return [str(make.deal("rep", amount="1").id) for _ in range(CARDS + 4)][::-1]


def test_a_long_column_goes_on_where_it_ended(client_for: ClientFor, many: list[str]) -> None:
    rep = client_for("rep")
    page = rep.get("/acme/deals?owner=me")
    assert list(cards(page)) == many[:FIRST]
    found = re.search(r'hx-get="([^"]+/cards[^"]+)"', page.text)
    assert found is not None
    address = found[1].replace("&amp;", "&")
    more = rep.get(address, headers={"HX-Request": "true"})
    assert list(cards(more)) == many[FIRST:]
    assert "<html" not in more.text
    assert 'class="stage-more"' in more.text
    assert "Show more" not in more.text
    assert statements(more) <= 8
    plain = rep.get(address)
    assert plain.status_code == 303
    assert "view=list" in plain.location
    broken = rep.get(re.sub(r"after=[^&]+", "after=%00%ff", address), headers={"HX-Request": "true"})
    assert list(cards(broken)) == many[:CARDS]


def test_cards_of_another_stage_or_tenant_do_not_exist(client_for: ClientFor, make: Maker) -> None:
    stage = make.stages("outsider")[0]
    assert client_for("rep").get(f"/acme/deals/stages/{stage.id}/cards").status_code == 404


def test_the_page_costs_few_statements_whatever_the_number_of_deals(client_for: ClientFor, many: list[str]) -> None:
    for who in ("owner", "manager", "rep", "viewer"):
        browser = client_for(who)
        browser.get("/acme/deals")
        assert statements(browser.get("/acme/deals")) <= 8
        assert statements(browser.get("/acme/deals?view=list")) <= 8


def test_a_card_that_changed_is_written_anew(client_for: ClientFor, make: Maker, app: Flask, acting: Acting) -> None:
    deal = make.deal("rep", name="Old name")
    rep, owner = client_for("rep"), client_for("owner")
    assert "Old name" in rep.get("/acme/deals").text
    rep.post(f"/acme/deals/{deal.id}", data={"name": "New name", "version": "1"})
    for browser in (rep, owner):
        page = browser.get("/acme/deals")
        assert "New name" in page.text
        assert "Old name" not in page.text


def test_cards_written_for_one_reader_are_not_shown_to_another(client_for: ClientFor, make: Maker) -> None:
    deal = make.deal("rep", expected_close=str(date(2019, 5, 6)))
    assert movable(client_for("rep").get("/acme/deals")) == {str(deal.id)}
    assert movable(client_for("teammate").get("/acme/deals")) == set()
    assert movable(client_for("viewer").get("/acme/deals")) == set()


def test_a_stranger_to_the_workspace_sees_nothing(client_for: ClientFor) -> None:
    assert client_for("outsider").get("/acme/deals").status_code == 404
    assert client_for("stranger").get("/acme/deals").status_code == 404
    assert client_for(None).get("/acme/deals").status_code == 302


def test_a_month_that_can_bring_nothing_is_left_out(client_for: ClientFor, make: Maker) -> None:
    rep = client_for("rep")
    make.deal("rep", amount="1000", expected_close="2099-01-01")
    page = rep.get("/acme/deals")
    assert "$0 of $0" not in page.text
    assert re.search(r'id="forecast"[^>]* hidden>', page.text)
    first = datetime.now(UTC).date().replace(day=1)
    make.deal("rep", amount="2000", expected_close=str((first + timedelta(days=40)).replace(day=5)))
    page = rep.get("/acme/deals")
    assert "$0 of $0" not in page.text
    assert said(page).count("$200 weighted") == 1
    assert not re.search(r'id="forecast"[^>]* hidden>', page.text)
