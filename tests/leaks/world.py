"""Where the hunt takes place: a workspace with records of everybody's, each marked, and a second one beside it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from uuid import UUID

import psycopg
from flask import Flask

from tests.access.ways_in import MODELS, World
from tests.conftest import Stage
from tests.guard.endpoints import Samples
from tests.leaks.marks import FIELDS, Mark
from tests.leaks.payments import PAID, Payments, paying
from tests.leaks.people import HOLDERS, Office, hung_of, stands
from tests.leaks.records import Records
from tests.leaks.roles import Permissions, hunting
from tests.support.cast import Person

KINDS = ("company", "contact", "opportunity", "activity")
NOBODY = "nobody"
OUTSIDER = "outsider"
PLACE = ("street", "city", "region", "postcode")
UNSEEN = ("hidden", "masked")
SPARE = "spare"
"""The owner's records, with a team and a member that can be spared."""


@dataclass
class Estate:
    """Everything the hunt knows of its workspace, in plain Python; the product is never asked."""

    app: Flask
    people: dict[str, Person]
    scopes: dict[str, Permissions]
    world: World
    numbers: dict[UUID, int]
    samples: dict[str, Samples]
    schema: str
    secrets: dict[int, tuple[str, str]] = field(default_factory=dict)
    """Marked things that are no records: kind and whose."""
    customers: Mapping[UUID, list[UUID]] = field(default_factory=dict)
    """The customers of deals: an activity on a deal is one with them."""
    tenant_id: UUID | None = None
    payments: Payments | None = None
    decide: Callable[[bool], None] = lambda _follow: None
    """Sets the workspace's policy whether children follow their customers."""
    _keys: dict[int, UUID] = field(default_factory=dict)
    _seen: dict[str, frozenset[int]] = field(default_factory=dict)
    _reach: dict[tuple[str, str, str], frozenset[UUID]] = field(default_factory=dict)

    @property
    def hunters(self) -> list[str]:
        """Return those who try everything."""
        return ["owner", *hunting()]

    @property
    def relations(self) -> list[str]:
        """Return whose ids are tried, besides one's own."""
        return [*HOLDERS, OUTSIDER, NOBODY]

    def sees(self, who: str, mark: Mark) -> bool:
        """Whether a member may be told this field of this record."""
        if mark.number in self.secrets:
            return self._knows(who, *self.secrets[mark.number])
        if mark.number not in self._numbers_seen(who):
            return False
        return not self.veiled(who, mark)

    def veiled(self, who: str, mark: Mark) -> bool:
        """Whether the member's role hides or masks the field."""
        kind = self.world.kind[self.record(mark.number)]
        return self.scopes[who].get(key_of(kind, FIELDS[mark.field])) in UNSEEN

    @property
    def numbered(self) -> Mapping[int, UUID]:
        """Return the records of the workspace by their numbers."""
        if len(self._keys) != len(self.numbers):
            self._keys = {found: key for key, found in self.numbers.items()}
        return self._keys

    def record(self, number: int) -> UUID:
        """Return the record with a number; raises KeyError."""
        return self.numbered[number]

    def can_see(self, who: str, kind: str, record_id: UUID) -> bool:
        """Whether a member sees a record of this workspace."""
        return record_id in self._reached(who, kind, "read")

    def seen_of(self, who: str, kind: str) -> frozenset[UUID]:
        """Return the records of a kind that a member sees, those in the bin, too."""
        return self._reached(who, kind, "read")

    def answers_for(self, who: str, kind: str) -> set[UUID]:
        """Return the records of a kind that a member's scope covers: what sums are made of."""
        return self.world.reach(self.scopes[who], who, kind, "read")

    def may(self, who: str, kind: str, action: str, record_id: UUID) -> bool:
        """Whether a member may do this with a record of this workspace."""
        return record_id in self._reached(who, kind, action)

    def knows_people(self, who: str) -> bool:
        """Whether a member may read contacts, and their role hides or masks nothing of them."""
        scopes = self.scopes[who]
        closed = (name for name, rule in scopes.items() if name.startswith("contact.") and rule in UNSEEN)
        return "contact:read" in scopes and not any(closed)

    def is_of(self, record_id: UUID, contact: UUID) -> bool:
        """Whether a record belongs to what is known of a person: it is theirs, or their company."""
        known = [*self.world.parents.get(record_id, ()), *self.customers.get(record_id, ())]
        return record_id == contact or contact in known or record_id in self.customers.get(contact, ())

    def covers(self, who: str, permission: str, owner: str) -> bool:
        """Whether a permission reaches what somebody owns; no unit is closed to who looks after people and tokens."""
        organisation = self.world.organisation
        if permission.startswith(("token:", "member:")):
            organisation = replace(organisation, closed=set())
        return organisation.covers(self.scopes[who].get(permission), who, owner)

    def name_of(self, member_id: UUID | str | None) -> str:
        """Return who a member is, "" for somebody outside the hunt."""
        return next((who for who, person in self.people.items() if str(person.member_id) == str(member_id)), "")

    def forget(self) -> None:
        """Reckon anew: somebody stands elsewhere now."""
        self._seen.clear()
        self._reach.clear()

    def hung(self, who: str) -> list[str]:
        """Return under which names records are kept that a member may see while they hang on what they may not."""
        return [name for name in (hung_of(who), hung_of("mate"), hung_of("clubbed")) if name in self.samples]

    @contextmanager
    def unfollowed(self) -> Iterator[None]:
        """Let children not follow their customers until the block ends."""
        self._follow(False)
        yield
        self._follow(True)

    def _follow(self, follow: bool) -> None:
        self.decide(follow)
        self.world.organisation.children_follow = follow
        self.forget()

    def _reached(self, who: str, kind: str, action: str) -> frozenset[UUID]:
        if (who, kind, action) not in self._reach:
            world, scopes = self.world, self.scopes[who]
            found = world.seen(scopes, who, kind) if action == "read" else world.changeable(scopes, who, kind, action)
            self._reach[who, kind, action] = frozenset(found)
        return self._reach[who, kind, action]

    def _numbers_seen(self, who: str) -> frozenset[int]:
        if who not in self._seen:
            keys = {key for kind in KINDS for key in self._reached(who, kind, "read")}
            self._seen[who] = frozenset(self.numbers[key] for key in keys)
        return self._seen[who]

    def _knows(self, who: str, permission: str, owner: str) -> bool:
        if permission == "billing:read":
            return permission in self.scopes[who]  # it is the workspace's, and nobody's own
        if permission == "hand_over:read" and self.scopes[who].get("audit:read") == "all":
            return True  # who may read the whole log reads what was noted of hand-overs, too
        return owner == who or self.covers(who, permission, owner)


@contextmanager
def estate(stage: Stage) -> Iterator[Estate]:
    """Build the workspace; all is put back at the end."""
    app, cast = stage.installation.app, stage.cast
    try:
        with stage.installation.place.owner() as connection:
            built = _built(stage, connection)
            app.extensions["directory"].forget()
            with paying(app, cast, connection) as built.payments:
                yield built
    finally:  # also of what was begun and could not be built
        stage.pristine.restore()
        app.extensions["directory"].forget()


def _built(stage: Stage, connection: psycopg.Connection) -> Estate:
    app, cast = stage.installation.app, stage.cast
    office = Office(app, cast, connection)
    people, scopes, roles = office.hire()
    world = World(organisation=stands(hunting()))
    office.furnish(world.organisation, people)
    records = Records(app, cast, world, people, office, roles["spare"])
    samples = records.fill(list(hunting()))
    office.appoint(people, roles)
    # Else, where a run takes long, each first request of somebody's would note that they were seen.
    connection.execute("UPDATE public.sessions SET last_seen_at = now() + interval '2 hours'")
    schema = cast.tenants["acme"].schema_name
    built = Estate(app, people, scopes, world, records.numbers, samples, schema, records.secrets, records.customers())
    built.decide, built.tenant_id = office.decide, cast.tenants["acme"].id
    built.secrets[PAID] = ("billing:read", "the workspace")
    return built


def key_of(kind: str, field: str) -> str:
    """Return the key of a field's rule: those of an address are one field."""
    return f"{kind}.address" if field in PLACE else f"{kind}.{field}"


def follows(kind: str) -> Mapping[str, str]:
    """Return the columns of a kind of record that name others, and the kind these are."""
    found = dict(getattr(MODELS[kind], "__follows__", ()))
    if kind == "opportunity":
        found |= {"company_id": "company", "contact_id": "contact"}
    return found
