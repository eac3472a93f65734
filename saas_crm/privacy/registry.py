"""Which rooms hold something about people: each registers what it tells, erases and must keep, in `app.py`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple, Protocol
from uuid import UUID

from saas_crm.access.audit_log import is_told
from saas_crm.access.permissions import CurrentMember
from saas_crm.core.errors import Forbidden
from saas_crm.privacy.mentions import mention_of
from tenants.db import AnyQuery, AnySelect

Fate = Literal["removed", "emptied", "kept"]
Rows = Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody the workspace knows: their records (first the one that was asked for) and what they are known by."""

    ids: tuple[UUID, ...]
    name: str
    emails: tuple[str, ...] = ()
    phones: tuple[str, ...] = ()
    company_id: UUID | None = None

    @property
    def mention(self) -> str:
        """The pattern by which texts mention them, "" for none."""
        return mention_of(self.name, self.emails, self.phones)

    @property
    def identifiers(self) -> tuple[str, ...]:
        """What they are known by."""
        return tuple(dict.fromkeys(one for one in (self.name, *self.emails, *self.phones) if one))


class Counted(NamedTuple):
    """How many records of a kind have which fate when a person is erased: the query that counts them."""

    kind: str
    fate: Fate
    query: AnySelect


class Touched(NamedTuple):
    """Records of whose audit entries the named fields are blanked: the query of their ids."""

    resource: str
    ids: AnyQuery
    fields: tuple[str, ...]


def _no_rows(_person: Person) -> dict[str, Rows]:
    return {}


def _nothing(_person: Person) -> Sequence[Any]:
    return ()


@dataclass(frozen=True, slots=True)
class Holding:
    """What one room holds about people.

    `tells` gives all of it for the export, by section, codes and moments as they are. `counts` says what an erasure
    will do and `touches` whose audit entries it blanks, both before `erases` does it. `duties` is a query of reasons
    to keep: code, until (a day or none), num, note. `personal` names the fields, by resource, that say something of a
    person: who may not know all of them can neither give everything out nor erase.
    """

    tells: Callable[[Person], Mapping[str, Rows]] = _no_rows
    counts: Callable[[Person], Sequence[Counted]] = _nothing
    touches: Callable[[Person], Sequence[Touched]] = _nothing
    erases: Callable[[Person], object] = _nothing
    duties: Callable[[Person], AnySelect] | None = None
    personal: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


class Finder(Protocol):
    """Finds a person by the id of their record, as far as the member sees it; `hold` keeps it from others."""

    def __call__(self, contact_id: UUID, member: CurrentMember, *, hold: bool = False) -> Person | None:
        """Return them, None where there is none."""


holdings: dict[str, Holding] = {}
_finders: list[Finder] = []


def holds(room: str, holding: Holding) -> None:
    """Register a room; in the order in which everybody locks records, the persons themselves last."""
    holdings[room] = holding


def finds(finder: Finder) -> None:
    """Register how a person is found."""
    _finders[:] = [finder]


def check_knows_all(member: CurrentMember, permission: str) -> None:
    """Raise Forbidden where the member's role hides or masks something of people: their work would be half done."""
    named = {
        (resource, name) for one in holdings.values() for resource, names in one.personal.items() for name in names
    }
    if not all(is_told(resource, name, member) for resource, name in named):
        raise Forbidden(permission)


def find_person(contact_id: UUID, member: CurrentMember, *, hold: bool = False) -> Person | None:
    """Return a person the member sees, None where there is none."""
    return _finders[0](contact_id, member, hold=hold)
