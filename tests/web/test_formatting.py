"""Moments and addresses as people read them."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from tests.support.clients import Browser
from tests.support.making import Maker
from tests.web.pages import words

ClientFor = Callable[..., Browser]


@pytest.mark.parametrize(("locale", "pattern"), [
    ("en", r"[A-Z][a-z]{2} \d{1,2}, \d{4}, \d{1,2}:\d\d\s[AP]M"), ("zh_Hans", r"\d{4}年\d{1,2}月\d{1,2}日 \d\d:\d\d"),
    ("zh_Hant", r"\d{4}年\d{1,2}月\d{1,2}日 (上午|下午|清晨|早上|中午|正午|晚上|凌晨|午夜)?\d{1,2}:\d\d"),
])  # fmt: skip
def test_a_moment_has_its_month_where_nobody_takes_it_for_the_day(
    client_for: ClientFor, make: Maker, locale: str, pattern: str
) -> None:
    rep, deal = client_for("rep"), make.deal("rep", name="Ovens")
    rep.get(f"/language/{locale}")
    assert re.search(pattern, words(rep.get(f"/acme/deals/{deal.id}")))


@pytest.mark.parametrize(("city", "region", "shown"), [
    ("Hamburg", "Hamburg", "Kai 1, 20457 Hamburg<"), ("Linz", "Oberösterreich", "Kai 1, 20457 Linz, Oberösterreich<"),
])  # fmt: skip
def test_a_city_that_is_its_own_region_is_said_once(
    client_for: ClientFor, make: Maker, city: str, region: str, shown: str
) -> None:
    company = make.company("rep", name="Ada Ltd", street="Kai 1", postcode="20457", city=city, region=region)
    assert shown in client_for("rep").get(f"/acme/companies/{company.id}").text
