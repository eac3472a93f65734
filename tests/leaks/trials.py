"""Does the hunt notice? Each guard is taken away in turn, and the requests that pass it are sent again.

Which requests pass which guard is found out first, by noting. Where an endpoint's own permission stands in front of
a check further inside, the check is tried with that door open: both have to hold.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import zip_longest

from tests.conftest import Stage
from tests.guard.endpoints import Endpoint
from tests.leaks import instead
from tests.leaks.asking import Case
from tests.leaks.hunt import Hunt, hunting
from tests.leaks.mutants import VEIL, Place, Surgeon, places
from tests.leaks.offers import Offers, hunted, look_around
from tests.leaks.reading import api_queries, of_the_lacking, page_queries, plain_readings
from tests.leaks.world import NOBODY, OUTSIDER
from tests.leaks.writing import body_writes, form_writes
from tests.support.cast import found_cast
from tests.support.installation import installed
from tests.support.pristine import Pristine

INNER = {"require", "check_may"}
"""Guards that often have the endpoint's own permission in front of them."""
HUNTERS = ("own", "mixed", "rep", "no company", "no contact", "no opportunity", "admin", "subtree", "veiled")
MOST = 150
"""So many requests are tried with a guard taken away, at most."""
FIRST = {"walled": 0, "beside": 1, "aided": 2, "mate": 3, OUTSIDER: 5, NOBODY: 6}
WHOSE = {"mate", "beside", "walled", "aided", OUTSIDER, NOBODY}


@dataclass(frozen=True)
class Trial:
    """One guard that was taken away: how many requests passed it, how many it took, and what gave it away."""

    guard: str
    passing: int
    tried: int
    noticed: str

    def __str__(self) -> str:
        what = "caught" if self.noticed else "SURVIVED" if self.passing else "not passed"
        return f"{what}  {self.guard}  ({self.tried} of {self.passing})  {self.noticed}"


class Trials:
    """The guards, and the requests that pass each."""

    def __init__(self, hunt: Hunt, offers: Offers, *, hunters: Sequence[str] = HUNTERS) -> None:
        self.hunt, self.offers = hunt, offers
        self.hunters = [who for who in hunters if who in hunt.estate.scopes]
        self.surgeon = Surgeon(hunt.estate.app)
        self._passing: dict[str, list[Case]] = {}

    def cases(self) -> Iterator[Case]:
        """Yield a part of the hunt's requests: of some hunters, for the ids of those who stand most differently."""
        estate = self.hunt.estate
        for who in self.hunters:
            every: list[Iterable[Case]] = [
                plain_readings(estate, who, api=False), plain_readings(estate, who, api=True),
                form_writes(estate, self.offers, who), body_writes(estate, who),
                page_queries(estate, self.offers, who), api_queries(estate, who),
            ]  # fmt: skip
            for cases in every:
                yield from (case for case in cases if case.target == who or case.target in WHOSE)

    def find_out(self, cases: Iterable[Case] | None = None) -> None:
        """Send the requests once and note at which endpoints each guard is passed.

        Queries are kept, so a guard in one is passed by the first request alone: all requests of its endpoint count,
        and what was kept for one endpoint is forgotten before the next.
        """
        found: dict[str, set[str]] = defaultdict(set)
        sent: dict[str, list[Case]] = defaultdict(list)
        with self.surgeon.noting(places()):
            for case in cases if cases is not None else self.cases():
                if str(case.endpoint) not in sent:
                    self.surgeon.forget_queries()
                instead.passed.clear()
                self.hunt.asker.ask(case)
                sent[str(case.endpoint)].append(case)
                for place in instead.passed:
                    found[place].add(str(case.endpoint))
        self._passing = {
            place: _by_turns([sent[name] for name in sorted(names)])[:MOST] for place, names in found.items()
        }

    def of_clauses(self, chosen: Iterable[Place] | None = None) -> Iterator[Trial]:
        """Take away one guard after the other; for those further inside, every endpoint is open to all."""
        for place in chosen if chosen is not None else places():
            cases = self._everywhere(place.guard) if not place.line else self._passing.get(str(place), [])
            if place.guard in INNER:
                yield self._inner(place, cases)
            else:
                with self.surgeon.without(place):
                    yield self._tried(str(place), cases)

    def _everywhere(self, guard: str) -> list[Case]:
        """Return a few requests that pass what every request passes."""
        who = "veiled" if guard == VEIL else self.hunters[0]
        cases = plain_readings(self.hunt.estate, who, api=True)
        return [case for case in cases if case.target == who and case.endpoint.named_records][:10]

    def again(self, place: Place, who: str) -> Trial:
        """Take away one guard and ask in somebody else's name, then as before where children do not follow."""
        former = self._passing.get(str(place), [])
        named = {str(case.endpoint) for case in former}
        readings = [case for api in (False, True) for case in plain_readings(self.hunt.estate, who, api=api)]
        with self.surgeon.without(place):
            other = self._tried(f"{place} (as {who})", [case for case in readings if str(case.endpoint) in named])
            if other.noticed:
                return other
            with self.hunt.unfollowed():
                return self._tried(f"{place} (unfollowed)", former)

    def _inner(self, place: Place, cases: list[Case]) -> Trial:
        with self.surgeon.without(place):
            alone = self._tried(str(place), cases)
        if alone.noticed:
            return alone
        named = {str(case.endpoint) for case in cases}
        lacking = [
            case for api in (False, True) for reading in (False, True)
            for case in of_the_lacking(self.hunt.estate, api=api, reading=reading) if str(case.endpoint) in named
        ]  # fmt: skip
        with self.surgeon.undeclared(lambda _: True):
            refused = [case for case in lacking if not list(self.hunt.judge(case))]
            with self.surgeon.without(place):
                return self._tried(f"{place} (behind the door)", refused or cases)

    def of_doors(self, chosen: Iterable[Endpoint] | None = None) -> Iterator[Trial]:
        """Take away one endpoint's declared permission after the other."""
        estate = self.hunt.estate
        cases = [case for api in (False, True) for reading in (False, True)
                 for case in of_the_lacking(estate, api=api, reading=reading)]  # fmt: skip
        for endpoint in chosen if chosen is not None else hunted(estate.app):
            if endpoint.declared.permission is not None:
                mine = [case for case in cases if str(case.endpoint) == str(endpoint)]
                with self.surgeon.undeclared(lambda one, asked=endpoint: str(one) == str(asked)):  # type: ignore[misc]
                    yield self._tried(f"@requires({endpoint.declared.permission}) of {endpoint}", mine)

    def _tried(self, guard: str, cases: list[Case]) -> Trial:
        tried = 0
        for case in cases:
            tried += 1
            for wrong in self.hunt.judge(case):
                return Trial(guard, len(cases), tried, f"{case}: {wrong}"[:300])
        return Trial(guard, len(cases), tried, "")


def _by_turns(lists: Sequence[Sequence[Case]]) -> list[Case]:
    """Return one of each list, then the next of each: those for what is far away and hidden come first."""
    ordered = [sorted(cases, key=lambda case: FIRST.get(case.target, 9)) for cases in lists]
    return [case for row in zip_longest(*ordered) for case in row if case is not None]


@contextmanager
def on_trial() -> Iterator[Trials]:
    """Build an installation and an estate of their own for a run by hand, and yield its trials."""
    with installed("crm_trials") as installation:
        cast = found_cast(installation.app)
        schemas = [tenant.schema_name for tenant in cast.tenants.values()]
        pristine = Pristine(installation.place, schemas)
        with hunting(Stage(installation, cast, pristine)) as hunt:
            yield Trials(hunt, look_around(hunt.estate))
        pristine.close()
