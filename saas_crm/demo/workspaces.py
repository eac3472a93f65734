"""The two demo workspaces: people, teams and a lively story each. A killed load is taken up again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from random import Random
from uuid import UUID

from flask import Flask
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from saas_crm.access.founding import Founder, found_workspace, root_team
from saas_crm.access.models import Member, Role, Team
from saas_crm.access.passwords import hash_password
from saas_crm.access.shared_models import Membership, User
from saas_crm.core.audit import Actor, AuditEntry, act_as, record_act
from saas_crm.core.clock import now
from saas_crm.demo.marks import DEMO_PASSWORD, LOADED, OWING
from saas_crm.demo.scene import Scene, Sizes, Step
from saas_crm.demo.store import store
from saas_crm.demo.tell import tell
from saas_crm.demo.words import Words
from saas_crm.demo.words_chinese import CHINESE
from saas_crm.demo.words_german import GERMAN
from saas_crm.opportunities.models import Stage
from tenants.context import ActiveTenant
from tenants.db import SHARED, db, new_id, tenant_scope
from tenants.directory import Directory
from tenants.runtime import runtime_directory, runtime_settings

SEED = 20_261_121


@dataclass(frozen=True, slots=True)
class Person:
    """A member of a demo workspace; `share` is how busy they are, 0 for those who own nothing."""

    sign_in: str
    name: str
    role: str
    team: str = ""
    share: int = 0


@dataclass(frozen=True, slots=True)
class Plan:
    """A demo workspace: `teams` are names with the team above each, "" for the top."""

    slug: str
    name: str
    locale: str
    country: str
    currency: str
    timezone: str
    words: Words
    sizes: Sizes
    teams: Mapping[str, str]
    people: tuple[Person, ...]

    def email(self, person: Person) -> str:
        """Return a person's sign-in."""
        return f"{person.sign_in}@{self.slug}.example"


PLANS = (
    Plan(
        "demo", "Lindenau Kitchen Systems", "en", "DE", "EUR", "Europe/Berlin", GERMAN,
        Sizes(companies=60, consumers=18, open_deals=(8, 8, 7, 6), won=10, lost=6, planned=12),
        {"Sales": "", "Team North": "Sales", "Team South": "Sales"},
        (
            Person("owner", "Clara Lindenau", "owner", share=6), Person("admin", "Jonas Weber", "admin", share=3),
            Person("manager", "Miriam Vogel", "manager", "Sales", share=18),
            Person("rep", "Ben Hartmann", "rep", "Team North", share=38),
            Person("rep2", "Aylin Demir", "rep", "Team South", share=35), Person("viewer", "Pia Schuster", "viewer"),
        ),
    ),
    Plan(
        "huaxia", "华夏智能装备", "zh_Hans", "CN", "CNY", "Asia/Shanghai", CHINESE,
        Sizes(companies=36, consumers=8, open_deals=(5, 5, 4, 3), won=6, lost=4, planned=12),
        {"销售部": ""},
        (Person("owner", "陈思远", "owner", share=40), Person("rep", "林晓雯", "rep", "销售部", share=60)),
    ),
)  # fmt: skip


OWING_PLAN = Plan(
    OWING, "Nordwerk Messtechnik", "en", "DE", "EUR", "Europe/Berlin", GERMAN,
    Sizes(companies=9, consumers=2, open_deals=(1, 1, 1, 1), won=1, lost=1, planned=3),
    {"Sales": ""},
    (Person("owner", "Hanno Brix", "owner", share=50), Person("rep", "Swantje Ohm", "rep", "Sales", share=50)),
)  # fmt: skip


def load_demo(app: Flask, *, owing: bool = False) -> list[str]:
    """Make the demo workspaces that are missing or were left half made; returns their slugs.

    With `owing` the one besides whose payment is due.

    Each workspace's people and data come in one transaction. Raises RuntimeError outside the demo: nowhere
    else may a password be known beforehand.
    """
    with app.app_context():
        if runtime_settings().environment not in ("demo", "test"):
            raise RuntimeError("demo workspaces are made in the demo only")
        plans = (OWING_PLAN,) if owing else PLANS
        return [plan.slug for plan in plans if _load(plan, runtime_directory())]


def _load(plan: Plan, directory: Directory) -> bool:
    users = _make_users(plan)
    there = directory.by_slug(plan.slug) or directory.by_former_slug(plan.slug)
    tenant = there or _found(plan, directory, users)
    with tenant_scope(tenant):
        session = db.session()
        if session.scalar(select(AuditEntry.id).where(AuditEntry.action == LOADED).limit(1)) is not None:
            return False
        act_as(session, Actor(None, "command"))
        members = _make_members(session, plan, users)
        _make_memberships(tenant, users)
        counts = store(session, tell(_scene(session, plan, members)))
        record_act(session, LOADED, "workspace", tenant.id, dict(counts))
        session.commit()
    return True


def _make_users(plan: Plan) -> dict[str, UUID]:
    """Make the sign-ins, their addresses confirmed; those that are there already stay."""
    rows = [
        {"id": new_id(), "email": plan.email(person), "name": person.name, "locale": plan.locale,
         "timezone": plan.timezone, "password_hash": hash_password(DEMO_PASSWORD), "email_verified_at": now()}
        for person in plan.people
    ]  # fmt: skip
    with db.engines[SHARED].begin() as connection:
        connection.execute(insert(User).on_conflict_do_nothing(index_elements=["email"]), rows)
        found = connection.execute(select(User.email, User.id).where(User.email.in_([r["email"] for r in rows])))
        return {row.email: row.id for row in found}


def _found(plan: Plan, directory: Directory, users: Mapping[str, UUID]) -> ActiveTenant:
    owner = plan.people[0]
    founder = Founder(owner.name, plan.email(owner), DEMO_PASSWORD, users[plan.email(owner)])
    tenant, _ = found_workspace(
        directory, founder, slug=plan.slug, name=plan.name, locale=plan.locale, country=plan.country,
        currency=plan.currency, timezone=plan.timezone, base_url=runtime_settings().base_url, verified=True,
    )  # fmt: skip
    return tenant


def _make_memberships(tenant: ActiveTenant, users: Mapping[str, UUID]) -> None:
    rows = [{"user_id": user_id, "tenant_id": tenant.id} for user_id in users.values()]
    with db.engines[SHARED].begin() as connection:
        connection.execute(insert(Membership).on_conflict_do_nothing(), rows)


def _make_members(session: Session, plan: Plan, users: Mapping[str, UUID]) -> dict[UUID, int]:
    """Add teams and members; returns the members who own records with their shares."""
    roles = {role.key: role.id for role in session.scalars(select(Role))}
    teams = _make_teams(session, plan)
    there = {member.email: member for member in session.scalars(select(Member))}
    shares = {}
    for person in plan.people:
        email = plan.email(person)
        member = there.get(email)
        if member is None:
            member = Member(
                user_id=users[email], name=person.name, email=email, locale=plan.locale, timezone=plan.timezone,
                role_id=roles[person.role], team_id=teams[person.team], two_factor=False,
            )  # fmt: skip
            session.add(member)
            session.flush()
        if person.share:
            shares[member.id] = person.share
    return shares


def _make_teams(session: Session, plan: Plan) -> dict[str, UUID]:
    top = root_team(session)
    assert top is not None
    paths = {"": [top]}
    for name, above in plan.teams.items():
        team_id = new_id()
        paths[name] = [*paths[above], team_id]
        session.add(Team(id=team_id, name=name, parent_id=paths[above][-1], path=paths[name]))
        session.flush()
    return {name: path[-1] for name, path in paths.items()}


def _scene(session: Session, plan: Plan, owners: Mapping[UUID, int]) -> Scene:
    stages = session.scalars(select(Stage).where(Stage.archived_at.is_(None)).order_by(Stage.position))
    return Scene(
        words=plan.words, sizes=plan.sizes, now=now(), timezone=plan.timezone, country=plan.country,
        currency=plan.currency, owners=owners, rng=Random(SEED), new_id=lambda _table: new_id(),  # noqa: S311
        steps=[Step(stage.id, stage.pipeline_id, stage.kind) for stage in stages],
    )  # fmt: skip
