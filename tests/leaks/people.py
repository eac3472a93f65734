"""Who is in the workspace of the hunt, and where they stand."""

from __future__ import annotations

import json
from collections.abc import Mapping
from uuid import UUID, uuid4

import psycopg
from flask import Flask
from psycopg import sql
from sqlalchemy import insert

from saas_crm.access.models import Member
from tenants.db import db, tenant_scope
from tests.access.ways_in import Organisation
from tests.leaks.roles import Permissions, hunting, lacking
from tests.support.cast import Cast, Person, new_user, person_of

PATHS = {
    "root": ("root",), "north": ("root", "north"), "sub": ("root", "north", "sub"), "south": ("root", "south"),
    "vault": ("root", "vault"), "inner": ("root", "vault", "inner"), "club": ("root", "club"),
    "aid": ("root", "aid"), "led": ("root", "led"), "empty": ("root", "empty"),
}  # fmt: skip
HOLDERS = {
    "mate": "north", "below": "sub", "boss": "root", "beside": "south", "walled": "vault", "within": "inner",
    "clubbed": "club", "aided": "aid", "led": "led",
}  # fmt: skip
"""Those who only own something, and the team they are in: each stands otherwise to the hunters, who are in north."""


def stands(hunters: Mapping[str, Permissions]) -> Organisation:
    """Return where everybody stands."""
    team = {"owner": "root", **HOLDERS, **dict.fromkeys([*hunters, *lacking()], "north")}
    return Organisation(
        paths=dict(PATHS), team=team, helps={"team": {"aid"}, "rep": {"aid"}, "no company": {"aid"}},
        manages={"manager": {"led"}, "own": {"led"}, "mixed": {"led"}}, closed={"vault", "club"},
        guests={("subtree", "club"), ("all", "club"), ("viewer", "club")},
    )  # fmt: skip


def hung_of(who: str) -> str:
    """Return the name under which somebody's records are kept that hang on what others own."""
    return f"hung {who}"


class Office:
    """Writes people, roles and teams straight into the workspace's tables."""

    def __init__(self, app: Flask, cast: Cast, connection: psycopg.Connection[tuple[object, ...]]) -> None:
        self.app, self.cast, self._run = app, cast, connection.execute
        schema = sql.Identifier(cast.tenants["acme"].schema_name)
        self._run(sql.SQL("SET search_path = {}").format(schema))
        self.teams = {name: uuid4() for name in PATHS}

    def hire(self) -> tuple[dict[str, Person], dict[str, Permissions], dict[str, UUID]]:
        """Seat everybody; return the people, what their roles allow, and the keys of the roles."""
        hunters = hunting()
        scopes = {**hunters, **dict.fromkeys(HOLDERS, hunters["rep"]), **lacking()}
        self._make_teams()
        roles = {name: self._role(f"Role {name}", allowed) for name, allowed in {**hunters, **lacking()}.items()}
        places = {**HOLDERS, **dict.fromkeys(roles, "north")}
        people = self._seat(places, roles["rep"])  # until they own something: some may not be given anything later
        people["owner"] = self.cast["owner"]
        scopes["owner"] = dict.fromkeys(hunters["all"], "all")
        roles["spare"] = self._role("Role of nobody", {"company:read": "own"})
        return people, scopes, roles

    def appoint(self, people: Mapping[str, Person], roles: Mapping[str, UUID]) -> None:
        """Give everybody the role they hunt with."""
        for who in people.keys() & roles.keys():
            self._run("UPDATE members SET role_id = %s WHERE id = %s", [roles[who], people[who].member_id])

    def furnish(self, organisation: Organisation, people: Mapping[str, Person]) -> None:
        """Close units, and let helpers, guests and managers be what they are."""
        self._run("UPDATE members SET team_id = %s WHERE id = %s", [self.teams["root"], people["owner"].member_id])
        for team in organisation.closed:
            self._run("UPDATE teams SET closed_at = now() WHERE id = %s", [self.teams[team]])
        helping = {(who, team) for who, teams in organisation.helps.items() for team in teams}
        idle = {("mate", "empty")}  # so that there is somebody who may leave
        for table, pairs in (("team_helpers", helping | idle), ("unit_guests", organisation.guests | idle)):
            query = sql.SQL("INSERT INTO {} (id, team_id, member_id) VALUES (%s, %s, %s)").format(sql.Identifier(table))
            for who, team in sorted(pairs):
                self._run(query, [uuid4(), self.teams[team], people[who].member_id])
        for who, teams in organisation.manages.items():
            # One team has one manager; whoever else is said to lead it helps it, which reaches as far.
            for team in teams:
                query = "INSERT INTO team_helpers (id, team_id, member_id) VALUES (%s, %s, %s)"
                self._run(query, [uuid4(), self.teams[team], people[who].member_id])
        self._run("DELETE FROM team_helpers WHERE member_id = %s", [people["manager"].member_id])
        self._run("UPDATE teams SET manager_id = %s WHERE id = %s", [people["manager"].member_id, self.teams["led"]])

    def share(self, resource: str, record_id: UUID, member_id: UUID | None, level: str) -> None:
        """Put a member on a record's account team."""
        self._run(
            "INSERT INTO shares (id, resource, record_id, member_id, level) VALUES (%s, %s, %s, %s, %s)",
            [uuid4(), resource, record_id, member_id, level],
        )

    def decide(self, children_follow: bool) -> None:
        """Set whether who sees a customer sees what hangs on it."""
        self._run("DELETE FROM policies")
        self._run("INSERT INTO policies (id, children_follow) VALUES (%s, %s)", [uuid4(), children_follow])

    def _make_teams(self) -> None:
        for name, path in PATHS.items():
            above = self.teams[path[-2]] if len(path) > 1 else None
            self._run(
                "INSERT INTO teams (id, name, parent_id, path) VALUES (%s, %s, %s, %s)",
                [self.teams[name], f"Team {name}", above, [self.teams[step] for step in path]],
            )

    def _role(self, name: str, permissions: Permissions) -> UUID:
        key = uuid4()
        self._run("INSERT INTO roles (id, name, permissions) VALUES (%s, %s, %s)", [key, name, json.dumps(permissions)])
        return key

    def _seat(self, places: Mapping[str, str], role_id: UUID) -> dict[str, Person]:
        acme = self.cast.tenants["acme"]
        with self.app.app_context():
            users = {who: new_user(who, f"Hunter {who}", _address(who), acme) for who in places}
            with tenant_scope(acme):
                db.session.execute(insert(Member), [
                    {"user_id": user_id, "name": f"Hunter {who}", "email": _address(who), "locale": "en",
                     "timezone": "UTC", "role_id": role_id, "team_id": self.teams[places[who]]}
                    for who, user_id in users.items()
                ])  # fmt: skip
                people = {who: person_of(who, acme.slug, user_id) for who, user_id in users.items()}
                db.session.commit()
        return people


def _address(who: str) -> str:
    return f"{who.replace(' ', '-').replace(':', '-').replace('_', '-')}@hunt.example"
