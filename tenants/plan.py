"""What a tenant's plan allows: a plain value that comes with the tenant. Whoever takes money for plans writes it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any

LIMITS = ("members", "customers", "storage_bytes", "mails_per_day", "api_per_minute")
FEATURES = ("single_sign_on", "own_domain", "closed_units", "field_rules", "audit_export")
_NONE: Mapping[str, int] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Plan:
    """A plan by its key, the most it allows of what is limited, and the features it has.

    `state` is that of the subscription ("" where nobody takes money), `until` when something follows by itself: a trial
    or a paid period ends, a workspace that owes becomes read-only, one that is cancelled is deleted. `ending` is what a
    cancellation leads to.
    """

    key: str
    limits: Mapping[str, int] = field(default_factory=lambda: _NONE)
    features: frozenset[str] = frozenset()
    state: str = ""
    until: datetime | None = None
    ending: str = ""

    def __hash__(self) -> int:
        return hash((self.key, self.state, self.until, self.features, tuple(sorted(self.limits.items()))))

    def allows(self, feature: str) -> bool:
        """Whether the plan has one of FEATURES."""
        return feature in self.features

    def most(self, limit: str) -> int | None:
        """Return the most that is allowed of one of LIMITS, in its own unit; None where there is no limit."""
        return self.limits.get(limit)

    def as_json(self) -> dict[str, Any]:
        """Return what the registry keeps."""
        return {
            "key": self.key, "limits": dict(self.limits), "features": sorted(self.features), "state": self.state,
            "until": self.until.isoformat() if self.until else None, "ending": self.ending,
        }  # fmt: skip


UNLIMITED = Plan("", features=frozenset(FEATURES))
"""The plan of a tenant nobody takes money for."""


def plan_of(kept: Mapping[str, Any] | None) -> Plan:
    """Return the plan the registry keeps for a tenant; UNLIMITED for none."""
    if kept is None:
        return UNLIMITED
    until = datetime.fromisoformat(kept["until"]) if kept.get("until") else None
    return Plan(
        kept["key"], MappingProxyType(dict(kept["limits"])), frozenset(kept["features"]), kept.get("state", ""), until,
        kept.get("ending", ""),
    )  # fmt: skip
