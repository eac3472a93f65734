"""The team tree: reading it, adding to it, changing, moving and deleting its teams."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Integer, Uuid, cast, delete, func, literal, select, text, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import undefer

from saas_crm.access.bulk import put_into_team
from saas_crm.access.leaving import end_with_team
from saas_crm.access.models import Invitation, Member, Team
from saas_crm.access.ownership import check_version
from saas_crm.access.permissions import CurrentMember
from saas_crm.access.rules import Node, in_tree_order, moved_path
from saas_crm.access.team_names import check_moved_up, check_name
from saas_crm.access.team_schemas import TeamWrite
from saas_crm.core import limits
from saas_crm.core.audit import gone, record_act
from saas_crm.core.clock import now
from saas_crm.core.errors import Forbidden, InvalidInput, NotFound
from saas_crm.core.forms import given
from saas_crm.core.i18n import gettext as _
from saas_crm.core.pinyin import sort_key
from saas_crm.core.saving import insert
from tenants.db import AnyRow, db, fetch, new_id, run

MOST_TEAMS = 500
# Who changes the shape of the tree waits for whoever is changing it; readers and members' own changes do not.
_HOLD = text("LOCK TABLE teams IN SHARE ROW EXCLUSIVE MODE")


def hold_tree() -> None:
    """Keep the tree as it is for this transaction; to be called before the teams are read that it depends on."""
    run(db.session(), _HOLD, {})


def get_team(team_id: UUID, *, member: CurrentMember) -> Team:
    """Return a team with its manager and whether it is closed; raises NotFound."""
    member.require("team:read")
    query = select(Team).where(Team.id == team_id, Team.deleted_at.is_(None))
    whole = query.options(undefer(Team.manager_id), undefer(Team.closed_at))
    found = db.session.scalar(whole.execution_options(populate_existing=True))
    if found is None:
        raise NotFound
    return found


def tree(member: CurrentMember) -> list[tuple[AnyRow, int]]:
    """Return the teams with their depth, each before those below it, sisters by name.

    A row has id, name, parent_id, path, version, closed_at, manager_name and `people`: how many have it as their team.
    """
    member.require("team:read")
    manager = select(Member.name).where(Member.id == Team.manager_id).correlate(Team).scalar_subquery()
    mine = Member.team_id == Team.id
    people = select(func.count()).where(mine, Member.status != "removed").correlate(Team).scalar_subquery()
    query = select(
        Team.id, Team.name, Team.parent_id, Team.path, Team.version, Team.closed_at, manager.label("manager_name"),
        people.label("people"),
    )  # fmt: skip
    return in_order(fetch(query.where(Team.deleted_at.is_(None))).all())


def in_order(rows: Sequence[AnyRow]) -> list[tuple[AnyRow, int]]:
    """Return rows of teams (id, name, path) in the order of the tree, with their depth."""
    by_id = {row.id: row for row in rows}
    nodes = [Node(row.id, row.path[-2] if len(row.path) > 1 else None, sort_key(row.name)) for row in rows]
    return [(by_id[team_id], depth) for team_id, depth in in_tree_order(nodes)]


def check_team(team: Team, action: str, actor: CurrentMember) -> None:
    """Raise Forbidden unless the actor's scope covers the team: all, their own branch, or their own team."""
    scope = actor.require(f"team:{action}")
    within = team.id == actor.team_id or (scope == "subtree" and actor.team_id in team.path)
    if scope != "all" and not within:
        raise Forbidden(f"team:{action}")


def create_team(data: TeamWrite, *, actor: CurrentMember, team_id: UUID | None = None) -> Team:
    """Make a team; `team_id` may come from the client. Raises Forbidden, InvalidInput, AlreadyExists."""
    scope = actor.require("team:create")
    if data.closed:
        limits.check_feature("closed_units")
    hold_tree()
    parent = _parent(data.parent_id)
    if scope != "all" and (parent is None or actor.team_id not in parent.path):
        raise Forbidden("team:create")
    if (db.session.scalar(select(func.count()).select_from(Team)) or 0) >= MOST_TEAMS:
        raise InvalidInput({"": _("A workspace has at most %(most)s teams.", most=MOST_TEAMS)})
    check_name(data.name, data.parent_id, but=team_id)
    if data.manager_id is not None:
        check_manager(data.manager_id)
    key = team_id or new_id()
    made = Team(
        id=key, name=data.name, parent_id=data.parent_id, path=[*(parent.path if parent else []), key],
        manager_id=data.manager_id, closed_at=now() if data.closed else None,
    )  # fmt: skip
    insert(made, may_exist=team_id is not None)
    return made


def update_team(team: Team, data: TeamWrite, *, actor: CurrentMember, version: int | None = None) -> None:
    """Change what was given of a team; a new parent moves it with all below it.

    Whoever moves it has called `hold_tree` before the team was read. Raises Forbidden, InvalidInput, VersionConflict.
    """
    check_team(team, "update", actor)
    check_version(team, version)
    changes = given(data)
    if changes.get("name", team.name) != team.name:
        hold_tree()
        check_name(changes["name"], changes.get("parent_id", team.parent_id), but=team.id)
    if changes.get("manager_id") not in (None, team.manager_id):
        check_manager(changes["manager_id"])
    if "closed" in changes and changes["closed"] != (team.closed_at is not None):
        if changes["closed"]:
            limits.check_feature("closed_units")
        team.closed_at = now() if changes["closed"] else None
    for name in ("name", "manager_id"):
        if name in changes:
            setattr(team, name, changes[name])
    if "parent_id" in changes and changes["parent_id"] != team.parent_id:
        _move(team, changes["parent_id"], actor)
    db.session.flush()


def move_team(team_id: UUID, parent_id: UUID | None, *, actor: CurrentMember) -> Team:
    """Put a team with all below it under another one; raises Forbidden, NotFound, InvalidInput."""
    actor.require("team:update")
    hold_tree()
    team = get_team(team_id, member=actor)
    data = TeamWrite.model_construct({"parent_id"}, name=team.name, parent_id=parent_id)
    update_team(team, data, actor=actor)
    return team


def _move(team: Team, parent_id: UUID | None, actor: CurrentMember) -> None:
    parent = check_place(team, parent_id, actor)
    check_name(team.name, parent_id, but=team.id, field="parent_id")
    before = list(team.path)
    team.parent_id, team.path = parent_id, moved_path(before, team.id, parent.path if parent else [])
    beginning = cast(literal(team.path, ARRAY(Uuid)), ARRAY(Uuid))
    rest = Team.path[literal(len(before) + 1, Integer) : func.cardinality(Team.path)]
    below = Team.path.contains([team.id]) & (Team.id != team.id)
    moved = update(Team).where(below).values(path=func.array_cat(beginning, rest), updated_at=Team.updated_at)
    db.session.flush()
    db.session.execute(moved, execution_options={"synchronize_session": False})


def check_place(team: Team, parent_id: UUID | None, actor: CurrentMember) -> AnyRow | None:
    """Return the team that another may be put under, None for the top; raises Forbidden and InvalidInput."""
    check_team(team, "update", actor)
    parent = _parent(parent_id)
    if parent is not None and team.id in parent.path:
        said = _("A team cannot be moved into itself or below itself.")
        raise InvalidInput({"parent_id": said}, {"parent_id": "owner"})
    if actor.scope("team:update") != "all" and (parent is None or actor.team_id not in parent.path):
        raise Forbidden("team:update")
    return parent


def _parent(parent_id: UUID | None) -> AnyRow | None:
    if parent_id is None:
        return None
    found = fetch(select(Team.id, Team.path).where(Team.id == parent_id, Team.deleted_at.is_(None))).one_or_none()
    if found is None:
        raise InvalidInput({"parent_id": _("Choose a team.")}, {"parent_id": "unknown"})
    return found


def check_manager(member_id: UUID) -> None:
    """Refuse a manager who is no active member; raises InvalidInput."""
    if db.session.scalar(select(Member.id).where(Member.id == member_id, Member.status == "active")) is None:
        raise InvalidInput({"manager_id": _("Choose an active member.")}, {"manager_id": "unknown"})


def delete_team(team: Team, *, actor: CurrentMember, version: int | None = None, move_up: bool = False) -> None:
    """Delete a team. With `move_up` its members and the teams below it go to its parent first.

    Whoever calls it has called `hold_tree` before the team was read. Raises Forbidden, VersionConflict, and
    InvalidInput while it holds something, or for a team at the top that is the last one or has others below it.
    """
    check_team(team, "delete", actor)
    check_version(team, version)
    inside, was = _inside(team), gone(team)
    if team.parent_id is None:
        _check_root(inside)
    elif (inside.people or inside.children) and not move_up:
        raise _full()
    if team.parent_id is not None:
        check_moved_up(team.id, team.parent_id)
        _empty(team, team.parent_id, inside)
    end_with_team(team.id)
    record_act(db.session(), "purge", "team", team.id, was)
    purge = delete(Team).where(Team.id == team.id)
    try:
        with db.session.begin_nested():
            run(db.session(), purge, {})
    except IntegrityError as refused:  # somebody was put into it at this very moment
        raise _full() from refused
    db.session.expunge(team)


def _full() -> InvalidInput:
    return InvalidInput({"": _("There are still members or teams in it. Move them first.")}, {"": "owner"})


def _inside(team: Team) -> Any:
    """Count the members (former ones apart), teams and invitations that hang on a team, and the teams at the top."""
    counts = {
        "people": select(func.count()).where(Member.team_id == team.id, Member.status != "removed"),
        "former": select(func.count()).where(Member.team_id == team.id, Member.status == "removed"),
        "children": select(func.count()).where(Team.parent_id == team.id),
        "invited": select(func.count()).where(Invitation.team_id == team.id),
        "roots": select(func.count()).where(Team.parent_id.is_(None), Team.deleted_at.is_(None)),
    }
    return fetch(select(*(query.scalar_subquery().label(name) for name, query in counts.items()))).one_or_none()


def _check_root(inside: Any) -> None:
    if inside.roots < 2:
        raise InvalidInput({"": _("This is the top of the tree; it stays.")}, {"": "owner"})
    if inside.people or inside.former or inside.children or inside.invited:
        raise _full()


def _empty(team: Team, parent_id: UUID, inside: Any) -> None:
    if inside.people or inside.former:
        ids = db.session.scalars(select(Member.id).where(Member.team_id == team.id).order_by(Member.id)).all()
        put_into_team(ids, parent_id, former=team.id)
    goes = [str(team.id), str(parent_id)]
    if inside.invited:
        elsewhere = update(Invitation).where(Invitation.team_id == team.id).values(team_id=parent_id)
        for invitation_id in db.session.scalars(elsewhere.returning(Invitation.id)).all():
            record_act(db.session(), "update", "invitation", invitation_id, {"team_id": goes})
    if inside.children:
        for child_id in db.session.scalars(select(Team.id).where(Team.parent_id == team.id).order_by(Team.id)).all():
            record_act(db.session(), "update", "team", child_id, {"parent_id": goes})
        db.session.execute(
            update(Team).where(Team.path.contains([team.id]), Team.id != team.id).values(
                path=func.array_remove(Team.path, team.id), updated_at=Team.updated_at,
                parent_id=func.coalesce(func.nullif(Team.parent_id, team.id), parent_id),
            ), execution_options={"synchronize_session": False},
        )  # fmt: skip
