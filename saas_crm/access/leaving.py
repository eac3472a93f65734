"""What ends when somebody leaves the workspace, or when a team is deleted: each of it with a line in the log."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.orm import undefer

from saas_crm.access.models import Member, Share, SsoIdentity, Team, TeamHelper, UnitGuest
from saas_crm.core.audit import record_act
from tenants.db import db


def leave_all(member_id: UUID) -> None:
    """Take somebody who leaves the workspace out of what they helped, led, stood in for, or was shared with them.

    So ends who they were at the identity provider: invited again, they may come by another account there.
    """
    name = db.session.scalar(select(Member.name).where(Member.id == member_id))
    for model in (TeamHelper, UnitGuest, Share, SsoIdentity):
        for found in db.session.scalars(select(model).where(model.member_id == member_id).order_by(model.id)):
            if isinstance(found, Share):
                was = {"account_team": [[name, found.level], None]}
                record_act(db.session(), "unshare", found.resource, found.record_id, was)
            db.session.delete(found)
    led = select(Team).where(Team.manager_id == member_id).options(undefer(Team.manager_id)).order_by(Team.id)
    for team in db.session.scalars(led):
        team.manager_id = None
    replaced = or_(Member.substitute_id == member_id, Member.id == member_id)
    standing = select(Member).where(replaced, Member.substitute_id.is_not(None)).order_by(Member.id)
    for member in db.session.scalars(standing.options(undefer(Member.substitute_id))):
        member.substitute_id = None
    db.session.flush()


def end_with_team(team_id: UUID) -> None:
    """End the help for a team that is deleted, and the visits to it."""
    for model in (TeamHelper, UnitGuest):
        for found in db.session.scalars(select(model).where(model.team_id == team_id).order_by(model.id)):
            db.session.delete(found)
    db.session.flush()
