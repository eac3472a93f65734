"""Who belongs to a team besides its place in the tree: its members, its helpers, and the guests of a closed unit."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select

from saas_crm.access.models import Member, Role, Team, TeamHelper, UnitGuest
from saas_crm.access.permissions import CurrentMember
from saas_crm.access.teams import check_team
from saas_crm.core.errors import AlreadyExists, InvalidInput, NotFound
from saas_crm.core.i18n import gettext as _
from saas_crm.core.pinyin import sort_key
from saas_crm.core.saving import insert
from tenants.db import AnyRow, db, fetch

Beside = type[TeamHelper] | type[UnitGuest]
_PERSON = (Member.id, Member.name, Member.user_id, Member.photo_digest, Member.status)
SHOWN = 500


def members_of(team_id: UUID) -> Sequence[AnyRow]:
    """Return the people whose team this is, by name, with their role."""
    query = select(*_PERSON, Role.key.label("role_key"), Role.name.label("role_name"))
    query = query.join(Role, Role.id == Member.role_id).where(Member.team_id == team_id, Member.status != "removed")
    return _by_name(fetch(query.order_by(Member.name).limit(SHOWN)).all())


def beside(team_id: UUID) -> tuple[Sequence[AnyRow], Sequence[AnyRow]]:
    """Return the helpers of a team and the guests of a unit, each by name."""
    kinds = [
        select(*_PERSON, literal_kind.label("is_guest")).join(model, model.member_id == Member.id).where(
            model.team_id == team_id, Member.status != "removed"
        )
        for model, literal_kind in ((TeamHelper, Member.id.is_(None)), (UnitGuest, Member.id.is_not(None)))
    ]  # fmt: skip
    rows = fetch(kinds[0].union_all(kinds[1])).all()
    return _by_name([row for row in rows if not row.is_guest]), _by_name([row for row in rows if row.is_guest])


def _by_name(rows: Sequence[AnyRow]) -> Sequence[AnyRow]:
    return sorted(rows, key=lambda row: sort_key(row.name, person=True))


def helped_teams(member_id: UUID) -> Sequence[AnyRow]:
    """Return id and name of the teams that a member helps, by name."""
    query = select(Team.id, Team.name).join(TeamHelper, TeamHelper.team_id == Team.id)
    return sorted(fetch(query.where(TeamHelper.member_id == member_id)).all(), key=lambda row: sort_key(row.name))


def add_helper(team: Team, member_id: UUID, *, actor: CurrentMember) -> None:
    """Let a member of another team work for this one too. Raises Forbidden and InvalidInput."""
    check_team(team, "update", actor)
    if _own_team(member_id) == team.id:
        raise InvalidInput({"member_id": _("This is their own team already.")}, {"member_id": "owner"})
    _add(TeamHelper(team_id=team.id, member_id=member_id))


def add_guest(team: Team, member_id: UUID, *, actor: CurrentMember) -> None:
    """Let a member from outside see into a closed unit, as far as their role reaches.

    Raises Forbidden and InvalidInput.
    """
    check_team(team, "update", actor)
    _own_team(member_id)
    _add(UnitGuest(team_id=team.id, member_id=member_id))


def _own_team(member_id: UUID) -> UUID | None:
    found = fetch(select(Member.team_id).where(Member.id == member_id, Member.status == "active")).one_or_none()
    if found is None:
        raise InvalidInput({"member_id": _("Choose an active member.")}, {"member_id": "unknown"})
    own: UUID | None = found.team_id
    return own


def _add(record: TeamHelper | UnitGuest) -> None:
    try:
        insert(record, may_exist=True)
    except AlreadyExists:
        raise InvalidInput({"member_id": _("They are there already.")}, {"member_id": "owner"}) from None


def take_out(model: Beside, team: Team, member_id: UUID, *, actor: CurrentMember) -> None:
    """End what `add_helper` or `add_guest` began. Raises Forbidden and NotFound."""
    check_team(team, "update", actor)
    found = db.session.scalar(select(model).where(model.team_id == team.id, model.member_id == member_id))
    if found is None:
        raise NotFound
    db.session.delete(found)
    db.session.flush()
