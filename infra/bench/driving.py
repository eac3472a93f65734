"""Runs the load tool against servers in turn and notes what each answer cost."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any

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
    """Drive one target, longer if its first answers take so long; SystemExit for a wrong answer or for none."""
    for patience in (1, 4, 16):
        found, web, database = _drive(target, connections, seconds * patience, postmaster)
        if found["wrong"]:
            said = "\n".join(found["wrong"])
            raise SystemExit(f"{target.name} at {connections}: {found['wrong_count']} wrong answers\n{said}")
        if count := len(found["seconds"]):
            break
    else:
        raise SystemExit(f"{target.name} at {connections}: no answer within {seconds * 16:.0f} seconds")
    # The processor time covers the warm-up too, in the same proportion.
    whole = count * (found["duration"] + WARM_UP) / found["duration"]
    return Sample(
        per_second=count / found["duration"], latencies=found["seconds"], bytes_each=found["bytes"] / count,
        statements=found["statements"], web_cpu_ms=web / whole * 1000, database_cpu_ms=max(database, 0) / whole * 1000,
    )  # fmt: skip


def _drive(target: Target, connections: int, seconds: float, postmaster: int) -> tuple[dict[str, Any], float, float]:
    """Return what the load tool found, and the processor time of server and database meanwhile."""
    job = {"host": HOST, "port": target.server.port, "seconds": seconds, "warm_up": WARM_UP,
           "connections": target.build(connections)}  # fmt: skip
    web, database = target.server.cpu_seconds(), database_cpu_seconds(postmaster)
    found = _run(job)
    return found, target.server.cpu_seconds() - web, database_cpu_seconds(postmaster) - database


def _run(job: dict[str, object]) -> dict[str, Any]:
    """Run the load tool in a process of its own, so that it waits for nobody's lock."""
    done = subprocess.run(
        [sys.executable, "-m", "infra.bench.load"], input=json.dumps(job), capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(f"the load tool failed:\n{done.stderr[-2000:]}")
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def raw_page(path: str) -> Callable[[int], list[Group]]:
    """Return what drives a page that needs no sign-in: the ceilings."""
    request = {"variants": [f"GET {path} HTTP/1.1\r\nHost: {HOST}\r\n\r\n"], "right": [200]}
    return lambda connections: [[request] for _ in range(connections)]
