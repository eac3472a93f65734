"""A workspace lets operators look in: given for a while, withdrawn at any time, and kept as its history."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import aliased

from saas_crm.access.models import Member
from saas_crm.access.permissions import CurrentMember
from saas_crm.core.audit import record_act
from saas_crm.core.clock import now
from saas_crm.operators.consent_models import SupportConsent
from saas_crm.operators.schemas import Allow
from tenants.context import current_tenant
from tenants.db import AnyRow, AnySelect, db, fetch, run

PERMISSION = "workspace:update"
SHOWN = 50
_WITHDRAWER = aliased(Member)
_TABLE = SupportConsent


def allow(data: Allow, *, actor: CurrentMember, consent_id: UUID) -> UUID:
    """Let operators look in for so many hours from now; what was allowed before ends with it. Returns its id.

    Said again with the same id it is the same consent. Raises Forbidden.
    """
    actor.require(PERMISSION)
    moment = now()
    until = moment + timedelta(hours=data.hours)
    made = insert(SupportConsent).values(
        id=consent_id, member_id=actor.id, note=data.note, given_at=moment, until=until
    ).on_conflict_do_nothing().returning(_TABLE.id)  # fmt: skip
    if not run(db.session(), made, {}).all():
        return consent_id
    _end_open(actor, but=consent_id)
    record_act(db.session(), "support_allow", "workspace", current_tenant().id,
               {"until": [None, until.isoformat()], "reason": [None, data.note]})  # fmt: skip
    return consent_id


def withdraw(*, actor: CurrentMember) -> bool:
    """Let nobody look in any more, from the next request on; returns whether anybody could. Raises Forbidden."""
    actor.require(PERMISSION)
    ended = _end_open(actor)
    if ended:
        record_act(db.session(), "support_withdraw", "workspace", current_tenant().id)
    return bool(ended)


def _end_open(actor: CurrentMember, *, but: UUID | None = None) -> int:
    ended = (
        update(SupportConsent)
        .where(_TABLE.withdrawn_at.is_(None), _TABLE.until > func.now())
        .values(withdrawn_at=func.now(), withdrawn_by_id=actor.id)
        .returning(_TABLE.id)
    )
    return len(run(db.session(), ended.where(_TABLE.id != but) if but else ended, {}).all())


def in_force() -> AnyRow | None:
    """Return the consent of the workspace that speaks: id, note, given_at, until, member_name; None without one."""
    open_ones = _listed().where(_TABLE.withdrawn_at.is_(None), _TABLE.until > func.now())
    return fetch(open_ones.order_by(_TABLE.until.desc()).limit(1)).one_or_none()


def history() -> Sequence[AnyRow]:
    """Return the consents of the workspace that speaks, the latest first."""
    return fetch(_listed().order_by(_TABLE.given_at.desc(), _TABLE.id.desc()).limit(SHOWN)).all()


def _listed() -> AnySelect:
    return (
        select(
            _TABLE.id, _TABLE.note, _TABLE.given_at, _TABLE.until, _TABLE.withdrawn_at, _TABLE.member_id,
            Member.name.label("member_name"), _WITHDRAWER.name.label("withdrawn_by_name"),
        )
        .join(Member, Member.id == _TABLE.member_id)
        .outerjoin(_WITHDRAWER, _WITHDRAWER.id == _TABLE.withdrawn_by_id)
    )  # fmt: skip
