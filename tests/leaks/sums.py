"""Numbers that betray: counts and sums on lists, the board, its forecast and Today, against the permission tables.

And what nobody may find out by asking for it: names of what they do not see, and fields their role does not show.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from decimal import Decimal
from uuid import UUID

from tests.guard.endpoints import Endpoint
from tests.leaks.asking import Case
from tests.leaks.marks import amount, phone, text
from tests.leaks.offers import hunted
from tests.leaks.people import HOLDERS
from tests.leaks.world import Estate, key_of

LISTS = {"companies.index": "company", "contacts.index": "contact", "board.index": "opportunity"}
_COUNT = re.compile(r'<div class="result-line"><span role="status">(?:(\d+) |No )')
_HEAD = re.compile(r'<span class="stage-count">(\d+)<.*?<div class="stage-sum"><span>([^<]*)</span>', re.S)
_FORECAST = re.compile(r'<dl class="forecast".*?</dl>', re.S)
_IN_ALL = re.compile(r'class="desktop-only">[^<]*?([\d,.]+)[^<\d]* in all<')
_FIGURE = re.compile(r'stat-label">(?:Overdue|Due today)</span><span class="stat-value">(\d+)<')
_NAMED = re.compile(r"[Zz]q\d{4}n")


def counted(estate: Estate, who: str) -> Iterator[Case]:
    """Yield each list and the board, whole, by each owner, and by words of what the member does not see."""
    for endpoint in hunted(estate.app):
        kind = LISTS.get(endpoint.rule.endpoint)
        if endpoint.method != "GET" or kind is None or f"{kind}:read" not in estate.scopes[who]:
            continue
        path = f"/acme{endpoint.rule.rule}"
        view = {"view": "list"} if kind == "opportunity" else {}
        for owner in ("", who, *HOLDERS):
            asked = {"owner": str(estate.samples[owner].values["member_id"])} if owner else {}
            yield _case(who, endpoint, path, {**asked, **view}, _is_count(_of(estate, who, kind, owner)), owner)
            if kind == "opportunity":
                yield _case(who, endpoint, path, asked, _is_board(estate, who, owner), owner)
        for words, whose in unknown_words(estate, who, kind):
            yield _case(who, endpoint, path, {"q": words, **view}, _is_count(0), whose)
    yield from _today(estate, who)
    yield from _orders(estate, who)


def unknown_words(estate: Estate, who: str, kind: str) -> Iterator[tuple[str, str]]:
    """Yield words that find nothing of a kind: names of what is hidden, and fields that the role does not show."""
    for owner in HOLDERS:
        for name in ("company", "contact", "opportunity"):
            key = UUID(str(estate.samples[owner].values[f"{name}_id"]))
            if not estate.can_see(who, name, key):
                yield text(estate.numbers[key], "name"), owner
    for key, number in estate.numbers.items():
        if estate.world.owner[key] in (who, "mate") and estate.world.kind[key] == kind:
            for field in ("phone", "email", "website", "description"):
                if estate.scopes[who].get(key_of(kind, field)) in ("hidden", "masked"):
                    yield phone(number, field) if field == "phone" else text(number, field), estate.world.owner[key]


def _case(
    who: str, endpoint: Endpoint, path: str, asked: dict[str, str], expects: Callable[[str], str], whose: str
) -> Case:
    query = "&".join(f"{name}={value.replace('+', '%2B')}" for name, value in asked.items())
    name = next((name for name in asked if name != "view"), "count")
    address = f"{path}?{query}" if query else path
    return Case(who, endpoint, address, who, named=f"{name} {whose or who}", expects=expects)


def _of(estate: Estate, who: str, kind: str, owner: str) -> int:
    """Return how many records of somebody's, or of everybody's, a member sees in a list; the bin's are in none."""
    binned = {estate.samples[one].values["recycled_id"] for one in ("owner", *HOLDERS)}
    return sum(owner in ("", estate.world.owner[key]) for key in estate.seen_of(who, kind) - binned)


def _is_count(wanted: int) -> Callable[[str], str]:
    def check(page: str) -> str:
        found = _COUNT.search(page)
        number = int(found[1] or 0) if found else 0
        return "" if number == wanted else f"counts {number}, expected {wanted}"

    return check


def _is_board(estate: Estate, who: str, owner: str) -> Callable[[str], str]:
    """Columns, sums and forecast are of what one answers for: by a scope, not through a customer or a share."""
    reach = [key for key in estate.answers_for(who, "opportunity") if owner in ("", estate.world.owner[key])]
    total = sum((Decimal(amount(estate.numbers[key])) for key in reach), Decimal(0))
    told = estate.scopes[who].get("opportunity.amount") not in ("hidden", "masked")

    def check(page: str) -> str:
        heads = _HEAD.findall(page)
        number, money = sum(int(one) for one, _ in heads), sum((_money(said) for _, said in heads), Decimal(0))
        forecast = sum((_money(said) for said in _IN_ALL.findall("".join(_FORECAST.findall(page)))), Decimal(0))
        wanted = total if told else Decimal(0)
        found = (number, money, forecast)
        return "" if found == (len(reach), wanted, wanted) else f"sums up {found}, expected {(len(reach), wanted)}"

    return check


def _money(said: str) -> Decimal:
    return Decimal(re.sub(r"[^\d.]", "", said) or "0")


def _today(estate: Estate, who: str) -> Iterator[Case]:
    """Today counts one's own tasks alone."""
    mine = [key for key in estate.seen_of(who, "activity") if estate.world.owner[key] == who]

    def check(page: str) -> str:
        found = sum(map(int, _FIGURE.findall(page)))
        return "" if found == len(mine) else f"counts {found} tasks, expected {len(mine)}"

    for endpoint in hunted(estate.app):
        if endpoint.rule.endpoint == "today.index" and endpoint.method == "GET":
            yield Case(who, endpoint, "/acme/", who, named=f"count {who}", expects=check)


def _orders(estate: Estate, who: str) -> Iterator[Case]:
    """Whose role does not show the amount is not told by an order which deal is the larger."""
    if estate.scopes[who].get("opportunity.amount") not in ("hidden", "masked"):
        return
    for endpoint in hunted(estate.app):
        if endpoint.rule.rule in ("/deals", "/api/v1/opportunities") and endpoint.method == "GET":
            for by in ("amount", "-amount"):
                address = f"/acme{endpoint.rule.rule}?sort={by}" + ("" if endpoint.is_api else "&view=list")
                yield Case(who, endpoint, address, who, named=f"sort {who}", expects=_is_unordered(by))


def _is_unordered(by: str) -> Callable[[str], str]:
    def check(said: str) -> str:
        numbers = list(dict.fromkeys(int(mark[2:6]) for mark in _NAMED.findall(said)))
        ordered = sorted(numbers, reverse=by.startswith("-"))
        return f"is in the order of {by}" if len(numbers) > 2 and numbers == ordered else ""

    return check
