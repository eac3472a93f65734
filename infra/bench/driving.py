"""Runs the load tool against servers in turn and notes what each answer cost."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

from infra.bench.scenarios import Group
from infra.bench.servers import HOST, Server, database_cpu_seconds

WARM_UP = 0.4


@dataclass(frozen=True)
class Target:
    """Something to drive: a scenario on a server."""

    name: str
    server: Server
    build: Callable[[int], list[Group]]


@dataclass
class Sample:
    """One measurement of a target at one concurrency."""

    per_second: float
    latencies: list[float]
    bytes_each: float
    statements: list[int]
    web_cpu_ms: float
    database_cpu_ms: float


@dataclass
class Samples:
    """All measurements, by target and concurrency."""

    held: dict[tuple[str, int], list[Sample]] = field(default_factory=lambda: defaultdict(list))

    def add(self, name: str, concurrency: int, sample: Sample) -> None:
        """Keep one more."""
        self.held[name, concurrency].append(sample)


def interleave(
    targets: list[Target], concurrency: tuple[int, ...], *, rounds: int, seconds: float, postmaster: int
) -> Samples:
    """Drive every target in every round, in an order that changes: the machine's speed drifts."""
    samples = Samples()
    shuffle = Random(1)
    for number in range(rounds):
        for connections in concurrency:
            order = shuffle.sample(targets, len(targets))
            for target in order:
                samples.add(target.name, connections, measure(target, connections, seconds, postmaster))
        print(f"    round {number + 1} of {rounds}", flush=True)
    return samples


def measure(target: Target, connections: int, seconds: float, postmaster: int) -> Sample:
    """Drive one target; raises SystemExit when it answers anything but what is right."""
    job = {"host": HOST, "port": target.server.port, "seconds": seconds, "warm_up": WARM_UP,
           "connections": target.build(connections)}  # fmt: skip
    web, database = target.server.cpu_seconds(), database_cpu_seconds(postmaster)
    done = subprocess.run(
        [sys.executable, "-m", "infra.bench.load"], input=json.dumps(job), capture_output=True, text=True, check=True
    )
    web, database = target.server.cpu_seconds() - web, database_cpu_seconds(postmaster) - database
    found = json.loads(done.stdout)
    if found["wrong"] or not found["seconds"]:
        said = "\n".join(found["wrong"]) or "no answer came in time"
        raise SystemExit(f"{target.name} with {connections} connections: {found['wrong_count']} wrong answers\n{said}")
    count = len(found["seconds"])
    # The processor time covers the warm-up too, in the same proportion.
    whole = count * (seconds + WARM_UP) / seconds
    return Sample(
        per_second=count / seconds, latencies=found["seconds"], bytes_each=found["bytes"] / count,
        statements=found["statements"], web_cpu_ms=web / whole * 1000, database_cpu_ms=max(database, 0) / whole * 1000,
    )  # fmt: skip


def raw_page(path: str) -> Callable[[int], list[Group]]:
    """Return what drives a page that needs no sign-in: the ceilings."""
    request = {"variants": [f"GET {path} HTTP/1.1\r\nHost: {HOST}\r\n\r\n"], "right": [200]}
    return lambda connections: [[request] for _ in range(connections)]
