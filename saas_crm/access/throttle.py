"""Limits on guessing: per account and per address, shared by all workers through the database."""

from __future__ import annotations

import hashlib
import ipaddress
from datetime import timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert

from saas_crm.access.rules import Patience, counted, wait_after
from saas_crm.access.shared_models import Throttle
from saas_crm.core.clock import now
from saas_crm.core.errors import BusinessError
from tenants.db import SHARED, db


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


def check(*keys: str) -> None:
    """Raise TooManyAttempts if any of the keys must still wait."""
    with db.engines[SHARED].connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        until = connection.scalars(select(Throttle.blocked_until).where(Throttle.key.in_(keys))).all()
    left = max((moment - now() for moment in until), default=timedelta(0))
    if left > timedelta(0):
        raise TooManyAttempts(int(left.total_seconds()) + 1)


def count_failure(key: str, patience: Patience) -> None:
    """Count one failure against a key, in a transaction of its own, so that no rollback forgets it.

    The row is there before it is read, so that failures at the same moment all count.
    """
    moment = now()
    first = {"failures": 0, "updated_at": moment, "blocked_until": moment}
    with db.engines[SHARED].begin() as connection:
        connection.execute(insert(Throttle).values(key=key, **first).on_conflict_do_nothing())
        held = connection.execute(
            select(Throttle.failures, Throttle.updated_at).where(Throttle.key == key).with_for_update()
        ).one()
        failures = 1 + counted(held.failures, held.updated_at, moment, patience)
        connection.execute(
            update(Throttle)
            .where(Throttle.key == key)
            .values(failures=failures, updated_at=moment, blocked_until=moment + wait_after(failures, patience))
        )


def forgive(key: str) -> None:
    """Forget a key's failures after a success."""
    with db.engines[SHARED].begin() as connection:
        connection.execute(delete(Throttle).where(Throttle.key == key))
