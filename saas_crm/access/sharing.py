"""A record's account team: members who may read it, or edit it, whatever their scope.

Sharing gives no more than a role allows at all: who may not see companies sees none that is shared either.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select

from saas_crm.access.models import Member, Share
from saas_crm.access.ownership import check_may
from saas_crm.access.permissions import CurrentMember
from saas_crm.access.schemas import ShareWrite
from saas_crm.core.audit import record_act, record_each
from saas_crm.core.errors import InvalidInput, NotFound
from saas_crm.core.i18n import gettext as _
from saas_crm.core.recycling import RecordsPurged
from tenants.context import current_tenant
from tenants.db import AnyRow, db, fetch
from tenants.versions import lacks_tables

MOST = 50
"""Members of one account team; a record that more need belongs in a team's scope."""


def account_team(record_id: UUID) -> Sequence[AnyRow]:
    """Return id, user, name, photo and level of the members a visible record is shared with, as they came."""
    if lacks_tables(current_tenant()):
        return ()
    query = (
        select(Share.id, Share.member_id, Share.level, Member.user_id, Member.name, Member.photo_digest)
        .join(Member, Member.id == Share.member_id)
        .where(Share.record_id == record_id, Member.status != "removed")
        .order_by(Share.id)
    )
    return fetch(query).all()


def share_record(record: Any, data: ShareWrite, *, actor: CurrentMember) -> Share:
    """Let a member see a record, or edit it too where the actor may; sharing again changes which of both.

    Raises Forbidden, and InvalidInput for oneself, for who is no active member or owns the record, and for a full team.
    """
    check_may(record, "share", actor)
    if data.level == "edit":
        check_may(record, "update", actor)
    if data.member_id == actor.id:
        raise InvalidInput({"member_id": _("Somebody else has to share it with you.")}, {"member_id": "self"})
    name = db.session.scalar(select(Member.name).where(Member.id == data.member_id, Member.status == "active"))
    if name is None:
        raise InvalidInput({"member_id": _("Choose a member of the workspace.")}, {"member_id": "member"})
    if data.member_id == record.owner_id:
        raise InvalidInput({"member_id": _("The owner has every right already.")}, {"member_id": "owner"})
    found = _share(record, data.member_id)
    if found is not None and found.level == data.level:
        return found
    former = [name, found.level] if found else None
    if found is None:
        if len(account_team(record.id)) >= MOST:
            raise InvalidInput({"member_id": _("An account team has at most %(most)s members.", most=MOST)})
        found = Share(resource=record.__resource__, record_id=record.id, member_id=data.member_id)
        db.session.add(found)
    found.level = data.level
    _note(record, former, [name, data.level])
    db.session.flush()
    return found


def unshare_record(record: Any, member_id: UUID, *, actor: CurrentMember) -> None:
    """Take a member off a record's account team; one may always leave oneself. Raises Forbidden and NotFound."""
    if member_id != actor.id:
        check_may(record, "share", actor)
    found = _share(record, member_id)
    if found is None:
        raise NotFound
    _note(record, [db.session.scalar(select(Member.name).where(Member.id == member_id)), found.level], None)
    db.session.delete(found)
    db.session.flush()


def forget_shares(purged: RecordsPurged) -> None:
    """Take everybody off the account teams of records that are gone for good."""
    if lacks_tables(current_tenant()):
        return
    theirs = (Share.resource == purged.kind, Share.record_id.in_(purged.ids))
    shared = select(Share.record_id, Member.name, Share.level).outerjoin(Member, Member.id == Share.member_id)
    told = [(row.record_id, {"account_team": [[row.name, row.level], None]}) for row in fetch(shared.where(*theirs))]
    if told:
        db.session.execute(delete(Share).where(*theirs))
        record_each(db.session(), "unshare", purged.kind, told)


def _share(record: Any, member_id: UUID) -> Share | None:
    query = select(Share).where(Share.record_id == record.id, Share.member_id == member_id)
    return db.session.scalar(query.with_for_update())


def _note(record: Any, former: list[Any] | None, present: list[Any] | None) -> None:
    action = "share" if present else "unshare"
    record_act(db.session(), action, record.__resource__, record.id, {"account_team": [former, present]})
