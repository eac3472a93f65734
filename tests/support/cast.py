"""The cast everybody knows: two workspaces, and one person for each kind of access."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from flask import Flask
from sqlalchemy import insert, select

from saas_crm.access.api_tokens import issue_token
from saas_crm.access.founding import Founder, found_workspace
from saas_crm.access.models import Member, Role, Team
from saas_crm.access.queries import member_by_id
from saas_crm.access.sessions import start_session
from saas_crm.access.shared_models import Membership, User
from saas_crm.core.clock import now
from tenants.context import ActiveTenant, current_tenant
from tenants.db import SHARED, db, new_id, tenant_scope
from tenants.versions import lacks_tables

PASSWORD = "a password that is only for tests"
ACME, OTHER = "acme", "other"
TEAMS = {"owner": "root", "admin": "root", "manager": "north", "rep": "north", "teammate": "north",
         "colleague": "south", "viewer": "root"}  # fmt: skip
NAMES = {
    "owner": "Olivia Owner", "admin": "Adam Admin", "manager": "Mona Manager", "rep": "Rita Rep",
    "teammate": "Tom Teammate", "colleague": "Carl Colleague", "viewer": "Vera Viewer",
}  # fmt: skip
ROLES = {"teammate": "rep", "colleague": "rep"}


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody of the cast, with a browser that is signed in and, as a member, a phone with a token."""

    key: str
    name: str
    email: str
    user_id: UUID
    slug: str
    session: str
    role: str | None = None
    member_id: UUID | None = None
    team_id: UUID | None = None
    token: str = ""


@dataclass(frozen=True, slots=True)
class Cast:
    """Everybody, and the two workspaces: `acme` is where all members are, `other` where the outsider is."""

    people: Mapping[str, Person]
    tenants: Mapping[str, ActiveTenant]
    teams: Mapping[str, UUID]

    def __getitem__(self, key: str) -> Person:
        return self.people[key]

    @property
    def members(self) -> list[Person]:
        """Return the members of acme."""
        return [person for person in self.people.values() if person.slug == ACME and person.member_id]


def found_another(app: Flask, slug: str, name: str = "Another company") -> tuple[ActiveTenant, Person]:
    """Found one more workspace, with an owner of its own."""
    with app.app_context():
        tenant, user_id = _found(app, slug, name, f"owner-of-{slug}", "en", "US", "USD", "UTC")
        with tenant_scope(tenant):
            owner = person_of(f"owner-of-{slug}", slug, user_id)
            db.session.commit()
    return tenant, owner


def found_cast(app: Flask) -> Cast:
    """Found both workspaces and everybody in them, by the product's own actions where it has them."""
    with app.app_context():
        acme, owner_id = _found(app, ACME, "Acme Instruments", "owner", "en", "US", "USD", "UTC")
        other, outsider_id = _found(app, OTHER, "另一家公司", "outsider", "zh_Hans", "CN", "CNY", "Asia/Shanghai")
        people, teams = _staff(acme, owner_id)
        people["outsider"] = _outsider(other, outsider_id)
        people["stranger"] = _stranger()
        app.extensions["directory"].forget()
    return Cast(people, {ACME: acme, OTHER: other}, teams)


def _found(
    app: Flask, slug: str, name: str, key: str, locale: str, country: str, currency: str, timezone: str
) -> tuple[ActiveTenant, UUID]:
    founder = Founder(NAMES.get(key, f"Otto {key.title()}"), f"{key}@{slug}.example", PASSWORD)
    return found_workspace(
        app.extensions["directory"], founder, slug=slug, name=name, locale=locale, country=country,
        currency=currency, timezone=timezone, base_url="http://localhost", verified=True,
    )  # fmt: skip


def _staff(acme: ActiveTenant, owner_id: UUID) -> tuple[dict[str, Person], dict[str, UUID]]:
    users = {"owner": owner_id}
    users |= {key: new_user(key, NAMES[key], f"{key}@acme.example", acme) for key in NAMES if key != "owner"}
    with tenant_scope(acme):
        root = db.session.scalars(select(Team.id)).one()
        teams = {"root": root, "north": new_id(), "south": new_id()}
        for key in ("north", "south"):
            path = [root, teams[key]]
            db.session.execute(insert(Team).values(id=teams[key], name=key.title(), parent_id=root, path=path))
        roles = {row.key: row.id for row in db.session.execute(select(Role.key, Role.id))}
        db.session.flush()
        for key, user_id in users.items():
            if key != "owner":
                db.session.execute(insert(Member).values(
                    user_id=user_id, name=NAMES[key], email=f"{key}@acme.example", locale="en", timezone="UTC",
                    role_id=roles[ROLES.get(key, key)], team_id=teams[TEAMS[key]],
                ))  # fmt: skip
        db.session.flush()
        people = {key: person_of(key, acme.slug, user_id) for key, user_id in users.items()}
        db.session.commit()
    return people, teams


def person_of(key: str, slug: str, user_id: UUID) -> Person:
    """Return a member of the workspace that speaks as somebody of the cast, with a session and a token."""
    member_id, team_id = db.session.execute(select(Member.id, Member.team_id).where(Member.user_id == user_id)).one()
    member = member_by_id(member_id)
    issued, token = issue_token(member, f"Phone of {key}")
    if not lacks_tables(current_tenant()):  # where nobody keeps it, as in the former release, nobody asks
        issued.proved_at = now() + timedelta(days=1)  # no test waits for its phone to need another proof
    session = start_session(user_id, user_agent="test", address="127.0.0.1")
    return Person(key, member.name, member.email, user_id, slug, session, member.role_key, member_id, team_id, token)


def _outsider(other: ActiveTenant, user_id: UUID) -> Person:
    with tenant_scope(other):
        person = person_of("outsider", other.slug, user_id)
        db.session.commit()
    return person


def _stranger() -> Person:
    user_id = new_user("stranger", "Stan Stranger", "stranger@nowhere.example", None)
    session = start_session(user_id, user_agent="test", address="127.0.0.1")
    return Person("stranger", "Stan Stranger", "stranger@nowhere.example", user_id, "", session)


def new_user(key: str, name: str, email: str, tenant: ActiveTenant | None) -> UUID:
    """Make a sign-in with everybody's password; its hash is the owner's, since hashing is slow on purpose."""
    user_id = new_id()
    with db.engines[SHARED].begin() as connection:
        known = connection.scalar(select(User.password_hash).limit(1))
        connection.execute(insert(User).values(
            id=user_id, email=email, name=name, password_hash=known, email_verified_at=now()
        ))  # fmt: skip
        if tenant is not None:
            connection.execute(insert(Membership).values(user_id=user_id, tenant_id=tenant.id))
    return user_id
