"""Duties to keep what is known of a person: those that follow from deals, and those set by hand."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Date,
    String,
    cast,
    exists,
    false,
    func,
    literal,
    null,
    or_,
    select,
    true,
    union_all,
)
from sqlalchemy.sql.dml import ReturningDelete

from saas_crm.access.permissions import CurrentMember
from saas_crm.core.audit import record_act
from saas_crm.core.clock import now
from saas_crm.core.errors import InvalidInput
from saas_crm.core.i18n import gettext as _
from saas_crm.privacy.models import PrivacyHold
from saas_crm.privacy.registry import Person, holdings
from saas_crm.privacy.schemas import HoldWrite
from tenants.context import current_tenant
from tenants.db import AnyRow, AnySelect, db, fetch
from tenants.versions import lacks_tables


@dataclass(frozen=True, slots=True)
class Duty:
    """A reason why a person may not be erased, until a day, or until it is lifted; `num` records ask for it."""

    code: str
    until: date | None
    num: int
    note: str


def duties_of(person: Person) -> list[Duty]:
    """Return why a person must be kept, in one statement; those without an end come last."""
    return _duties(fetch(_all_duties(person)))


def _all_duties(person: Person) -> CompoundSelect[*tuple[Any, ...]]:
    return union_all(*(holding.duties(person) for holding in holdings.values() if holding.duties is not None))


def _duties(rows: Iterable[AnyRow]) -> list[Duty]:
    found = [Duty(row.code, row.until, row.num, row.note) for row in rows if row.num]
    return sorted(found, key=lambda duty: (duty.until is None, duty.until or date.max, duty.code))


def free_from(duties: list[Duty]) -> date | None:
    """Return the day until which all of them hold, None where one has no end."""
    days = [duty.until for duty in duties]
    return max(days) if days and None not in days else None  # type: ignore[type-var]


def duties_by_hand(person: Person) -> AnySelect:
    """Return the query of the duties that were set by hand and still hold."""
    return select(
        literal("hold", String).label("code"), PrivacyHold.until, literal(1).label("num"),
        PrivacyHold.reason.label("note"),
    ).where(PrivacyHold.contact_id.in_(person.ids), _still())  # fmt: skip


def _still() -> ColumnElement[bool]:
    return or_(PrivacyHold.until.is_(None), PrivacyHold.until >= func.current_date())


def held_by_hand(contact_id: Any) -> ColumnElement[bool]:
    """Return the clause "for this contact a duty was set by hand that still holds"."""
    return exists(select(PrivacyHold.id).where(PrivacyHold.contact_id == contact_id, _still()))


def must_stay(contact_id: Any) -> ColumnElement[bool]:
    """Return the clause "this contact must be kept"; in a workspace that is behind, nobody must."""
    if lacks_tables(current_tenant()):
        return false()
    return or_(*(one.must_stay(contact_id) for one in holdings.values() if one.must_stay is not None), false())


def no_duty() -> AnySelect:
    """Return a query of no duty, of the columns that a room's query has."""
    return select(
        literal("", String).label("code"), cast(null(), Date).label("until"), literal(0).label("num"),
        literal("", String).label("note"),
    )  # fmt: skip


def hold_of(contact_id: UUID) -> AnyRow | None:
    """Return the duty that was set by hand for a visible contact, also one that has ended."""
    columns = (PrivacyHold.id, PrivacyHold.reason, PrivacyHold.until)
    return fetch(select(*columns).where(PrivacyHold.contact_id == contact_id)).first()


def set_hold(contact: Any, data: HoldWrite, *, actor: CurrentMember) -> None:
    """Forbid that a visible contact is erased or deleted, or change until when; raises Forbidden and InvalidInput."""
    actor.require("privacy:update")
    if data.until is not None and data.until < now().date():
        raise InvalidInput({"until": _("This day has passed already.")}, {"until": "past"})
    held = select(PrivacyHold).where(PrivacyHold.contact_id == contact.id).with_for_update()
    found = db.session.scalar(held) or PrivacyHold(contact_id=contact.id)
    found.reason, found.until = data.reason, data.until
    db.session.add(found)
    db.session.flush()
    told = {"until": [None, data.until.isoformat() if data.until else None], "reason": [None, data.reason]}
    record_act(db.session(), "hold", "contact", contact.id, told)


def lift_hold(contact: Any, *, actor: CurrentMember) -> None:
    """Take the duty of a visible contact away; without one nothing happens."""
    actor.require("privacy:update")
    found = db.session.scalar(select(PrivacyHold).where(PrivacyHold.contact_id == contact.id).with_for_update())
    if found is not None:
        db.session.delete(found)
        record_act(db.session(), "lift_hold", "contact", contact.id)
        db.session.flush()


def unless_kept(contact_id: UUID, removing: ReturningDelete[bool]) -> bool:
    """Remove something of a contact who need not be kept; raises InvalidInput for one who must, and removes nothing.

    Both are one statement. Returns what `removing` gives back of the only row it removed; True where there was none.
    """
    if lacks_tables(current_tenant()):
        return db.session.scalar(removing) is not False
    asked = _all_duties(Person((contact_id,), "")).cte("duties")
    removed = removing.where(~exists(select(asked.c.num).where(asked.c.num > 0))).cte("removed")
    gave = select(next(iter(removed.c))).scalar_subquery()
    always = select(gave.label("gave")).subquery()
    rows = fetch(select(always, asked).select_from(always.outerjoin(asked, true()))).all()
    _refuse(_duties(rows))
    return rows[0].gave is not False


def _refuse(duties: Sequence[Duty]) -> None:
    if duties and duties[0].code == "hold":
        raise InvalidInput({"": _("This must be kept: %(reason)s", reason=duties[0].note)}, {"": "held"})
    if duties:
        raise InvalidInput({"": _("This must be kept: a deal was won with them.")}, {"": "duty"})
