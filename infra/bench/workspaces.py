"""Makes the installations that are measured: one with a large workspace among small ones, one with few tenants."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime
from uuid import UUID

import psycopg
from flask import Flask
from sqlalchemy import func, insert, select

from infra.bench.filling import fill
from infra.bench.invented import Invented, today_utc
from infra.bench.place import Place
from infra.bench.plan import Plan, Size
from saas_crm.access.founding import Founder, found_workspace
from saas_crm.access.models import Member, Role, Team
from saas_crm.access.passwords import hash_password
from saas_crm.access.queries import user_by_email
from saas_crm.access.shared_models import Membership, User
from saas_crm.app import create_app
from saas_crm.core.clock import now
from saas_crm.opportunities.models import Stage
from tenants.context import ActiveTenant
from tenants.db import SHARED, db, new_id, tenant_scope
from tenants.migrate import connect
from tenants.provisioning import make_spare
from tenants.settings import Settings

MAIN, FEW = "bench_main", "bench_few"
LARGE, THOUSANDTH = "large", "thousandth"
PASSWORD = "a password of the benchmark"
OWNER = "owner@bench.example"
PARALLEL = 4


def prepare(place: Place, plan: Plan) -> tuple[Settings, Settings]:
    """Make what is missing of both installations; returns their settings."""
    main, few = place.make_database(MAIN), place.make_database(FEW)
    if place.notes.get("filled") != plan.key:
        if "filled" in place.notes or "begun" in place.notes:
            raise SystemExit(f"{place.folder} holds the data of another plan, or half of one; remove it.")
        place.note(begun=plan.key, now=today_utc().isoformat())
        moment = datetime.fromisoformat(place.notes["now"])
        with said("few small workspaces"), application(few) as app:
            _small_ones(app, few, plan.few_tenants, plan.small, moment)
        with application(main) as app:
            with said(f"{plan.small_tenants} small workspaces"):
                _small_ones(app, main, plan.small_tenants, plan.small, moment)
            for slug, size in ((THOUSANDTH, plan.thousandth), (LARGE, plan.large)):
                with said(f"a workspace of {size.companies:,} companies, {size.activities:,} activities"):
                    _staffed(app, main, slug, size, members=plan.members, roles=plan.roles, moment=moment)
        for settings in (main, few):
            with psycopg.connect(settings.owner_url, autocommit=True) as connection:
                connection.execute("VACUUM (ANALYZE)")
                connection.execute("CHECKPOINT")
        place.note(filled=plan.key)
    return main, few


@contextmanager
def said(what: str) -> Iterator[None]:
    """Tell what is being done and how long it took."""
    began = time.monotonic()
    print(f"  {what} …", flush=True)
    yield
    print(f"    {time.monotonic() - began:.1f} s", flush=True)


@contextmanager
def application(settings: Settings) -> Iterator[Flask]:
    """Build the application of an installation for use in this process."""
    app = create_app(settings)
    with app.app_context():
        yield app
        for engine in db.engines.values():
            engine.dispose()


def top_up_spares(settings: Settings, wanted: int) -> None:
    """Make ready-made workspaces until there are `wanted`."""
    with connect(settings.owner_url) as connection:
        row = connection.execute("SELECT count(*) FROM public.tenants WHERE status = 'spare'").fetchone()
    missing = wanted - (row[0] if row else 0)

    def work(count: int) -> None:
        with connect(settings.owner_url) as connection:
            for _ in range(count):
                make_spare(connection, settings.database_url)

    if missing > 0:
        shares = [missing // PARALLEL + (place < missing % PARALLEL) for place in range(PARALLEL)]
        with ThreadPoolExecutor(PARALLEL) as pool:
            list(pool.map(work, shares))


def tenant_count(settings: Settings) -> int:
    """Return how many tenants and spares there are."""
    with connect(settings.owner_url) as connection:
        row = connection.execute("SELECT count(*) FROM public.tenants").fetchone()
        return int(row[0]) if row else 0


def _small_ones(app: Flask, settings: Settings, count: int, size: Size, moment: datetime) -> None:
    top_up_spares(settings, count)
    for number in range(count):
        tenant = found(app, f"small-{number:03}")
        with tenant_scope(tenant):
            owner = db.session.scalars(select(Member.id)).one()
            invented = Invented(size, [owner], _stages(), tenant.currency, moment)
        fill(settings.owner_url, tenant.schema_name, invented)


def found(app: Flask, slug: str) -> ActiveTenant:
    """Found a workspace that belongs to the benchmark's owner."""
    known = user_by_email(OWNER)
    founder = Founder("Bench Owner", OWNER, PASSWORD, known.id if known else None)
    tenant, _ = found_workspace(
        app.extensions["directory"], founder, slug=slug, name=slug.title(), locale="en", country="DE",
        currency="EUR", timezone="Europe/Berlin", base_url="http://127.0.0.1", verified=True,
    )  # fmt: skip
    return tenant


def _staffed(
    app: Flask, settings: Settings, slug: str, size: Size, *, members: int, roles: int, moment: datetime
) -> None:
    top_up_spares(settings, 1)
    tenant = found(app, slug)
    users = _users(slug, members - 1, tenant.id)
    with tenant_scope(tenant):
        sellers = _members(users, _selling_roles(roles))
        stages = _stages()
        db.session.commit()
    fill(settings.owner_url, tenant.schema_name, Invented(size, sellers, stages, tenant.currency, moment))


def _users(slug: str, count: int, tenant_id: UUID) -> list[tuple[UUID, str]]:
    people = [(new_id(), f"member{n}@{slug}.example") for n in range(1, count + 1)]
    hashed = hash_password(PASSWORD)
    with db.engines[SHARED].begin() as connection:
        connection.execute(insert(User), [
            {"id": key, "email": email, "name": email.partition("@")[0].title(), "password_hash": hashed,
             "email_verified_at": now()} for key, email in people
        ])  # fmt: skip
        connection.execute(insert(Membership), [{"user_id": key, "tenant_id": tenant_id} for key, _ in people])
    return people


def _selling_roles(count: int) -> list[UUID]:
    """Make so many roles that there are `count`, all like that of reps; returns those that reps have in turn."""
    like = db.session.scalars(select(Role).where(Role.key == "rep")).one()
    present = db.session.scalar(select(func.count()).select_from(Role)) or 0
    further = [Role(id=new_id(), name=f"Sales {n}", permissions=like.permissions) for n in range(count - present)]
    db.session.add_all(further)
    db.session.flush()
    return [like.id, *(role.id for role in further)]


def _members(users: list[tuple[UUID, str]], selling: list[UUID]) -> list[UUID]:
    """Add the members: three managers with their teams below them, an admin, a viewer, reps; returns who sells."""
    roles = {row.key: row.id for row in db.session.execute(select(Role.key, Role.id).where(Role.key.is_not(None)))}
    top = db.session.scalars(select(Team.id)).one()
    teams = [_team(f"Region {n}", [top]) for n in range(3)]
    squads = [_team(f"Team {n}", teams[n % 3].path) for n in range(max(6, len(users) // 20))]
    sellers = []
    for n, (user_id, email) in enumerate(users):
        role_id, team_id = selling[n % len(selling)], squads[n % len(squads)].id
        if n < 3:
            role_id, team_id = roles["manager"], teams[n].id
        elif n >= len(users) - 2:
            role_id, team_id = roles[("admin", "viewer")[n - len(users) + 2]], top
        member = Member(id=new_id(), user_id=user_id, name=email.partition("@")[0].title(), email=email, locale="en",
                        timezone="Europe/Berlin", role_id=role_id, team_id=team_id, two_factor=False)  # fmt: skip
        db.session.add(member)
        if n < len(users) - 2:
            sellers.append(member.id)
    db.session.flush()
    return sellers


def _team(name: str, above: list[UUID]) -> Team:
    team_id = new_id()
    team = Team(id=team_id, name=name, parent_id=above[-1], path=[*above, team_id])
    db.session.add(team)
    db.session.flush()
    return team


def _stages() -> list[tuple[UUID, UUID, str]]:
    return [(s.id, s.pipeline_id, s.kind) for s in db.session.scalars(select(Stage).order_by(Stage.position))]
