"""Who loses a seat is told, once, and the workspace's log says so; who gets one again finds everything open."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Update, select, update

from saas_crm.access.models import Member, Role
from saas_crm.access.people_changed import PeopleChanged
from saas_crm.access.role_rules import OWNER
from saas_crm.access.seat_models import MemberSeat
from saas_crm.access.seats import most_seats
from saas_crm.core.audit import record_each
from saas_crm.core.i18n import gettext as _
from saas_crm.core.i18n import in_language, ngettext
from saas_crm.core.jobs import defer
from saas_crm.core.mail import Letter, send
from tenants.address import address_of
from tenants.context import current_tenant
from tenants.db import AnyRow, AnySelect, db, fetch
from tenants.runtime import runtime_settings
from tenants.versions import lacks_tables

JOB = "access.tell_seats"


def follow(_change: PeopleChanged) -> None:
    """Let those be told who lose a seat by what is done in the transaction at hand, where seats are limited at all."""
    if most_seats() is not None:
        defer(db.session(), JOB, queueing_lock=f"{JOB}:{current_tenant().id}")


def tell() -> int:
    """Mail those of the tenant that speaks who have no seat and have not been told; returns how many they are.

    Run again, nobody is told twice. Who has a seat again is told anew the next time.
    """
    if lacks_tables(current_tenant()):
        return 0
    most = most_seats()
    back = update(MemberSeat).where(MemberSeat.told).values(told=False)
    lost = update(MemberSeat).where(~MemberSeat.told, MemberSeat.place > (most or 0)).values(told=True)
    if most is not None:
        back = back.where(MemberSeat.place <= most)
    has_again = _changed(back)
    loses = _changed(lost) if most is not None else []
    for ids, seated in ((has_again, True), (loses, False)):
        record_each(db.session(), "seats", "member", [(one, {"seat": [not seated, seated]}) for one in ids])
    if loses and most is not None:
        _mail(loses, most)
    return len(loses)


def _changed(statement: Update) -> Sequence[UUID]:
    told = statement.returning(MemberSeat.member_id).execution_options(synchronize_session=False)
    return sorted(db.session.scalars(told))


def _mail(ids: Sequence[UUID], most: int) -> None:
    owners = fetch(_people().where(Role.key == OWNER)).all()
    address = address_of(current_tenant(), runtime_settings().base_url)
    for one in fetch(_people().where(Member.id.in_(ids))):
        with in_language(one.locale):
            send(db.session(), _letter(one, [owner.name for owner in owners], most, address))


def _people() -> AnySelect:
    people = select(Member.name, Member.email, Member.locale).join(Role, Role.id == Member.role_id)
    return people.where(Member.status == "active", Member.deleted_at.is_(None)).order_by(Member.id)


def _letter(reader: AnyRow, owners: Sequence[str], most: int, address: str) -> Letter:
    workspace = current_tenant().name
    return Letter(
        reader.email,
        _("%(workspace)s: you can read, but not change anything for now", workspace=workspace),
        [
            _("Hello %(name)s,", name=reader.name),
            ngettext("the plan of the workspace %(workspace)s has %(num)s seat, and more people work in it. You have "
                     "none now: you can sign in, read and export as before, but not change anything.",
                     "the plan of the workspace %(workspace)s has %(num)s seats, and more people work in it. You have "
                     "none now: you can sign in, read and export as before, but not change anything.", most,
                     workspace=workspace),
            _("Nothing of yours was deleted or taken away. Owners choose who keeps a seat: %(names)s.",
              names=_(", ").join(owners)),
            _("As soon as you have a seat again, everything works at once."),
        ],
        (_("Open the workspace"), f"{address}/"),
    )  # fmt: skip
