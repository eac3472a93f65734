"""Limits on guessing: per account and per address, shared by all workers through the database."""

from __future__ import annotations

import hashlib
import ipaddress
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, case, delete, select, update
from sqlalchemy.dialects.postgresql import insert

from saas_crm.access.rules import Patience, counted, wait_after
from saas_crm.access.shared_models import Throttle
from saas_crm.core.clock import now
from saas_crm.core.errors import BusinessError
from tenants.db import SHARED, db

NEVER = datetime(2000, 1, 1, tzinfo=UTC)


class TooManyAttempts(BusinessError):
    """Wait before the next attempt; `seconds` says how long."""

    def __init__(self, seconds: int) -> None:
        super().__init__(f"wait {seconds} s")
        self.seconds = seconds


def throttle_key(kind: str, value: str) -> str:
    """Return the key of a limit; the value is hashed, so that the table holds no personal data."""
    return f"{kind}:{hashlib.sha256(value.casefold().encode()).hexdigest()[:32]}"


def network_of(address: str) -> str:
    """Return what one caller has at their disposal: an IPv4 address, or the /64 an IPv6 address is from."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(found, ipaddress.IPv6Address):
        return str(found.ipv4_mapped or ipaddress.ip_network((found, 64), strict=False))
    return str(found)


_HELD = select(Throttle.key, Throttle.failures, Throttle.updated_at, Throttle.blocked_until)


def count(limits: Mapping[str, Patience], times: int = 1) -> dict[str, datetime]:
    """Count an attempt against each key, before it is made; returns until when each now waits.

    Of several `times` at once, all must be free: else TooManyAttempts says when they will be, and none is counted.

    Raises TooManyAttempts if any of them must wait already.

    It counts as a failure until `forgive` or `take_back` says otherwise: so attempts at the same moment cannot all
    pass before the first is counted. A refused one counts for nothing. The counts are in a transaction of their
    own, which no rollback forgets; keys are taken in order, so that two callers cannot wait for each other.
    """
    keys = sorted(limits)
    with db.engines[SHARED].begin() as connection:
        rows = [{"key": key, "failures": 0, "updated_at": now(), "blocked_until": NEVER} for key in keys]
        connection.execute(insert(Throttle).values(rows).on_conflict_do_nothing())
        held = connection.execute(_HELD.where(Throttle.key.in_(keys)).order_by(Throttle.key).with_for_update()).all()
        moment = now()
        left = max((row.blocked_until - moment for row in held), default=timedelta(0))
        if left > timedelta(0):
            raise TooManyAttempts(int(left.total_seconds()) + 1)
        return {row.key: _count_one(connection, row, moment, limits[row.key], times) for row in held}


def _count_one(connection: Connection, row: Any, moment: datetime, patience: Patience, times: int) -> datetime:
    failures, since = counted(row.failures, row.updated_at, moment, patience)
    if times > 1 and failures + times > patience.free:
        left = patience.forgive_one * (failures + times - patience.free) - (moment - since)
        raise TooManyAttempts(int(left.total_seconds()) + 1)
    wait = wait_after(failures + times, patience)
    until: datetime = moment + wait if wait else row.blocked_until
    values = {"failures": failures + times, "updated_at": since, "blocked_until": until}
    connection.execute(update(Throttle).where(Throttle.key == row.key).values(**values))
    return until


def take_back(key: str, until: datetime) -> None:
    """Count one attempt less after a success, and end the wait `until` that it brought; other attempts' waits stay."""
    ended = case((Throttle.blocked_until == until, now()), else_=Throttle.blocked_until)
    with db.engines[SHARED].begin() as connection:
        held = update(Throttle).where(Throttle.key == key, Throttle.failures > 0)
        connection.execute(held.values(failures=Throttle.failures - 1, blocked_until=ended))


def forgive(key: str) -> None:
    """Forget a key's failures after a success."""
    with db.engines[SHARED].begin() as connection:
        connection.execute(delete(Throttle).where(Throttle.key == key))
