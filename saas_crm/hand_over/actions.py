"""Handing over, and taking it back: one transaction, whatever the number of records."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import select

from saas_crm.access import members
from saas_crm.access.bulk import hold_owners
from saas_crm.access.models import Member
from saas_crm.access.permissions import CurrentMember
from saas_crm.core.audit import record_act
from saas_crm.core.clock import now
from saas_crm.core.errors import InvalidInput, NotFound
from saas_crm.core.events import publish
from saas_crm.core.i18n import gettext as _
from saas_crm.core.saving import insert
from saas_crm.hand_over import letters
from saas_crm.hand_over.models import HandOver
from saas_crm.hand_over.moving import give, give_back, note_items, take_time
from saas_crm.hand_over.people import source
from saas_crm.hand_over.planning import plan_of
from saas_crm.hand_over.queries import items_of
from saas_crm.hand_over.registry import OwnersMoved
from saas_crm.hand_over.rules import UNDO_DAYS
from saas_crm.hand_over.schemas import HandOverWrite
from tenants.context import ActiveTenant
from tenants.db import db


@dataclass(frozen=True, slots=True)
class Undone:
    """How many records went back, and how many stayed because they had changed hands or were gone."""

    returned: int
    stayed: int


def hand_over(
    data: HandOverWrite, *, actor: CurrentMember, tenant: ActiveTenant, base_url: str, hand_over_id: UUID | None = None
) -> HandOver:
    """Give what a member owns to others as asked, all or nothing, and write to each of them.

    No stage and no date changes but "updated". Raises NotFound, Forbidden, InvalidInput, and AlreadyExists for an id
    (made by the client) that has been used: the same was sent twice.
    """
    take_time()
    if data.then != "keep":
        hold_owners()  # before the member, as everybody takes them who locks somebody out
    _hold_member(data.from_id)
    made = HandOver(from_id=data.from_id, made_by_id=actor.id, note=data.note)
    if hand_over_id is not None:
        made.id = hand_over_id
    _check_source(data.from_id, actor)
    insert(made, may_exist=hand_over_id is not None)
    plan = plan_of(data, actor)
    _hold_successors(set(plan.division.values()))
    if not note_items(made.id, plan.source.id, plan.division, closed=data.closed):
        raise InvalidInput({"": _("There is nothing to hand over.")}, {"": "nothing"})
    give(made.id, plan.source.id)
    publish(OwnersMoved(made.id, plan.source.id, undone=False))
    _lock_out(data, actor)
    letters.tell_successors(made, plan, actor=actor, tenant=tenant, base_url=base_url)
    return made


def _check_source(member_id: UUID, actor: CurrentMember) -> None:
    try:
        source(member_id, actor)
    except NotFound:
        raise InvalidInput({"from_id": _("Choose one of the values offered.")}, {"from_id": "unknown"}) from None


def _lock_out(data: HandOverWrite, actor: CurrentMember) -> None:
    """Lock the member out, or remove them, in the same transaction, if that was asked."""
    if data.then == "freeze":
        members.set_frozen(members.get_member(data.from_id), True, actor=actor)
    elif data.then == "remove":
        members.remove(members.get_member(data.from_id), actor=actor)


def undo(hand_over_id: UUID, *, actor: CurrentMember, tenant: ActiveTenant, base_url: str) -> Undone:
    """Take a hand-over back for 30 days: what still belongs to whom it was given returns, the rest stays.

    Whom it concerns, both sides, gets a mail.
    A member who is locked out gets it back too; one who has left does not. Raises NotFound, Forbidden, InvalidInput.
    """
    take_time()
    held = select(HandOver).where(HandOver.id == hand_over_id).with_for_update()
    found = db.session.scalar(held.execution_options(populate_existing=True))
    if found is None:
        raise NotFound
    person = source(found.from_id, actor)
    _check_undoable(found, person.name, person.status)
    _hold_member(found.from_id)
    found.undone_at = now()
    total = items_of(found.id)
    returned = give_back(found.id, found.from_id)
    publish(OwnersMoved(found.id, found.from_id, undone=True))
    outcome = Undone(returned, total - returned)
    counts = {"returned": [None, outcome.returned], "stayed": [None, outcome.stayed]}
    record_act(db.session(), "undo", "hand_over", found.id, counts)
    db.session.flush()
    if returned:
        letters.tell_undone(found, person.name, actor=actor, tenant=tenant, base_url=base_url)
    return outcome


def why_not_undone(found: HandOver) -> str:
    """Return why a hand-over cannot be taken back any more, "" while it can."""
    if found.undone_at is not None:
        return _("It has been taken back already.")
    if now() > found.created_at + timedelta(days=UNDO_DAYS):
        return _("It was made more than %(days)s days ago and stays as it is.", days=UNDO_DAYS)
    return ""


def _check_undoable(found: HandOver, name: str, status: str) -> None:
    reason = why_not_undone(found)
    if not reason and status == "removed":
        reason = _("%(name)s is no longer a member. Invite them again, or hand over to somebody else.", name=name)
    if reason:
        raise InvalidInput({"": reason}, {"": "undo"})


def _hold_successors(ids: Set[UUID]) -> None:
    """Keep who is to get something from being locked out or removed until it is theirs; raises InvalidInput."""
    held = select(Member.id).where(Member.id.in_(ids), Member.status == "active", Member.deleted_at.is_(None))
    if set(db.session.scalars(held.order_by(Member.id).with_for_update(read=True))) != ids:
        raise InvalidInput(
            {"": _("Somebody who was to get customers cannot get them any more. Look at the plan again.")}
        )


def _hold_member(member_id: UUID) -> None:
    """Let one hand-over of a member's go on at a time; whoever comes second waits, and finds what is left.

    Not stronger than needed: whoever writes something down in their name meanwhile does not have to wait.
    """
    db.session.execute(select(Member.id).where(Member.id == member_id).with_for_update(key_share=True))
