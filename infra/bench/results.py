"""From samples to numbers, and from numbers to verdicts: pure functions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from statistics import median
from typing import Any

from infra.bench.driving import Sample, Samples

CONSTANT, TABLE = "ceiling_constant", "ceiling_table"
JUDGED = 4
"""The concurrency at which targets are judged."""
RATIOS = {"page": (0.25, 0.5), "read": (0.4, 0.7), "move": (0.25, 0.5)}
"""By kind of scenario: the target and the aim, as a share of the second ceiling's requests a second."""
LATENCY = 4.0
GROWTH = 1.3


@dataclass(frozen=True, slots=True)
class Figures:
    """A target at one concurrency, in medians over the rounds; times in milliseconds."""

    per_second: float
    p50: float
    p95: float
    p99: float
    bytes: float
    statements: int | None
    web_cpu_ms: float
    database_cpu_ms: float
    ratio: float | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """A target of the specification: what was measured, what is wanted, whether it holds."""

    name: str
    measured: float
    wanted: float
    unit: str
    at_least: bool = False
    aim: float | None = None
    note: str = ""

    @property
    def holds(self) -> bool:
        """Whether the target is met."""
        return self.measured >= self.wanted if self.at_least else self.measured <= self.wanted

    @property
    def reaches_aim(self) -> bool:
        """Whether the aim beyond the target is met."""
        if self.aim is None:
            return self.holds
        return self.measured >= self.aim if self.at_least else self.measured <= self.aim


@dataclass
class Report:
    """Everything a run found out."""

    plan: str
    machine: dict[str, Any]
    scenarios: dict[str, str]
    figures: dict[str, dict[int, Figures]] = field(default_factory=dict)
    verdicts: list[Verdict] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON can hold it."""
        return asdict(self) | {
            "verdicts": [asdict(v) | {"holds": v.holds, "reaches_aim": v.reaches_aim} for v in self.verdicts]
        }


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value below which `share` of the values lie (nearest rank)."""
    ordered = sorted(values)
    return ordered[min(int(share * len(ordered)), len(ordered) - 1)]


def summed_up(samples: Sequence[Sample]) -> Figures:
    """Return the medians over some rounds."""

    def typical(name: str) -> float:
        return median(getattr(sample, name) for sample in samples)

    def at(share: float) -> float:
        return median(percentile(sample.latencies, share) for sample in samples) * 1000

    statements = [count for sample in samples for count in sample.statements]
    return Figures(
        per_second=typical("per_second"), p50=at(0.5), p95=at(0.95), p99=at(0.99), bytes=typical("bytes_each"),
        statements=max(statements) if statements else None, web_cpu_ms=typical("web_cpu_ms"),
        database_cpu_ms=typical("database_cpu_ms"),
    )  # fmt: skip


def figures_of(samples: Samples) -> dict[str, dict[int, Figures]]:
    """Return the figures of all targets by concurrency, with their share of the second ceiling where it was driven."""
    found: dict[str, dict[int, Figures]] = {}
    for (name, connections), held in samples.held.items():
        found.setdefault(name, {})[connections] = summed_up(held)
    for each in found.values():
        for connections, figures in each.items():
            ceiling = found.get(TABLE, {}).get(connections)
            if ceiling:
                ratio = round(figures.per_second / ceiling.per_second, 3)
                each[connections] = Figures(**{**asdict(figures), "ratio": ratio})
    return found


def judge(figures: dict[str, dict[int, Figures]], kinds: dict[str, str]) -> list[Verdict]:
    """Return the verdicts on throughput and on latency at the concurrency that counts."""
    ceiling = figures[TABLE][JUDGED]
    verdicts = []
    for name, kind in kinds.items():
        at = figures[name][JUDGED]
        if kind in RATIOS:
            wanted, aim = RATIOS[kind]
            verdicts.append(Verdict(f"{name}: requests/s beside the second ceiling", at.ratio or 0, wanted, "×",
                                    at_least=True, aim=aim))  # fmt: skip
        verdicts.append(Verdict(f"{name}: p95 beside the ceiling's", round(at.p95 / ceiling.p95, 2), LATENCY, "×"))
    return verdicts


def growth(name: str, small: Figures, large: Figures, what: str) -> Verdict:
    """Return the verdict on how much slower a page is where there is more of everything."""
    slower = round(small.per_second / large.per_second, 2)
    note = f"{small.per_second:.0f} → {large.per_second:.0f} requests/s, p50 {small.p50:.1f} → {large.p50:.1f} ms"
    return Verdict(f"{name}: {what}", slower, GROWTH, "×", note=note)


@dataclass(frozen=True, slots=True)
class Crowd:
    """How many tenants two installations have, and over how many of each the going round goes.

    What is compared is named precisely: one workspace that is asked alone says nothing of what it costs to ask many.
    """

    few: int
    many: int
    few_asked: int
    many_asked: int

    def one(self, page: str) -> tuple[str, str]:
        """Name a page of one and the same workspace, and what it is compared with."""
        return f"{page}, all requests in one workspace among {self.many:,}", f"slower than in one among {self.few:,}"

    def around(self, pages: str) -> tuple[str, str]:
        """Name pages of which each is asked of the next workspace, and what they are compared with."""
        return (f"{pages}, each request in another one of {self.many_asked:,} workspaces among {self.many:,}",
                f"slower than in another one of {self.few_asked:,} among {self.few:,}")  # fmt: skip
