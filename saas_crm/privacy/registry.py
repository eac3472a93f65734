"""Which rooms hold something about people: each registers what it tells, erases and must keep, in `app.py`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal, NamedTuple, Protocol
from uuid import UUID

from sqlalchemy import ColumnElement, Uuid, cast, false, func, literal, null, select
from sqlalchemy.dialects.postgresql import ARRAY

from saas_crm.access.audit_log import is_told
from saas_crm.access.permissions import CurrentMember
from saas_crm.core.errors import Forbidden
from saas_crm.privacy.mentions import mention_of
from tenants.db import AnyQuery, AnySelect, db

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
    held: Mapping[str, Sequence[UUID]] = field(default_factory=dict)
    """What hangs on them by kind, once it is held."""
    lives: bool = True
    """Whether they are among the contacts: not in the recycle bin, nor known from the log only."""
    records: Rows = ()
    """What their own records say, all of it."""

    @property
    def mention(self) -> str:
        """The pattern by which texts that hang on them mention them, "" for none."""
        return mention_of(self.name, self.emails, self.phones)

    @property
    def mention_elsewhere(self) -> str:
        """The pattern by which other texts mention them, "" for none: a name that may be a word tells nothing there."""
        return mention_of(self.name, self.emails, self.phones, elsewhere=True)

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
    to keep: code, until (a day or none), num, note, and `must_stay` the clause that a contact's column is one with such
    a reason. `passages` is a query of texts that others share and in which something will be blanked: kind, the place.
    `theirs` is a query of the ids of records of this kind that hang on the person, by which `hold` keeps them from
    others. `personal` names the fields, by resource, that say something of a
    person: who may not know all of them can neither give everything out nor erase.
    """

    tells: Callable[[Person], Mapping[str, Rows]] = _no_rows
    counts: Callable[[Person], Sequence[Counted]] = _nothing
    touches: Callable[[Person], Sequence[Touched]] = _nothing
    erases: Callable[[Person], object] = _nothing
    duties: Callable[[Person], AnySelect] | None = None
    must_stay: Callable[[Any], ColumnElement[bool]] | None = None
    passages: Callable[[Person], Sequence[AnySelect]] = _nothing
    theirs: Callable[[Person], AnySelect] | None = None
    personal: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


class Finder(Protocol):
    """Finds a person by the id of their record, as far as the member sees it.

    `hold` keeps it from others. `export` takes one of the member's places for exports in the same statement, and
    raises TooManyAttempts where none is free.
    """

    def __call__(
        self, contact_id: UUID, member: CurrentMember, *, hold: bool = False, export: bool = False
    ) -> Person | None:
        """Return them, None where there is none."""


holdings: dict[str, Holding] = {}
_finders: list[Finder] = []


def holds(room: str, holding: Holding) -> None:
    """Register a room; in the order in which everybody locks records, the persons themselves last."""
    holdings[room] = holding


def finds(finder: Finder) -> None:
    """Register how a person is found."""
    _finders[:] = [finder]


def theirs(resource: str, person: Person) -> AnySelect:
    """Return the query of the ids of records of a kind that hang on a person."""
    if resource in person.held:
        return select(func.unnest(literal(list(person.held[resource]), ARRAY(Uuid))))
    asked = holdings[resource].theirs if resource in holdings else None
    return asked(person) if asked else select(cast(null(), Uuid)).where(false())


def hold_theirs(person: Person) -> Person:
    """Keep from others what hangs on a person, and remember what it is."""
    held = {
        resource: db.session.scalars(one.theirs(person).with_for_update()).all()
        for resource, one in holdings.items() if one.theirs is not None
    }  # fmt: skip
    return replace(person, held=held)


def check_knows_all(member: CurrentMember, permission: str) -> None:
    """Raise Forbidden where the member's role hides or masks something of people: their work would be half done."""
    named = {
        (resource, name) for one in holdings.values() for resource, names in one.personal.items() for name in names
    }
    if not all(is_told(resource, name, member) for resource, name in named):
        raise Forbidden(permission)


def find_person(contact_id: UUID, member: CurrentMember, *, hold: bool = False, export: bool = False) -> Person | None:
    """Return a person the member sees, None where there is none; with `export` raises TooManyAttempts."""
    return _finders[0](contact_id, member, hold=hold, export=export)
