"""One page about a customer or a deal for who takes over: each room tells its part.

A brief holds values, not texts: whoever shows it writes money, days and numbers as its reader does.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple
from uuid import UUID

from saas_crm.access.permissions import CurrentMember
from saas_crm.hand_over.registry import handed_over
from tenants.db import AnyRow

Place = Literal["who", "next", "open", "deals", "people", "last", "notes"]
PLACES: tuple[Place, ...] = ("who", "next", "open", "deals", "people", "last", "notes")
"""The sections of a brief, in order: what matters first stands first. Later rooms add theirs to one of them."""


class Phone(NamedTuple):
    """A phone number (E.164)."""

    number: str


class Mail(NamedTuple):
    """An e-mail address."""

    address: str


class Word(NamedTuple):
    """A code that the reader's face has a word for: ("lifecycle", "active"), ("activity", "call")."""

    list: str
    code: str


class More(NamedTuple):
    """Stands at the end of a section that is cut: how many more lines there are, or `at_least` are."""

    number: int
    at_least: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a section: values beside each other, perhaps behind a label, and perhaps a longer text below.

    A value is a text, Phone, Mail, Word, Money, date or datetime; empty ones are left out. A line that is only `More`
    says what was left out of the section.
    """

    values: tuple[Any, ...]
    label: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class Brief:
    """What a successor should know of one record."""

    resource: str
    id: UUID
    name: str
    sections: Mapping[Place, Sequence[Line]]


Told = Mapping[UUID, Mapping[Place, Sequence[Line]]]
Teller = Callable[[Mapping[str, Sequence[UUID]], CurrentMember], Told]
"""Asked for records (ids by resource), it tells of each what the member may see, by section: few statements for all."""


def briefs_of(rows: Sequence[AnyRow], member: CurrentMember) -> list[Brief]:
    """Return the briefs of records (rows of resource, record_id, name), in their order, as far as the member sees."""
    ids: dict[str, list[UUID]] = defaultdict(list)
    for row in rows:
        ids[row.resource].append(row.record_id)
    sections: dict[UUID, dict[Place, list[Line]]] = {row.record_id: {} for row in rows}
    for told in [kind.tells(ids, member) for kind in handed_over.values() if kind.tells and ids]:
        for record_id, parts in told.items():
            for place, lines in parts.items():
                sections[record_id].setdefault(place, []).extend(lines)
    return [Brief(row.resource, row.record_id, row.name, sections[row.record_id]) for row in rows]
