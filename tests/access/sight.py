"""What everybody sees, asked of `visible()` itself, and what was told of it before."""

from __future__ import annotations

import random
from uuid import UUID

from sqlalchemy import select

from saas_crm.access.explaining import explained
from saas_crm.access.models import Member, Role
from saas_crm.access.permissions import SALES, SCOPES, CurrentMember
from saas_crm.access.preview import Preview
from saas_crm.access.queries import member_by_id
from saas_crm.access.reckoning import ACTIONS
from saas_crm.access.visibility import parent_model, visible
from tenants.db import db

Seen = dict[tuple[UUID, str, str], set[UUID]]
STAFF = ("owner", "admin", "manager", "rep", "teammate", "colleague", "viewer")


def seen_now() -> Seen:
    """Return what every active member sees and may edit, by SQL."""
    found: Seen = {}
    for member_id in db.session.scalars(select(Member.id).where(Member.status == "active")):
        member = member_by_id(member_id)
        for kind in SALES:
            model = parent_model(kind)
            allowed = [visible(model, member, action).label(action) for action in ACTIONS]
            rows = db.session.execute(select(model.id, *allowed).where(model.deleted_at.is_(None))).all()
            for place, action in enumerate(ACTIONS, start=1):
                found[member_id, kind, action] = {row[0] for row in rows if row[place]}
    return found


def told(preview: Preview) -> dict[tuple[UUID, str, str], tuple[int, int]]:
    """Return how much a preview says each member gains and loses."""
    return {
        (effect.member_id, change.resource, change.action): (change.gained, change.lost)
        for effect in preview.effects
        for change in effect.changes
    }


def happened(before: Seen, after: Seen) -> dict[tuple[UUID, str, str], tuple[int, int]]:
    """Return how much each member gained and lost."""
    counts = {key: (len(after[key] - before[key]), len(before[key] - after[key])) for key in before}
    return {key: both for key, both in counts.items() if both != (0, 0)}


def roles_by_key() -> dict[str, Role]:
    """Return the roles by key, and those made by hand by name."""
    return {role.key or role.name: role for role in db.session.scalars(select(Role))}


def scopes(dice: random.Random) -> dict[str, str]:
    """Return permissions of which some are missing."""
    wanted = {f"{kind}:{action}": dice.choice((*SCOPES, "")) for kind in SALES for action in ACTIONS}
    return {permission: scope for permission, scope in wanted.items() if scope}


def check_told_of_each(records: list[tuple[str, UUID]], owner: CurrentMember, sight: Seen) -> None:
    """Check that of each record everybody is told to see and edit it who does; `sight` is what is seen now."""
    for kind, record_id in records:
        verdicts = explained(kind, record_id, asker=owner).verdicts
        assert len(verdicts) == len(STAFF)
        for verdict in verdicts:
            sees = record_id in sight[verdict.member_id, kind, "read"]
            assert verdict.sees == sees, (kind, verdict)
            assert verdict.edits == (sees and record_id in sight[verdict.member_id, kind, "update"]), (kind, verdict)
