"""Pure rules of operators: how long their sign-in is good, who may come, and how long one looks in."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address, ip_network

LIFETIME = timedelta(hours=8)
"""A sign-in is over after so long in any case …"""
IDLE = timedelta(minutes=30)
"""… and after so long without use."""
PENDING = timedelta(minutes=10)
"""Between password and code."""
PROVEN = timedelta(minutes=10)
"""So long password and code are not asked again."""
LINK = timedelta(hours=1)
TICKET = timedelta(minutes=1)
OFFER = timedelta(minutes=5)
"""For so long a link that a command printed leads in: time to carry it to a browser and to sign in there."""
LONGEST_VISIT = timedelta(minutes=30)
CONSENT_HOURS = (1, 8, 24, 168)
"""For how long a workspace may open itself to support."""


_STAMP = re.compile(r"\d{8}T\d{6}Z", re.ASCII)


def moment_of(stamp: str) -> datetime | None:
    """Return when a backup was made, which is how it is named ("20261122T022300Z"); None where it is no such name."""
    if _STAMP.fullmatch(stamp) is None:
        return None
    try:
        return datetime.strptime(stamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        return None


def restored_slug(slug: str) -> str:
    """Return the address that is proposed for a workspace's backup beside it; at most 40 characters."""
    return f"{slug[:31].rstrip('-')}-restored"


def is_address_typed(typed: str, slug: str) -> bool:
    """Whether somebody typed a workspace's address, as before it is deleted; a slash in front is no matter."""
    return typed.strip().removeprefix("/").lower() == slug


def is_good(created_at: datetime, seen_at: datetime, moment: datetime, *, pending: bool) -> bool:
    """Whether a sign-in still counts."""
    if pending:
        return moment - created_at < PENDING
    return moment - created_at < LIFETIME and moment - seen_at < IDLE


def comes_from(address: str, networks: list[str]) -> bool:
    """Whether an address is in one of the networks; everybody is where none is named."""
    if not networks:
        return True
    try:
        found = ip_address(address)
    except ValueError:
        return False
    mapped = getattr(found, "ipv4_mapped", None)
    return any((mapped or found) in ip_network(network) for network in networks)


def end_of_visit(begins: datetime, consent_until: datetime) -> datetime:
    """Return when looking in ends: with the consent, and never later than half an hour."""
    return min(begins + LONGEST_VISIT, consent_until)
