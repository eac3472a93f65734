"""Sends the requests, judges what came of each, and tells what was wrong in as few lines as say it."""

from __future__ import annotations

import gc
import os
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from zlib import crc32

from tests.conftest import Stage
from tests.guard.endpoints import SAFE
from tests.leaks.asking import Asker, Case, Outcome
from tests.leaks.judging import complaints
from tests.leaks.watch import watching
from tests.leaks.world import NOBODY, Estate, estate
from tests.support.tally import tally

SHOWN = 40
WHOLE = "LEAK_HUNT_WHOLE" in os.environ
"""Whether everybody tries everything, which takes long, and not each their share."""


def share_of(estate: Estate, who: str, cases: Iterable[Case], parts: int) -> Iterator[Case]:
    """Yield one of so many parts of the cases: each endpoint with each relation is met by a part of the hunters.

    Which part depends on both, so that every hunter meets every endpoint, and each relation other hunters. Cases that
    differ in nothing but a value (another word that is sought, another view) are met by others each.
    """
    turn = estate.hunters.index(who)
    alike: Counter[str] = Counter()
    for case in cases:
        what = f"{case.endpoint} {case.target} {case.named}"
        alike[what] += 1
        if WHOLE or (crc32(what.encode()) + alike[what] - 1 + turn) % parts == 0:
            yield case


Combination = tuple[str, str, str, str, bool]
"""An endpoint, who asked, whose ids or records, where they stood, and whether children followed their customers."""


@dataclass
class Hunt:
    """The estate, who asks in it, and what was found."""

    estate: Estate
    asker: Asker
    let_in: Counter[str] = field(default_factory=Counter)
    """How often each endpoint did what it was asked for, to anybody."""
    lists: set[str] = field(default_factory=set)
    """The endpoints that name no record and showed somebody's to anybody."""
    judged: set[Combination] = field(default_factory=set)
    """What was judged because it was asked for."""
    listed: set[Combination] = field(default_factory=set)
    """What was judged because it could have been shown."""

    def of(self, cases: Iterable[Case]) -> list[str]:
        """Send all requests; return what is wrong, each kind of wrong at each endpoint once."""
        found: dict[tuple[str, str], str] = {}
        began, before = time.monotonic(), self.asker.tried
        for case in cases:
            outcome = self._asked(case)
            self._count(case, outcome)
            for wrong in complaints(self.estate, case, outcome):
                found.setdefault((str(case.endpoint), wrong.split(" of ")[0]), f"{case}: {wrong}")
        tally("leak hunt, requests sent", self.asker.tried - before, time.monotonic() - began)
        return list(found.values())[:SHOWN]

    def judge(self, case: Case) -> Iterator[str]:
        """Send one request and yield what is wrong with what came of it."""
        return complaints(self.estate, case, self._asked(case))

    @property
    def combinations(self) -> int:
        """Return how many combinations were judged: endpoint, who asked, whose ids or records, and where they stood.

        Each once, however often it was asked. An answer that names no record (a list, a search, a picker, a file) is
        judged for the records of everybody it could have shown, one combination each, by what it was asked with; of an
        endpoint that never showed anybody's record to anybody, only what was asked for counts.
        """
        return len(self.judged | {one for one in self.listed if one[0] in self.lists})

    @contextmanager
    def unfollowed(self) -> Iterator[None]:
        """Let children not follow their customers until the block ends."""
        with self.estate.unfollowed():
            self.asker.watch.take(committed=True)
            yield
        self.asker.watch.take(committed=True)

    def _asked(self, case: Case) -> Outcome:
        outcome = self.asker.ask(case)
        if outcome.answer.status_code < 400:
            self.let_in[str(case.endpoint)] += 1
        return outcome

    def _count(self, case: Case, outcome: Outcome) -> None:
        what, follow = str(case.endpoint), self.estate.world.organisation.children_follow
        self.judged |= {(what, case.who, whose, case.place, follow) for whose in case.whose}
        if case.endpoint.method in SAFE and not case.endpoint.named_records and outcome.answer.status_code < 400:
            everybody = [case.who, *(one for one in self.estate.relations if one != NOBODY)]
            self.listed |= {(what, case.who, whose, case.named or case.place, follow) for whose in everybody}
            if outcome.marks:
                self.lists.add(what)


@contextmanager
def hunting(stage: Stage) -> Iterator[Hunt]:
    """Build the estate and watch it until the block ends."""
    schemas = [tenant.schema_name for tenant in stage.cast.tenants.values()]
    with estate(stage) as built, watching(stage.installation.place, schemas) as watch:
        gc.collect()
        gc.freeze()  # as the server does: what lives for the whole run is not looked through again and again
        hunt = Hunt(built, Asker(built, watch))
        yield hunt
        gc.unfreeze()
        if hunt.combinations:
            tally("leak hunt, combinations judged (endpoint × hunter × whose × where)", hunt.combinations)
