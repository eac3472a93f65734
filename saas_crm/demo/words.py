"""What a story is told with: names, places and sentences of one language and trade."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class City:
    """A place with the numbers of its fixed telephones: `phone` takes a three-digit number."""

    name: str
    region: str
    postcode: str
    phone: str


@dataclass(frozen=True, slots=True)
class Firm:
    """An invented company and what it does."""

    name: str
    industry: str


@dataclass(frozen=True, slots=True)
class Ware:
    """Something that is sold, and what it costs in euros: from … to."""

    name: str
    low: int
    high: int


@dataclass(frozen=True, slots=True)
class Words:
    """One language's vocabulary. `{person}` and `{firm}` in a sentence stand for who it is about."""

    firms: tuple[Firm, ...]
    cities: tuple[City, ...]
    streets: tuple[str, ...]
    mobiles: tuple[str, ...]
    given: tuple[str, ...]
    family: tuple[str, ...]
    full_name: str
    titles: tuple[str, ...]
    tags: tuple[str, ...]
    wares: tuple[Ware, ...]
    happened: Mapping[str, tuple[tuple[str, str], ...]]
    planned: Mapping[str, tuple[str, ...]]
    won: Mapping[str, str]
    lost: Mapping[str, str]
    rooms: tuple[str, ...]
    about_firm: tuple[str, ...]
    consumer_ware: Ware
