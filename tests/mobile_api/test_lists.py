"""Lists: pages that hold under changes, filters, order, chosen columns."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from mobile_api.registry import load
from tests.support.api import places
from tests.support.clients import Phone
from tests.support.making import Maker

Api = Callable[..., Phone]
LISTS = ["companies", "contacts", "activities", "opportunities", "members", "tokens", "pipelines"]


def walk(api: Phone, path: str, limit: int = 2) -> list[dict[str, Any]]:
    """Return everything on a list, page by page."""
    found: list[dict[str, Any]] = []
    joint = "&" if "?" in path else "?"
    following = ""
    while True:
        page = api.get(f"{path}{joint}limit={limit}{following}").json
        assert len(page["items"]) <= limit
        found += page["items"]
        if page["next"] is None:
            return found
        following = f"&after={page['next']}"


def names(items: list[dict[str, Any]]) -> list[str]:
    return [item["name"] for item in items]


def test_pages_hold_while_records_come_and_go(api_for: Api, make: Maker) -> None:
    companies = {name: make.company("rep", name=name) for name in ("B", "D", "F", "H", "J")}
    rep = api_for("rep")
    first = rep.get("/companies?limit=2").json
    assert names(first["items"]) == ["B", "D"]
    for name in ("A", "C", "G", "Z"):
        make.company("rep", name=name)
    rep.delete(f"/companies/{companies['D'].id}")  # the very record that the cursor names
    second = rep.get(f"/companies?limit=2&after={first['next']}").json
    assert names(second["items"]) == ["F", "G"]
    rest = rep.get(f"/companies?after={second['next']}").json
    assert names(rest["items"]) == ["H", "J", "Z"]
    assert rest["next"] is None


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.newest
def test_every_order_is_complete_page_by_page(path: str, api_for: Api, make: Maker) -> None:
    """With equal values and with none, page by page as at once."""
    company = make.company("rep", name="Same")
    for index in range(3):
        make.company("rep", name="Same")
        make.contact("rep", name="Same", company_id=str(company.id))
        make.deal("rep", amount="5", **({"expected_close": "2027-01-01"} if index else {}))
        make.activity("rep", company_id=str(company.id), **({"due_at": "2027-01-01T08:00"} if index else {}))
    owner = api_for("owner")
    operation = next(one for one in load().operations() if one.path == f"/{path}" and one.method == "GET")
    assert operation.query_model is not None
    orders = operation.query_model.model_json_schema()["properties"]["sort"]
    for sort in orders.get("enum", [orders.get("const")]):
        whole = owner.get(f"/{path}?limit=200&sort={sort}").json
        assert whole["next"] is None
        assert walk(owner, f"/{path}?sort={sort}") == whole["items"]
        assert walk(owner, f"/{path}?sort={sort}", limit=1) == whole["items"]
        assert len({item["id"] for item in whole["items"]}) == len(whole["items"])


@pytest.mark.parametrize("path", LISTS)
def test_what_no_list_takes(path: str, api_for: Api) -> None:
    owner = api_for("owner")
    for query, wrong in (
        ("limit=0", "limit"), ("limit=201", "limit"), ("limit=x", "limit"), ("limit=1&limit=2", "limit"),
        ("after=", "after"), ("after=abc", "after"), ("after=%00", "after"), ("sort=age", "sort"),
        ("fields=", "fields"), ("fields=id,secret", "fields"), ("fields=id,id", "fields"), ("nme=x", "nme"),
        ("owner_id[]=1", "owner_id[]"),
    ):  # fmt: skip
        assert places(owner.get(f"/{path}?{query}")) == {wrong}, query


def test_a_cursor_serves_its_own_list_only(api_for: Api, make: Maker) -> None:
    for _ in range(3):
        make.company("rep")
        make.contact("rep")
    rep = api_for("rep")
    cursor = rep.get("/companies?limit=1").json["next"]
    assert rep.get(f"/companies?after={cursor}&limit=1&tags=none").json["items"] == []
    for path in (f"/contacts?after={cursor}", f"/companies?sort=-name&after={cursor}", f"/companies?after={cursor}x"):
        assert places(rep.get(path)) == {"after"}


@pytest.mark.parametrize("path", LISTS)
def test_fields_choose_columns(path: str, api_for: Api, make: Maker) -> None:
    make.company("rep", tags="a, b")
    make.contact("rep", birthday="1990-01-02")
    make.deal("rep", amount="12.50")
    make.activity("rep")
    owner = api_for("owner")
    whole = owner.get(f"/{path}").json["items"]
    assert whole
    for field in whole[0]:
        chosen = owner.get(f"/{path}?fields={field}").json["items"]
        assert chosen == [{name: item[name] for name in {"id", field}} for item in whole]
    every = ",".join(whole[0])
    assert owner.get(f"/{path}?fields={every}").json["items"] == whole


def test_a_chosen_column_is_no_way_past_the_order(api_for: Api, make: Maker) -> None:
    for name in ("C", "A", "B"):
        make.company("rep", name=name)
    assert [set(item) for item in walk(api_for("rep"), "/companies?fields=city", limit=1)] == [{"id", "city"}] * 3


def test_filters(api_for: Api, make: Maker, cast: Any) -> None:
    ada = make.company("rep", name="Ada Gears", tags="vip, eu", country="DE", lifecycle="active", phone="+493012345678")
    make.company("teammate", name="Bolt Works", tags="vip")
    bob = make.contact("rep", name="Bob", company_id=str(ada.id), email="bob@ada.example")
    make.contact("rep", name="Eve")
    deal = make.deal("rep", name="Motors", company_id=str(ada.id), contact_id=str(bob.id), expected_close="2027-02-01")
    make.deal("rep", name="Gone", outcome="lost", expected_close="2027-03-01")
    call = make.activity("rep", kind="call", company_id=str(ada.id), opportunity_id=str(deal.id))
    make.activity("rep", kind="task", contact_id=str(bob.id), due_at="2027-01-01T08:00")
    rep, me = api_for("rep"), cast["rep"].member_id

    def found(path: str) -> list[str]:
        return sorted(item.get("name") or item["kind"] for item in rep.get(path).json["items"])

    assert found("/companies?tags=vip") == ["Ada Gears", "Bolt Works"]
    assert found(f"/companies?tags=vip&owner_id={me}&country=de&lifecycle=active") == ["Ada Gears"]
    assert found("/companies?q=gear") == found("/companies?q=12345") == ["Ada Gears"]
    assert found("/companies?q=nothing") == found("/companies?country=FR") == []
    assert (
        found(f"/contacts?company_id={ada.id}") == found("/contacts?q=ada") == found("/contacts?q=bob%40ada") == ["Bob"]
    )
    assert found("/opportunities?status=open") == found(f"/opportunities?contact_id={bob.id}") == ["Motors"]
    assert found("/opportunities?expected_close_from=2027-02-01&expected_close_before=2027-03-01") == ["Motors"]
    assert found(f"/opportunities?stage_id={deal.stage_id}&company_id={ada.id}&q=motor") == ["Motors"]
    assert found("/opportunities?status=lost") == ["Gone"]
    assert found("/activities?kind=call&done=true") == found(f"/activities?opportunity_id={deal.id}") == ["call"]
    assert found("/activities?done=false") == ["task"]
    assert found(f"/activities?contact_id={bob.id}") == ["call", "task"]  # the call was about a deal with Bob
    assert [item["id"] for item in rep.get(f"/activities?company_id={ada.id}&fields=id").json["items"]][-1] == str(
        call.id
    )


def test_a_filter_is_no_way_to_what_one_may_not_see(api_for: Api, make: Maker, cast: Any) -> None:
    company = make.company("colleague", name="Secret")
    make.contact("colleague", name="Secret", company_id=str(company.id))
    rep, theirs = api_for("rep"), cast["colleague"].member_id
    for path in (f"/companies?owner_id={theirs}", "/companies?q=secret", f"/contacts?company_id={company.id}"):
        assert rep.get(path).json["items"] == []


def test_search(api_for: Api, make: Maker) -> None:
    ada = make.company("rep", name="华东机械 Ada")
    make.contact("rep", name="Bob", company_id=str(ada.id))
    make.deal("rep", name="Ada motors")
    make.company("colleague", name="Ada Secret")
    rep = api_for("rep")
    hits = rep.get("/search?q=ada").json
    assert {(hit["kind"], hit["title"]) for hit in hits["items"]} == {
        ("company", "华东机械 Ada"), ("contact", "Bob"), ("opportunity", "Ada motors"),
    }  # fmt: skip
    assert hits["next"] is None
    assert [hit["kind"] for hit in rep.get("/search?q=ada&kinds=opportunity,contact&limit=1").json["items"]] == [
        "opportunity"
    ]
    assert rep.get("/search?q=华东").json["items"][0] == {
        "kind": "company", "id": str(ada.id), "title": "华东机械 Ada", "subtitle": "",
    }  # fmt: skip
    assert rep.get("/search").json == rep.get("/search?q=zzz").json == {"items": [], "next": None}
    assert places(rep.get("/search?q=a&kinds=lead")) == {"kinds"}
    assert len(api_for("viewer").get("/search?q=ada").json["items"]) == 4
    assert api_for("outsider").get("/search?q=ada").json["items"] == []
