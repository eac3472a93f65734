"""How long a sign-in is good for in a workspace, and from which networks: pure values and rules."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, Literal

from saas_crm.core.emails import email_domain

Over = Literal["", "length", "idle"]
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
SESSION_HOURS = (1, 4, 8, 12, 24, 72, 168, 336)
IDLE_MINUTES = (15, 30, 60, 120, 240, 480)
MOST_NETWORKS = 50
MOST_DOMAINS = 50


LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class EntryRules:
    """What a workspace asks of those who come in; None asks nothing. `sso_only` leaves single sign-on alone.

    `decided` is when it last decided anything. Single sign-on is good from `trusted_from` on, None where there is none.
    """

    hours: int | None = None
    idle: int | None = None
    networks: tuple[str, ...] = ()
    sso_only: bool = False
    decided: datetime = LONG_AGO
    trusted_from: datetime | None = LONG_AGO

    def over(self, began: datetime, seen: datetime, moment: datetime, slack: timedelta = timedelta(0)) -> Over:
        """Return why a sign-in is over that began and was used last then; `slack` is how inexact that is."""
        if self.hours is not None and moment - began > timedelta(hours=self.hours):
            return "length"
        if self.idle is not None and moment - max(seen, began) > timedelta(minutes=self.idle) + slack:
            return "idle"
        return ""

    def ends_at(self, began: datetime, seen: datetime) -> datetime | None:
        """Return when a sign-in is over that began and was used last then, unless it is used again; None for never."""
        ends = [began + timedelta(hours=self.hours)] if self.hours is not None else []
        if self.idle is not None:
            ends.append(max(seen, began) + timedelta(minutes=self.idle))
        return min(ends, default=None)


DEVICE = EntryRules(hours=365 * 24, idle=90 * 24 * 60)
"""How long the token of a device is good where the workspace asks for nothing shorter."""


def rules_of(told: Mapping[str, Any] | None, *, owner: bool) -> EntryRules:
    """Return the rules as the query of a member finds them; owners are never left with single sign-on alone."""
    if not told:
        return EntryRules()
    sso_only = bool(told.get("sso")) and not owner
    return EntryRules(
        told.get("hours"), told.get("idle"), tuple(told.get("networks") or ()), sso_only,
        _moment(told.get("decided")) or LONG_AGO, _moment(told.get("sso_from")),
    )  # fmt: skip


def _moment(seconds: float | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)


@lru_cache(1_000)
def parse_network(text: str) -> Network:
    """Return a network written as 203.0.113.0/24, 2001:db8::/48 or one address; raises ValueError."""
    return ipaddress.ip_network(text.strip(), strict=False)


def is_within(address: str, networks: Sequence[str]) -> bool:
    """Whether an address is in one of the networks; an IPv4 address told as IPv6 counts as what it is."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped:
        found = found.ipv4_mapped
    return any(found in parse_network(network) for network in networks)


def domain_allowed(email: str, domains: Sequence[str] | None) -> bool:
    """Whether an address is of one of the domains, spelt as `core.emails` spells them; without any, every one is."""
    return not domains or email_domain(email) in domains
