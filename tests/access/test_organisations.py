"""Teams, helpers, managers, closed units, guests, shares and the switch, all by chance: SQL and plain Python agree."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import select

from saas_crm.access import few
from saas_crm.access.ownership import may
from saas_crm.access.permissions import SALES
from tenants.db import db
from tests.access.ways_in import MODELS, OWNERS, Organisation, World, compare, scopes_by_chance
from tests.conftest import Stage
from tests.support.making import acting

ORGANISATIONS = max(16, int(os.environ.get("ORGANISATIONS", "0")))
"""How many are made: always the same 16, and as many more as the environment asks for."""
WHO = ("manager", "rep", "teammate", "colleague", "viewer")
ROLE = {"teammate": "rep", "colleague": "rep"}


def by_chance(seed: int, world: World) -> Organisation:
    """Return an organisation of seven teams, with some of everything there is."""
    chance = random.Random(seed)
    paths: dict[str, tuple[str, ...]] = {"t0": ("t0",)}
    for number in range(1, 7):
        paths[f"t{number}"] = (*paths[chance.choice(list(paths))], f"t{number}")
    teams, people = list(paths), (*OWNERS, "viewer", "admin")
    organisation = Organisation(paths=paths, team={who: chance.choice(teams) for who in people})
    for who in chance.sample(people, 3):
        organisation.helps[who] = set(chance.sample(teams, 2))
    for team in chance.sample(teams, 3):
        organisation.manages.setdefault(chance.choice(people), set()).add(team)
    organisation.closed = set(chance.sample(teams[1:], chance.randint(0, 3)))
    organisation.guests = {(chance.choice(people), unit) for unit in organisation.closed if chance.random() < 0.5}
    records = [key for key, kind in world.kind.items() if kind in ("company", "contact", "opportunity")]
    for key in chance.sample(records, 8 if seed % 3 else 0):
        organisation.shares[key, chance.choice(WHO)] = chance.choice(("read", "edit"))
    organisation.children_follow = bool(seed % 4)
    return organisation


class Office:
    """Writes an organisation into a workspace's tables."""

    def __init__(self, connection: psycopg.Connection[tuple[object, ...]], stage: Stage) -> None:
        self.connection, self.stage = connection, stage
        connection.execute(sql.SQL("SET search_path = {}").format(
            sql.Identifier(stage.cast.tenants["acme"].schema_name)))  # fmt: skip

    def member(self, who: str) -> UUID | None:
        """Return a member's key."""
        return self.stage.cast[who].member_id

    def furnish(self, organisation: Organisation, world: World) -> None:
        """Put everybody where they stand."""
        run = self.connection.execute
        for table in ("shares", "unit_guests", "team_helpers", "policies"):
            run(sql.SQL("DELETE FROM {}").format(sql.Identifier(table)))
        run("UPDATE teams SET closed_at = NULL, manager_id = NULL")
        keys = {team: uuid4() for team in organisation.paths}
        for team, path in organisation.paths.items():
            above = keys[path[-2]] if len(path) > 1 else None
            run("INSERT INTO teams (id, name, parent_id, path) VALUES (%s, %s, %s, %s)",
                [keys[team], team, above, [keys[step] for step in path]])  # fmt: skip
        for team in organisation.closed:
            run("UPDATE teams SET closed_at = now() WHERE id = %s", [keys[team]])
        for who, team in organisation.team.items():
            run("UPDATE members SET team_id = %s WHERE id = %s", [keys[team], self.member(who)])
        beside = {("team_helpers", who, team) for who, teams in organisation.helps.items() for team in teams}
        beside |= {("unit_guests", who, team) for who, team in organisation.guests}
        for table, who, team in beside:
            query = sql.SQL("INSERT INTO {} (id, team_id, member_id) VALUES (%s, %s, %s)")
            run(query.format(sql.Identifier(table)), [uuid4(), keys[team], self.member(who)])
        for who, teams in organisation.manages.items():
            run("UPDATE teams SET manager_id = %s WHERE id = ANY(%s)", [self.member(who), [keys[t] for t in teams]])
        for (record_id, who), level in organisation.shares.items():
            run("INSERT INTO shares (id, resource, record_id, member_id, level) VALUES (%s, %s, %s, %s, %s)",
                [uuid4(), world.kind[record_id], record_id, self.member(who), level])  # fmt: skip
        run("INSERT INTO policies (id, children_follow) VALUES (%s, %s)", [uuid4(), organisation.children_follow])


@pytest.fixture
def office(stage: Stage) -> Iterator[Office]:
    with stage.installation.place.owner() as connection:
        yield Office(connection, stage)


@pytest.mark.parametrize("seed", range(ORGANISATIONS))
def test_everybody_sees_and_may_change_what_plain_python_says(
    seed: int, stage: Stage, world: World, office: Office, role_of, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether what is seen is found first, as where it is few, or each record is asked: both say the same."""
    for many in few.FEW:
        monkeypatch.setitem(few.FEW, many, 1e6 if seed // 2 % 2 else 0.0)
    world.organisation = by_chance(seed, world)
    office.furnish(world.organisation, world)
    scopes = scopes_by_chance(1_000 + seed)
    tried = 0
    for who in WHO:
        role_of(ROLE.get(who, who), scopes)
        tried += compare(stage.installation.app, stage.cast, world, who, scopes)
        with acting(stage.installation.app, stage.cast, who) as member:
            for kind in SALES:
                for action in ("update", "delete", "assign"):
                    expected = world.changeable(scopes, who, kind, action)
                    records = db.session.scalars(select(MODELS[kind]).where(MODELS[kind].deleted_at.is_(None)))
                    found = {record.id for record in records if may(record, action, member)}
                    assert found == expected, f"{who}: {action} of {kind} with {scopes}"
                    tried += 1
    assert tried >= 5 * 12
