"""Kept queries hold nobody's id: who ask alike share one, and each run takes the ids of its own call."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from threading import Barrier, Thread
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import any_, literal, or_, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import Uuid

from saas_crm.customers.models import Company
from tenants.db import fetch, tenant_scope
from tenants.kept import Kept, kept_queries
from tenants.taken import ByFields, Call, IdKept, Ids, NamesIds, Own
from tests.support.cast import Cast
from tests.support.making import Maker

ONE, TWO, THREE = (UUID(int=number) for number in (1, 2, 3))


@dataclass(frozen=True)
class Filter(ByFields):
    """A filter as lists have them."""

    owner_id: UUID | None = None
    city: str = ""
    company_id: UUID | None = None


@dataclass(frozen=True)
class Group(NamesIds):
    """Who asks: one, and any number of others."""

    own: UUID
    others: tuple[UUID, ...]

    @property
    def shape(self) -> object:
        """Whether there is one other or several."""
        return min(len(self.others), 2)

    @property
    def ids(self) -> Ids:
        """The one, and the others as a group."""
        return self.own, self.others

    def with_ids(self, ids: Ids) -> Group:
        """Return another one."""
        own, others = ids
        return Group(own, others)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        ((ONE,), (TWO,), True),
        ((ONE, "a"), (TWO, "b"), False),
        ((ONE,), (None,), False),
        (((ONE, TWO),), ((TWO, THREE),), True),
        (((ONE, TWO),), ((TWO,),), False),
        ((Filter(owner_id=ONE),), (Filter(owner_id=TWO),), True),
        ((Filter(owner_id=ONE),), (Filter(company_id=ONE),), False),
        ((Filter(owner_id=ONE, city="Linz"),), (Filter(owner_id=ONE, city="Graz"),), False),
        ((Filter(),), (Filter(),), True),
        ((Group(ONE, (TWO, THREE)),), (Group(TWO, (ONE, TWO, THREE)),), True),
        ((Group(ONE, (TWO,)),), (Group(ONE, (TWO, THREE)),), False),
    ],
)
def test_who_asks_alike(one: tuple[Any, ...], other: tuple[Any, ...], alike: bool) -> None:
    assert (Call(one, {}) == Call(other, {})) is alike
    assert (hash(Call(one, {})) == hash(Call(other, {}))) is alike


def test_named_arguments_are_not_taken_for_others() -> None:
    assert Call((), {"owner": ONE}) == Call((), {"owner": TWO})
    assert Call((), {"owner": ONE}) != Call((), {"company": ONE})
    assert Call((), {"owner": ONE}) != Call((ONE,), {})


def _values(group: Group, wanted: Filter, last: tuple[UUID, ...]) -> dict[str, Any]:
    return {
        "own": group.own, "others": list(group.others), "company": wanted.company_id, "last": list(last),
        "mixed": [group.own, last[1]], "name": "Ada", "number": 3,
    }  # fmt: skip


def test_each_value_is_taken_from_its_place() -> None:
    call = Call((Group(ONE, (TWO, THREE)), Filter(company_id=TWO)), {"last": (ONE, THREE)})
    values: dict[str, Any] = call.build(_values)
    assert values["company"] == TWO
    taken = call.taken(values)
    assert set(taken) == {"own", "others", "company", "last", "mixed"}
    again = Call((Group(THREE, (ONE, TWO, THREE)), Filter(company_id=ONE)), {"last": (TWO, ONE)}).ids
    assert {name: pick(again) for name, pick in taken.items()} == {
        "own": THREE, "others": [ONE, TWO, THREE], "company": ONE, "last": [TWO, ONE], "mixed": [THREE, ONE],
    }  # fmt: skip


@pytest.mark.parametrize(
    "kept",
    [
        lambda _group: TWO,  # somebody's id that came another way
        lambda _group: [TWO],
        lambda group: [group.own, THREE],
        lambda group: str(group.own),
        lambda group: f"owner:{group.own.hex}",
        lambda group: ["a", str(group.own)],
        lambda group: group.others[0],  # the others are so many today
        lambda group: list(group.others[:1]),
        lambda group: list(reversed(group.others)),
    ],
)
def test_no_id_is_kept(kept: Callable[[Group], Any]) -> None:
    call = Call((Group(ONE, (TWO, THREE)),), {})
    with pytest.raises(IdKept):
        call.taken({"value": call.build(kept)})


def test_nor_in_the_words_of_a_query() -> None:
    call = Call((ONE,), {})
    with pytest.raises(IdKept):
        call.taken({}, f"SELECT 1 WHERE id = '{ONE}'")
    assert call.taken({"own": call.build(lambda own: own)}, "SELECT 1 WHERE id = %(own)s").keys() == {"own"}


def test_an_id_that_was_typed_as_a_text_is_a_text() -> None:
    """Who types their own id into a filter is answered; who types another one has another query."""
    call = Call((Group(ONE, (TWO,)), Filter(city=str(ONE))), {})
    assert call.taken({"city": f"{ONE}%"}) == {}
    assert call != Call((Group(ONE, (TWO,)), Filter(city=str(TWO))), {})
    with pytest.raises(IdKept):
        call.taken({"city": f"{TWO}%"})


def test_the_only_one_of_a_group_may_be_taken_and_nobodys_id_be_kept() -> None:
    call = Call((Group(ONE, (TWO,)),), {})
    taken = call.taken({"other": call.build(lambda group: group.others[0]), "nobody": UUID(int=0)})
    assert taken.keys() == {"other"}
    assert taken["other"](Call((Group(ONE, (THREE,)),), {}).ids) == THREE


def test_an_id_with_a_place_is_the_id() -> None:
    own = Own(ONE, 3, 1)
    assert own == ONE
    assert hash(own) == hash(ONE)
    assert str(own) == str(ONE)
    assert own.place == (3, 1)


@kept_queries(4)
def _named(asking: Group, wanted: Filter) -> Any:
    theirs = or_(Company.owner_id == asking.own, Company.id == any_(literal(list(asking.others), ARRAY(Uuid))))
    query = select(Company.name).where(theirs).order_by(Company.name)
    return query.where(Company.id == wanted.company_id) if wanted.company_id else query


def test_one_query_serves_all(app: Flask, cast: Cast, make: Maker) -> None:
    made = [make.company("rep", name=name) for name in ("Ada", "Bob", "Cid")]
    a, b, c = (company.id for company in made)
    nobody = ONE
    with app.app_context(), tenant_scope(cast.tenants["acme"]):
        before = _named.cache_info().misses  # type: ignore[attr-defined]
        assert [row.name for row in fetch(_named(Group(nobody, (a, b)), Filter()))] == ["Ada", "Bob"]
        assert [row.name for row in fetch(_named(Group(nobody, (c, b, a)), Filter()))] == ["Ada", "Bob", "Cid"]
        assert fetch(_named(Group(TWO, (THREE, TWO)), Filter())) == []
        assert [row.name for row in fetch(_named(Group(nobody, (a, b)), Filter(company_id=b)))] == ["Bob"]
        assert fetch(_named(Group(nobody, (a, b)), Filter(company_id=c))) == []
        assert _named.cache_info().misses == before + 2  # type: ignore[attr-defined]


def test_many_threads_that_need_it_first_take_their_own(app: Flask, cast: Cast, make: Maker) -> None:
    """Who comes while another one puts the query into words must not find the first one's ids in it."""
    made = [make.company("rep", name=f"Co {number}") for number in range(8)]
    for _ in range(5):
        _named.cache_clear()
        found: dict[int, list[str]] = {}
        barrier = Barrier(len(made))

        def ask(number: int, barrier: Barrier = barrier, found: dict[int, list[str]] = found) -> None:
            with app.app_context(), tenant_scope(cast.tenants["acme"]):
                barrier.wait(10)
                rows = fetch(_named(Group(ONE, (made[number].id, TWO)), Filter()))
                found[number] = [row.name for row in rows]

        threads = [Thread(target=ask, args=(number,)) for number in range(len(made))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(20)
        assert found == {number: [f"Co {number}"] for number in range(len(made))}


def test_the_function_itself_builds_with_the_ids_as_they_are() -> None:
    assert not isinstance(_named.__wrapped__(Group(ONE, (TWO,)), Filter()), Kept)
