"""Who keeps a seat where a plan has fewer than there are people: owners, whom an owner chose, who is here longest.

The others are members as before, and read what they might read; nothing of theirs is changed or taken away. The order
is kept by the database (tenant revision 0021), how many have a seat is the plan's to say.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, func, literal, select, text, true, update

from saas_crm.access.models import Member, Role
from saas_crm.access.people_changed import PeopleChanged
from saas_crm.access.permissions import CurrentMember
from saas_crm.access.role_rules import OWNER
from saas_crm.access.seat_models import MemberSeat
from saas_crm.core.audit import record_act
from saas_crm.core.errors import Forbidden, InvalidInput
from saas_crm.core.events import publish
from saas_crm.core.i18n import gettext as _
from saas_crm.core.i18n import ngettext
from tenants.context import current_tenant
from tenants.db import db, fetch, run
from tenants.versions import lacks_tables


@dataclass(frozen=True, slots=True)
class Seat:
    """A member, and whether they have a seat; an `owner` has one before everybody else."""

    member_id: UUID
    name: str
    email: str
    seated: bool
    owner: bool


def most_seats() -> int | None:
    """Return how many members the plan of the tenant that speaks has seats for; None without a limit.

    None as well where the workspace has no tables to know who keeps one.
    """
    tenant = current_tenant()
    return None if lacks_tables(tenant) else tenant.plan.most("members")


def seats() -> Sequence[Seat]:
    """Return the active members in the order in which they keep a seat."""
    most = most_seats()
    query = (
        select(Member.id, Member.name, Member.email, Role.key, _place() if most is not None else literal(0))
        .join(Role, Role.id == Member.role_id)
        .where(Member.status == "active", Member.deleted_at.is_(None))
        .order_by(_place().nulls_last() if most is not None else Member.created_at, Member.id)
    )
    return [
        Seat(member_id, name, email, most is None or place is None or place <= most, key == OWNER)
        for member_id, name, email, key, place in fetch(query)
    ]


def without_seat(most: int | None) -> Sequence[str]:
    """Return the names of those who would have no seat if there were so many, in the order in which they would get one.

    Nobody where there is no limit, or the workspace lacks the tables to know.
    """
    if most is None or lacks_tables(current_tenant()):
        return []
    beyond = select(Member.name).join(MemberSeat, MemberSeat.member_id == Member.id).where(MemberSeat.place > most)
    return db.session.scalars(beyond.order_by(MemberSeat.place)).all()


def anybody_without() -> bool:
    """Whether somebody has no seat now; nothing is asked where there is no limit."""
    most = most_seats()
    return most is not None and bool(
        db.session.scalar(select(select(MemberSeat).where(MemberSeat.place > most).exists()))
    )


def seated() -> ColumnElement[Any]:
    """Return the expression for whether a member, in a query of members, has a seat."""
    most = most_seats()
    return true() if most is None else func.coalesce(_place() <= most, true())


def choose(ids: Sequence[UUID], *, actor: CurrentMember) -> None:
    """Decide who keeps a seat, besides owners. Raises Forbidden unless an owner does it, and InvalidInput.

    Fewer than there are seats may be chosen: the rest go to those who are here longest.
    """
    if actor.role_key != OWNER:
        raise Forbidden(OWNER)
    most = most_seats()
    if most is None:
        raise InvalidInput({"": _("The plan has a seat for everybody: there is nothing to choose.")})
    db.session.execute(
        text("LOCK TABLE member_seats IN SHARE ROW EXCLUSIVE MODE")
    )  # as the triggers: one after another
    present, wanted = seats(), set(ids)
    _check(present, wanted, most)
    chosen = MemberSeat.member_id.in_([one.member_id for one in present if one.member_id in wanted and not one.owner])
    run(db.session(), update(MemberSeat).where(MemberSeat.wanted != chosen).values(wanted=chosen), {})
    db.session.execute(text("SELECT rank_seats()"))
    _note(present)
    publish(PeopleChanged())


def _check(present: Sequence[Seat], wanted: set[UUID], most: int) -> None:
    if wanted - {one.member_id for one in present}:
        raise InvalidInput({"member_ids": _("Choose active members.")}, {"member_ids": "unknown"})
    together = sum(one.owner or one.member_id in wanted for one in present)
    if together > most and any(not one.owner and one.member_id in wanted for one in present):
        told = ngettext("The plan has %(num)s seat: choose fewer people.", "The plan has %(num)s seats: choose fewer "
                        "people.", most)  # fmt: skip
        raise InvalidInput({"member_ids": told}, {"member_ids": "too_many"})


def _note(before: Sequence[Seat]) -> None:
    """Write down who has a seat now and had none, and the other way round, if anybody."""
    had = {one.member_id: one.seated for one in before}
    for one in seats():
        if one.seated != had.get(one.member_id, one.seated):
            told = {"seat": [had[one.member_id], one.seated]}
            record_act(db.session(), "choose_seats", "member", one.member_id, told)


def _place() -> ColumnElement[Any]:
    return select(MemberSeat.place).where(MemberSeat.member_id == Member.id).scalar_subquery()
