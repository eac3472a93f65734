"""Sends the requests, judges what came of each, and tells what was wrong in as few lines as say it."""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from zlib import crc32

from tests.conftest import Stage
from tests.leaks.asking import Asker, Case
from tests.leaks.judging import complaints
from tests.leaks.watch import watching
from tests.leaks.world import Estate, estate
from tests.support.tally import tally

SHOWN = 40
WHOLE = "LEAK_HUNT_WHOLE" in os.environ
"""Whether everybody tries everything, which takes long, and not each their share."""


def share_of(estate: Estate, who: str, cases: Iterable[Case], parts: int) -> Iterator[Case]:
    """Yield one of so many parts of the cases: each endpoint with each relation is met by a part of the hunters.

    Which part depends on both, so that every hunter meets every endpoint, and each relation other hunters.
    """
    turn = estate.hunters.index(who)
    for case in cases:
        what = f"{case.endpoint} {case.target} {case.named}"
        if WHOLE or (crc32(what.encode()) + turn) % parts == 0:
            yield case


@dataclass
class Hunt:
    """The estate, who asks in it, and what was found."""

    estate: Estate
    asker: Asker
    let_in: Counter[str] = field(default_factory=Counter)
    """How often each endpoint did what it was asked for, to anybody."""

    def of(self, cases: Iterable[Case]) -> list[str]:
        """Send all requests; return what is wrong, each kind of wrong at each endpoint once."""
        found: dict[tuple[str, str], str] = {}
        began, before = time.monotonic(), self.asker.tried
        for case in cases:
            for wrong in self.judge(case):
                found.setdefault((str(case.endpoint), wrong.split(" of ")[0]), f"{case}: {wrong}")
        tally("leak hunt, combinations tried", self.asker.tried - before, time.monotonic() - began)
        return list(found.values())[:SHOWN]

    def judge(self, case: Case) -> Iterator[str]:
        """Send one request and yield what is wrong with what came of it."""
        outcome = self.asker.ask(case)
        if outcome.answer.status_code < 400:
            self.let_in[str(case.endpoint)] += 1
        return complaints(self.estate, case, outcome)


@contextmanager
def hunting(stage: Stage) -> Iterator[Hunt]:
    """Build the estate and watch it until the block ends."""
    schemas = [tenant.schema_name for tenant in stage.cast.tenants.values()]
    with estate(stage) as built, watching(stage.installation.place, schemas) as watch:
        yield Hunt(built, Asker(built, watch))
