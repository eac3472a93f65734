"""What a comparison with Stripe has found."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

SHOWN = 1_000
"""So many of each are kept beside their number."""


@dataclass(slots=True)
class Report:
    """What was found: how many were compared and looked at closely, what was mended of whom, what needs a person.

    `missed_events` never came as webhooks, `adopted` had customers that were not noted, `forgotten` those that Stripe
    has no more; `ended` are subscriptions of workspaces that were deleted, `unknown` those of none that we ever knew.
    """

    looked: int = 0
    closely: int = 0
    mended: dict[str, dict[str, list[str]]] = field(default_factory=dict)
    adopted: list[str] = field(default_factory=list)
    forgotten: list[str] = field(default_factory=list)
    ended: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    missed_events: list[str] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)

    @property
    def needs_a_person(self) -> bool:
        """Whether something is left that is not mended by itself."""
        return bool(self.unknown or self.failed)

    def counts(self) -> dict[str, int]:
        """Return how much there is of each."""
        return {name: value if isinstance(value, int) else len(value) for name, value in asdict(self).items()}

    def as_json(self) -> dict[str, Any]:
        """Return what is kept of it: of each the first ones, and how many there were."""
        said = {name: _first(value) for name, value in asdict(self).items()}
        return {**said, "counts": self.counts()}


def _first(value: Any) -> Any:
    if isinstance(value, dict):
        return dict(list(value.items())[:SHOWN])
    return value[:SHOWN] if isinstance(value, list) else value
