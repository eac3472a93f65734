"""What one run does, how long it takes and how much it loads."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Size:
    """How much a workspace holds."""

    companies: int
    contacts: int
    deals: int
    activities: int

    @classmethod
    def of(cls, companies: int) -> Size:
        """Return the size of a workspace with that many companies, all else in proportion."""
        return cls(companies, companies * 2, companies, companies * 10)


@dataclass(frozen=True, slots=True)
class Plan:
    """A run: `seconds` each scenario is driven per round and concurrency; medians are taken over the rounds."""

    name: str
    large: Size
    thousandth: Size
    small: Size
    members: int
    roles: int
    small_tenants: int
    few_tenants: int
    many_tenants: int
    concurrency: tuple[int, ...]
    rounds: int
    seconds: float
    sign_ups: int

    @property
    def key(self) -> str:
        """Name the data this plan needs, so that it is made once."""
        return f"{self.large.companies}-{self.small_tenants}-{self.members}-{self.roles}"


FULL = Plan(
    "full", large=Size.of(100_000), thousandth=Size.of(1_000), small=Size.of(30), members=500, roles=30,
    small_tenants=200, few_tenants=10, many_tenants=1_000, concurrency=(1, 2, 4, 8), rounds=5, seconds=1.5, sign_ups=20,
)  # fmt: skip
QUICK = Plan(
    "quick", large=Size.of(3_000), thousandth=Size.of(300), small=Size.of(30), members=500, roles=30, small_tenants=8,
    few_tenants=4, many_tenants=30, concurrency=(1, 4), rounds=2, seconds=1.0, sign_ups=5,
)  # fmt: skip
