"""Several ids in one request: one's own beside others' that one may not touch, and all sorts of others' together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tests.guard.endpoints import Endpoint
from tests.leaks.asking import Case
from tests.leaks.filling import id_kind, value_of
from tests.leaks.forms import Field
from tests.leaks.reading import addresses, names_asked
from tests.leaks.world import NOBODY, OUTSIDER, Estate

EVERYBODY = ("mate", "beside", "walled", OUTSIDER, NOBODY)
MIXTURES = (("mate",), ("below",), ("beside",), ("walled",), (OUTSIDER,), EVERYBODY)
WAYS: Mapping[str, tuple[Mapping[str, str], ...]] = {
    "settings_members.change_many": (
        {"what": "team"}, {"what": "role"}, {"what": "freeze"}, {"what": "thaw"},
    ),
    "hand_overs.look": ({"by": "load"}, {"by": "picked"}), "hand_overs.create": ({"by": "load"}, {"by": "picked"}),
    "api.make_hand_over": ({"by": "load"}, {"by": "picked"}),
}  # fmt: skip
"""What else is said where that decides what becomes of the ids."""


def form_batches(
    estate: Estate, who: str, endpoint: Endpoint, fields: list[Field], sent: Mapping[str, Any]
) -> Iterator[Case]:
    """Yield the endpoint's form with several ids in each field that takes them."""
    several = names_asked(estate, endpoint, many=True)
    for field in fields:
        if id_kind(field.name) is None or not (field.name in several or field.name.endswith("_ids")):
            continue
        for whose in mixtures(who):
            ids = [_item(estate, field.name, one) for one in whose]
            for way in WAYS.get(endpoint.rule.endpoint, ({},)):
                for address in addresses(estate, endpoint, who):
                    yield _batch(who, endpoint, address, {**sent, **way, field.name: ids}, field.name, whose)


def body_batches(
    estate: Estate, who: str, endpoint: Endpoint, schemas: Mapping[str, Mapping[str, Any]], body: Mapping[str, Any]
) -> Iterator[Case]:
    """Yield the operation's body with several ids in each of its lists."""
    [address] = addresses(estate, endpoint, who)[:1]
    for name, schema in schemas.items():
        if schema.get("type") != "array" or (id_kind(name) is None and name != "picks"):
            continue
        for whose in mixtures(who):
            items = [_item(estate, name, one) for one in whose]
            for way in WAYS.get(endpoint.rule.endpoint, ({},)):
                yield _batch(who, endpoint, address, {**body, **way, name: items}, name, whose)


def mixtures(who: str) -> list[tuple[str, ...]]:
    """Return whose ids stand together: one's own first."""
    return [(who, *others) for others in MIXTURES]


def _item(estate: Estate, name: str, whose: str) -> Any:
    if name not in ("pick", "picks"):
        return str(value_of(estate, name, whose))
    picked = {
        "customer_id": str(estate.samples[whose].values["company_id"]),
        "to_id": str(estate.samples["mate"].values["member_id"]),
    }
    return picked if name == "picks" else ":".join(picked.values())


def _batch(who: str, endpoint: Endpoint, address: str, sent: Any, name: str, whose: tuple[str, ...]) -> Case:
    return Case(who, endpoint, address, who, sent, named=f"{name}[] {' + '.join(whose)}")
