"""Everything one can ask to see: each page and each list, of everybody's, by each name its address takes."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any, get_args
from urllib.parse import urlencode

from mobile_api.openapi import Operation
from mobile_api.registry import load
from tests.guard.endpoints import SAFE, Endpoint
from tests.leaks.asking import Case
from tests.leaks.filling import SOUGHT, id_kind, search_words
from tests.leaks.judging import LOST
from tests.leaks.offers import Offers, hunted, key_of
from tests.leaks.world import KINDS, NOBODY, OUTSIDER, SPARE, Estate

ROOT = Path(__file__).resolve().parents[2]
OTHERS = ("mate", "beside", "walled", "aided", OUTSIDER, NOBODY)
NEAR_AND_FAR = ("mate", "beside", "walled", OUTSIDER)
_ASKED = re.compile(
    r"""(?:asked|asked_id|asked_ids|asked_choice|asked_day|args\.get|values\.get|args\.getlist)\(\s*"(\w+)\""""
)
_MANY = re.compile(r"""getlist\(\s*"(\w+)\"""")
_IMPORTED = re.compile(r"^from (web(?:\.\w+)+) import", re.M)


def addresses(estate: Estate, endpoint: Endpoint, target: str) -> list[str]:
    """Return the endpoint's address with somebody's ids; several where the path names the kind of record."""
    samples = estate.samples[target]
    if endpoint.rule.rule.startswith("/recycle-bin/"):
        values = {**samples.values, "kind": "company", "record_id": samples.values["recycled_id"]}
        return [replace(samples, values=values).address(estate.app, endpoint, slug="acme")]
    if not {"kind", "record_id"} <= endpoint.rule.arguments:
        return [samples.address(estate.app, endpoint, slug="acme")]
    found = []
    for kind in KINDS:
        values = {**samples.values, "kind": kind, "record_id": samples.values[f"{kind}_id"]}
        found.append(replace(samples, values=values).address(estate.app, endpoint, slug="acme"))
    return found


def targets(estate: Estate, who: str, endpoint: Endpoint) -> list[str]:
    """Return whose ids are put into an endpoint's path."""
    named = LOST & set(endpoint.rule.arguments)
    if not named:
        return [who]
    if endpoint.declared.permission is not None and endpoint.declared.permission not in estate.scopes[who]:
        return [who]
    if named <= {"pipeline_id", "stage_id", "role_id"}:
        return [who, SPARE, OUTSIDER, NOBODY]
    if not endpoint.named_records and "record_id" not in named:
        return [who, SPARE, "mate", "walled", OUTSIDER, NOBODY]
    others = [*estate.hung(who), *estate.relations] if endpoint.method in SAFE else OTHERS
    return [who, *([SPARE] if "member_id" in named else []), *others]


def plain_readings(estate: Estate, who: str, *, api: bool) -> Iterator[Case]:
    """Yield each page or each operation that reads, with everybody's ids in the path."""
    for endpoint in hunted(estate.app):
        if endpoint.method != "GET" or endpoint.is_api != api:
            continue
        for target in targets(estate, who, endpoint):
            for address in addresses(estate, endpoint, target):
                yield Case(who, endpoint, address, target)


def page_queries(estate: Estate, offers: Offers, who: str) -> Iterator[Case]:
    """Yield each page with each name that its address takes, and everybody's ids, words and orders as values."""
    for endpoint in _listing(estate, who, api=False):
        names = offers.names[key_of(endpoint)] | names_asked(estate, endpoint)
        [address] = addresses(estate, endpoint, who)[:1]
        views = [{}, *({"view": view} for view in sorted(offers.values["view"]) if "view" in names)]
        for name in sorted(names - {"csrf_token", "view"}):
            for value, whose in values_for(estate, who, name, sorted(offers.values[name])):
                for view in views:
                    yield _asking(who, endpoint, address, {name: value, **view, **_quick(names, name)}, whose)


def _quick(names: set[str], asked: str) -> dict[str, str]:
    """Ask for files as CSV, which are written in no time, unless it is the kind of file that is tried."""
    return {"format": "csv"} if "format" in names and asked != "format" else {}


def api_queries(estate: Estate, who: str) -> Iterator[Case]:
    """Yield each list of the API with each of its filters, and everybody's ids, words and orders as values."""
    operations = operations_by_path()
    for endpoint in _listing(estate, who, api=True):
        model = operations[endpoint.method, endpoint.rule.rule].query_model
        [address] = addresses(estate, endpoint, who)[:1]
        address = address.partition("?")[0]
        for name, field in (model.model_fields if model else {}).items():
            choices = [str(one) for one in _choices(field.annotation)]
            for value, whose in values_for(estate, who, name, choices):
                more = (
                    {"limit": "200"} if model is not None and "limit" in model.model_fields and name != "limit" else {}
                )
                yield _asking(who, endpoint, address, {name: value, **more}, whose)


def _listing(estate: Estate, who: str, *, api: bool) -> Iterator[Endpoint]:
    for endpoint in hunted(estate.app):
        allowed = endpoint.declared.permission is None or endpoint.declared.permission in estate.scopes[who]
        if endpoint.method == "GET" and endpoint.is_api == api and allowed and not endpoint.named_records:
            yield endpoint


def _asking(who: str, endpoint: Endpoint, address: str, query: dict[str, str], whose: str) -> Case:
    joined = f"{address}{'&' if '?' in address else '?'}{urlencode(query)}"
    return Case(who, endpoint, joined, who, named=f"{next(iter(query))} {whose}".strip())


def values_for(estate: Estate, who: str, name: str, offered: list[str]) -> list[tuple[str, str]]:
    """Return values for a name of an address, each with whose it is."""
    kind = id_kind(name)
    if kind is not None:
        return [(str(estate.samples[whose].values[kind]), whose) for whose in NEAR_AND_FAR]
    if name in ("q", "search", "term", "name", "email", "phone"):
        kinds = [SOUGHT[at % len(SOUGHT)] for at in range(len(NEAR_AND_FAR))]
        pairs = [*zip(NEAR_AND_FAR, kinds, strict=True), *((one, "contact") for one in estate.hung(who))]
        words = [(word, whose) for whose, kind in pairs for word in search_words(estate, whose, [kind])]
        return [*words, ("zq0", ""), ("zq5", "")]
    if name in ("tag", "tags"):
        return [(f"{search_words(estate, whose)[0]}t".capitalize(), whose) for whose in NEAR_AND_FAR]
    return [(value, "") for value in [value for value in offered if "zq" not in value.lower()][:2]]


def _choices(annotation: Any) -> list[Any]:
    found = list(get_args(annotation))
    nested = [one for part in found for one in _choices(part)]
    return [one for one in found if isinstance(one, str | int) and not isinstance(one, type)] + nested


def names_asked(estate: Estate, endpoint: Endpoint, *, many: bool = False) -> set[str]:
    """Return the names a page's code asks its address for: by its source, and that of the pages' modules it uses.

    `many` asks for those of which it takes several values.
    """
    view = inspect.unwrap(estate.app.view_functions[endpoint.rule.endpoint])
    return _names_in(inspect.getsourcefile(view) or "", _MANY if many else _ASKED)


@cache
def _names_in(source: str, asked: re.Pattern[str]) -> set[str]:
    text = Path(source).read_text("utf-8")
    used = [ROOT / f"{name.replace('.', '/')}.py" for name in _IMPORTED.findall(text)]
    texts = [text, *(path.read_text("utf-8") for path in used if path.exists())]
    return {name for one in texts for name in asked.findall(one)}


@cache
def operations_by_path() -> dict[tuple[str, str], Operation]:
    """Return the operations of the API by method and rule."""
    return {(one.method, f"/api/v1{one.path}"): one for one, _ in load().bound()}


def of_the_lacking(estate: Estate, *, api: bool, reading: bool) -> Iterator[Case]:
    """Yield, for each endpoint that takes a permission, the request of somebody who has everything but that.

    Whose ids these are makes no difference: who lacks the permission is not even told that a record is not there.
    """
    for endpoint in hunted(estate.app):
        permission = endpoint.declared.permission
        if permission is None or endpoint.is_api != api or (endpoint.method in SAFE) != reading:
            continue
        for target in ("owner", NOBODY) if LOST & set(endpoint.rule.arguments) else ("owner",):
            for address in addresses(estate, endpoint, target):
                yield Case(f"lacks {permission}", endpoint, address, target)
