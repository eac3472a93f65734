"""Sends the requests, judges what came of each, and tells what was wrong in as few lines as say it."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from tests.conftest import Stage
from tests.leaks.asking import Asker, Case
from tests.leaks.judging import complaints
from tests.leaks.watch import watching
from tests.leaks.world import Estate, estate
from tests.support.tally import tally

SHOWN = 40


def share_of(estate: Estate, who: str, cases: Iterable[Case], parts: int) -> Iterator[Case]:
    """Yield one of so many parts of the cases, another one for each hunter: together they try every case."""
    turn = estate.hunters.index(who) % parts
    return (case for at, case in enumerate(cases) if at % parts == turn)


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
        tally("leak hunt", self.asker.tried - before, time.monotonic() - began)
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
