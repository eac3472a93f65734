"""Chinese names are found by their pinyin and stand in its order; nobody else notices."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from saas_crm.customers.queries import CustomerFilter, company_rows, contact_rows
from saas_crm.search.queries import find
from tests.support.clients import Browser, Phone
from tests.support.making import Maker

Acting = Callable[[str], Any]


@pytest.mark.parametrize(("query", "found"), [
    ("huaxia", True), ("HuaXia", True), ("hua xia", True), ("hx", True), ("hxkj", True), ("keji", True), ("xia", True),
    ("huax", True), ("h", True), ("huaxia shanghai", False), ("huaxia vip", True),
    ("uaxia", False), ("axia", False), ("eji", False), ("xkx", False), ("kja", False),
])  # fmt: skip
def test_a_company_is_found_by_pinyin_from_a_syllable_on(acting: Acting, make: Maker, query: str, found: bool) -> None:
    make.company("rep", name="华夏科技有限公司", tags="VIP")
    with acting("rep") as rep:
        assert bool(find(query, rep)) is found
        assert bool(company_rows(rep, CustomerFilter(q=query)).rows) is found


def test_contacts_and_deals_are_found_too(acting: Acting, make: Maker) -> None:
    company = make.company("rep", name="华夏")
    make.contact("rep", name="曾國華", company_id=company.id)
    make.deal("rep", name="西安机场")
    with acting("rep") as rep:
        for query in ("zengguohua", "zgh", "guohua"):
            assert [row.title for row in find(query, rep)] == ["曾國華"], query
            assert [row.name for row in contact_rows(rep, CustomerFilter(q=query)).rows] == ["曾國華"]
        for query in ("xian", "xi'an", "xi an", "jichang", "xajc"):
            assert [row.title for row in find(query, rep)] == ["西安机场"], query


def test_latin_names_are_found_as_before(acting: Acting, make: Maker) -> None:
    for name in ("Huang Ltd", "Changhong", "华阳"):
        make.company("rep", name=name)
    with acting("rep") as rep:
        assert [row.title for row in find("ang", rep)] == ["Changhong", "Huang Ltd"]
        assert [row.title for row in find("hua", rep)][-1] != "Changhong"


def test_the_best_pinyin_comes_first(acting: Acting, make: Maker) -> None:
    for name in ("北京华夏", "华夏", "华夏科技"):
        make.company("rep", name=name)
    with acting("rep") as rep:
        assert [row.title for row in find("huaxia", rep)] == ["华夏", "华夏科技", "北京华夏"]


def test_initials_that_begin_a_name_come_before_those_inside_one(acting: Acting, make: Maker) -> None:
    make.company("rep", name="康源生物科技有限公司")
    make.deal("rep", name="立体仓库一期")
    with acting("rep") as rep:
        assert [row.title for row in find("ky", rep)] == ["康源生物科技有限公司", "立体仓库一期"]


NAMES = ["中国移动", "Acme", "阿里巴巴", "黄河", "华夏", "Huawei", "上海银行", "3M", "臺積電", "重庆钢铁"]
SORTED = ["3M", "阿里巴巴", "Acme", "重庆钢铁", "华夏", "黄河", "Huawei", "上海银行", "臺積電", "中国移动"]


def test_lists_are_in_the_order_of_pinyin_page_by_page(
    acting: Acting, client_for: Callable[..., Browser], api_for: Callable[..., Phone], make: Maker
) -> None:
    for name in NAMES:
        make.company("rep", name=name)
        make.contact("rep", name=name)
    with acting("rep") as rep:
        for rows in (company_rows, contact_rows):
            read: list[str] = []
            after = None
            while len(read) < len(NAMES):
                page = rows(rep, CustomerFilter(), sort="name", after=after, limit=3)
                read += [row.name for row in page.rows]
                after = page.after
            assert read == SORTED
            backwards = rows(rep, CustomerFilter(), sort="-name").rows
            assert [row.name for row in backwards] == SORTED[::-1]
    text = client_for("rep").get("/acme/companies").text.partition("<main")[2]
    assert sorted(NAMES, key=text.index) == SORTED
    items = api_for("rep").get("/contacts?sort=name").json["items"]
    assert [item["name"] for item in items] == SORTED


def test_members_are_in_the_order_of_pinyin(client_for: Callable[..., Browser]) -> None:
    owner = client_for("owner")
    owner.post("/profile", data={"name": "曾国华", "locale": "en", "timezone": "UTC"})
    text = owner.get("/acme/settings/members").text.partition("<main")[2]
    assert text.index("曾国华") > text.index("rep@acme.example")


@pytest.mark.parametrize(("language", "ordered"), [
    ("en", ["Åland", "Albania", "Austria", "Zimbabwe"]),
    ("zh-Hans", ["奥地利", "德国", "瓦努阿图", "中国"]),
    ("zh-Hant", ["中國", "丹麥", "日本", "德國"]),
])  # fmt: skip
def test_countries_are_in_the_order_of_the_readers_language(language: str, ordered: list[str]) -> None:
    from web.customers.forms import countries

    names = [name for _code, name in countries(language.replace("-", "_"))]
    assert (
        sorted(ordered, key=lambda wanted: next(at for at, name in enumerate(names) if name.startswith(wanted)))
        == ordered
    )
