"""What a workspace's plan allows: the one place that decides it.

A limit never takes anything away, and never stops reading or changing what is there: it refuses to make more. Where
there is no limit nothing is asked. Two who make the last one at the same moment may both succeed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

from sqlalchemy import ColumnElement, delete, func, insert, literal, select

from saas_crm.core.clock import today_in
from saas_crm.core.errors import FeatureNotInPlan, LimitReached
from saas_crm.core.usage import UsageSum
from tenants.context import ActiveTenant, current_tenant
from tenants.db import db
from tenants.versions import lacks_tables

Nearness = Literal["ok", "near", "full"]
NEAR = 0.8
"""The part of what is allowed from which people are told."""
_counters: dict[str, Callable[[], ColumnElement[Any]]] = {}


def counted(limit: str, used: Callable[[], ColumnElement[Any]]) -> None:
    """Say how what is used of a limit is found: by an expression that reads little, in the tenant that speaks."""
    _counters[limit] = used


def usage() -> dict[str, int]:
    """Return what the workspace uses of everything that can be limited, by one statement.

    Without those that need tables it does not have yet.
    """
    names = _known()
    row = db.session.execute(select(*(func.coalesce(_counters[name](), 0) for name in names))).one()
    return {name: int(used) for name, used in zip(names, row, strict=True)}


def used_of(limit: str) -> int:
    """Return what the workspace uses of one limit; 0 where it lacks the tables to know."""
    if limit not in _known():
        return 0
    return int(db.session.scalar(select(func.coalesce(_counters[limit](), 0))) or 0)


def nearness(used: int, most: int | None) -> Nearness:
    """Return whether people are to be told that a limit is near (80 %), or that it is reached."""
    if most is None or used < NEAR * most:
        return "ok"
    return "near" if used < most else "full"


def check_room(limit: str, used: int, wanting: int = 1) -> None:
    """Raise LimitReached if `wanting` more than what is `used` is more than the plan allows."""
    most = current_tenant().plan.most(limit)
    if most is not None and used + wanting > most:
        raise LimitReached(limit, most, used)


def make_room(limit: str, wanting: int = 1) -> None:
    """Look how much is used and raise LimitReached if there is no room for more; nothing is asked without a limit."""
    if current_tenant().plan.most(limit) is not None:
        check_room(limit, used_of(limit), wanting)


def check_feature(feature: str, of: ActiveTenant | None = None) -> None:
    """Raise FeatureNotInPlan if the plan of the tenant that speaks, or of another, does not have it."""
    if not (of or current_tenant()).plan.allows(feature):
        raise FeatureNotInPlan(feature)


def note_mails(number: int) -> None:
    """Count mails that leave the workspace today (UTC); raises LimitReached where the plan allows no more of them."""
    tenant = current_tenant()
    if tenant.plan.most("mails_per_day") is None or lacks_tables(tenant):
        return
    make_room("mails_per_day", number)
    today = today_in("UTC")
    db.session.execute(delete(UsageSum).where(UsageSum.kind == "mails", UsageSum.day < today))
    db.session.execute(insert(UsageSum).values(kind="mails", day=today, amount=number))


def _known() -> tuple[str, ...]:
    """Return the limits that can be looked up in the tenant that speaks."""
    behind = lacks_tables(current_tenant())
    return tuple(name for name in _counters if not (behind and name in _SUMMED))


def _summed(kind: str) -> ColumnElement[Any]:
    return select(func.sum(UsageSum.amount)).where(UsageSum.kind == kind).scalar_subquery()


def _mails_today() -> ColumnElement[Any]:
    mails = select(func.sum(UsageSum.amount)).where(UsageSum.kind == "mails", UsageSum.day == literal(today_in("UTC")))
    return mails.scalar_subquery()


_SUMMED = frozenset({"customers", "mails_per_day", "storage_bytes"})
"""What the release before did not have the tables for."""
counted("customers", lambda: _summed("customers"))
counted("mails_per_day", _mails_today)
