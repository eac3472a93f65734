"""Ids of who asks and of what is asked for: a query that is kept holds none of them and takes them anew in each run.

So members who see records by the same rules share a query, in whichever workspaces they are: put into SQL for each of
them it would take longer than what it finds is worth. The query is built with ids that know their place in the call;
where one of them turns up as a value, each run puts the one that stands in that place of its own call.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import fields, replace
from typing import Any, Self, TypeAlias
from uuid import UUID

Ids: TypeAlias = "tuple[UUID | tuple[UUID, ...] | None, ...]"
"""What a call names by ids. A tuple in it is a group, of which there may be any number: only all of it can be taken."""
Pick: TypeAlias = "Callable[[Ids], Any]"


class IdKept(RuntimeError):
    """A query that is kept for all who ask alike would hold somebody's id."""


class NamesIds(ABC):
    """An argument that holds ids: who are equal but for these share a query.

    No protocol: to look whether an argument keeps to it Python would reckon shape and ids once more, in every call.
    """

    __slots__ = ()

    @property
    @abstractmethod
    def shape(self) -> Hashable:
        """Return all that a query is built by, and of ids no more than whether they are there."""

    @property
    @abstractmethod
    def ids(self) -> Ids:
        """Return the ids."""

    @abstractmethod
    def with_ids(self, ids: Ids) -> Self:
        """Return the same with other ids in their places."""


class ByFields(NamesIds):
    """For frozen dataclasses whose ids are fields of their own, as those of a filter."""

    __slots__ = ()

    @property
    def shape(self) -> Hashable:
        """Return the fields, without the ids in them."""
        return type(self), tuple(UUID if isinstance(value, UUID) else value for value in self._values())

    @property
    def ids(self) -> Ids:
        """Return the ids in the fields."""
        return tuple(value for value in self._values() if isinstance(value, UUID))

    def with_ids(self, ids: Ids) -> Self:
        """Return the same with other ids."""
        each: Any = self
        names = [name for name, value in zip(_names(each), self._values(), strict=True) if isinstance(value, UUID)]
        changed: Self = replace(each, **dict(zip(names, ids, strict=True)))
        return changed

    def _values(self) -> list[Any]:
        return [getattr(self, name) for name in _names(self)]


def _names(value: Any) -> list[str]:
    return [field.name for field in fields(value)]


class Own(UUID):
    """An id that knows its place: (3,) is the fourth of a call's, (3, 1) the second one of the group in that place."""

    __slots__ = ("place",)
    place: tuple[int, ...]

    def __init__(self, value: UUID, *place: int) -> None:
        super().__init__(int=value.int)
        object.__setattr__(self, "place", place)


class Call:
    """The arguments of a call: equal to those of another one by all but the ids in them."""

    __slots__ = ("_given", "_hash", "_key", "_named", "ids")

    def __init__(self, given: tuple[Any, ...], named: Mapping[str, Any]) -> None:
        self._given, self._named = given, named
        parts = [_part(value) for value in (*given, *named.values())]
        self.ids: Ids = tuple(each for _shape, ids in parts for each in ids)
        self._key = (len(given), *named, *(shape for shape, _ids in parts))
        self._hash = hash(self._key)

    def __hash__(self) -> int:
        return self._hash

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Call) and self._key == other._key

    def build(self, query: Callable[..., Any]) -> Any:
        """Return what a function gives for these arguments, with ids that know their places."""
        place, marked = 0, []
        for value in (*self._given, *self._named.values()):
            _shape, ids = _part(value)
            marked.append(_with(value, _placed(ids, place)) if ids else value)
            place += len(ids)
        given, named = marked[: len(self._given)], marked[len(self._given) :]
        return query(*given, **dict(zip(self._named, named, strict=True)))

    def taken(self, values: Mapping[str, Any], words: str = "") -> dict[str, Pick]:
        """Return how each run gets those of a query's values that are ids; raises IdKept for one without a place.

        `words` are the query's own, in which there must be none either. An id that somebody typed as a text is one of
        the texts by which calls are told apart, and may be kept.
        """
        found = {name: pick for name, value in values.items() if (pick := self._pick(value)) is not None}
        typed = repr(self._key)
        known = {text for each in _each(self.ids) for text in (str(each), each.hex) if text not in typed}
        fixed = {name: repr(value) for name, value in values.items() if name not in found}
        for name, text in {"its words": words, **fixed}.items():
            if any(each in text for each in known):
                raise IdKept(name)
        return found

    def _pick(self, value: Any) -> Pick | None:
        if isinstance(value, Own):
            return self._one(value)
        if isinstance(value, UUID) and value.int:  # the nil UUID is nobody's (RFC 9562)
            raise IdKept(str(value))
        if isinstance(value, list | tuple | set | frozenset) and any(isinstance(each, UUID) for each in value):
            return self._several(list(value))
        return None

    def _one(self, own: Own) -> Pick:
        at, *within = own.place
        if not within:
            return lambda ids: ids[at]
        if len(self._group(at)) > 1:
            raise IdKept("one of a group that may be of any number")
        return lambda ids: _members(ids[at])[0]

    def _several(self, values: list[Any]) -> Pick:
        if not all(isinstance(each, Own) for each in values):
            raise IdKept("an id without a place among others")
        at = values[0].place[0]
        if [each.place for each in values] == [(at, number) for number in range(len(self._group(at)))]:
            return lambda ids: list(_members(ids[at]))
        picks = [self._one(each) for each in values]
        return lambda ids: [pick(ids) for pick in picks]

    def _group(self, at: int) -> tuple[UUID, ...]:
        found = self.ids[at]
        return found if isinstance(found, tuple) else ()


def _members(group: UUID | tuple[UUID, ...] | None) -> tuple[UUID, ...]:
    assert isinstance(group, tuple)
    return group


def _each(ids: Ids) -> Iterable[UUID]:
    for value in ids:
        if isinstance(value, tuple):
            yield from value
        elif value is not None:
            yield value


def _part(value: Any) -> tuple[Hashable, Ids]:
    """Return what of an argument a query is built by, and the ids in it."""
    if isinstance(value, UUID):
        return UUID, (value,)
    if isinstance(value, tuple) and value and all(isinstance(each, UUID) for each in value):
        return (UUID, len(value)), value
    if isinstance(value, NamesIds):
        return value.shape, value.ids
    return value, ()


def _with(value: Any, ids: Ids) -> Any:
    if isinstance(value, UUID):
        return ids[0]
    return ids if isinstance(value, tuple) else value.with_ids(ids)


def _placed(ids: Ids, begin: int) -> Ids:
    return tuple(_own(value, at) for at, value in enumerate(ids, begin))


def _own(value: UUID | tuple[UUID, ...] | None, at: int) -> Any:
    if isinstance(value, tuple):
        return tuple(Own(each, at, number) for number, each in enumerate(value))
    return None if value is None else Own(value, at)
