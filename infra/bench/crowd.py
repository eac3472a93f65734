"""The same pages in an installation of few tenants and in one of many."""

from __future__ import annotations

from collections.abc import Callable
from statistics import median
from typing import Any

from infra.bench.driving import Target, interleave, measure
from infra.bench.place import Place
from infra.bench.plan import Plan
from infra.bench.results import JUDGED, Crowd, Verdict, figures_of
from infra.bench.results import growth as slower
from infra.bench.scenarios import Group, Workspace, scenarios, spread
from infra.bench.servers import Server
from infra.bench.workspaces import OWNER, said, tenant_count
from tenants.settings import Settings

IN_A_CROWD = ("today", "companies", "company", "board", "api_list")
PATHS = ("/", "/companies", "/deals")
BEFORE = 6
"""Times each page of each workspace is asked before it counts: some by each process, on each of its connections."""


def crowd(
    place: Place, plan: Plan, few: tuple[Server, Settings], many: tuple[Server, Settings], facts: dict[str, Any]
) -> list[Verdict]:
    """Compare the same pages in an installation of few tenants and in one of many.

    Once in one and the same small workspace, and once each request in the next of all small workspaces. What a page
    costs when a process and a connection see a workspace for the first time is told beside it: that comes once for each
    of them, however many there are.
    """
    postmaster = place.server.pid or 0
    targets = []
    for (server, settings), number, name in ((few, plan.few_tenants, "few"), (many, plan.small_tenants, "many")):
        one = Workspace(server.port, "small-000", settings.owner_url, [OWNER])
        pages = [each for each in scenarios(one) if each.name in IN_A_CROWD]
        targets += [Target(f"{name}/{each.name}", server, each.build) for each in pages]
        around = [one.page(one.actors[0], path, f"small-{n:03}") for path in PATHS for n in range(number)]
        going = Target(f"{name}/around", server, _going_on(around, plan.rounds))
        with said(f"{len(around)} pages, {BEFORE} times each, before it counts"):
            facts[f"pages seen for the first time, {number} workspaces"] = _seen(going, len(around), postmaster)
        targets.append(going)
    with said("pages in few and in many tenants"):
        samples = interleave(targets, (JUDGED,), rounds=plan.rounds, seconds=plan.seconds, postmaster=postmaster)
    figures = figures_of(samples)
    asked = Crowd(tenant_count(few[1]), tenant_count(many[1]), plan.few_tenants, plan.small_tenants)
    driven = {name: asked.one(name) for name in IN_A_CROWD} | {"around": asked.around("today, companies and board")}
    return [slower(named, figures[f"few/{name}"][JUDGED], figures[f"many/{name}"][JUDGED], what)
            for name, (named, what) in driven.items()]  # fmt: skip


def _going_on(pages: Group, rounds: int) -> Callable[[int], list[Group]]:
    """Return what drives all pages one after the other; each time it begins further on, else it would see the same."""
    begun = 0

    def build(connections: int) -> list[Group]:
        nonlocal begun
        begin = len(pages) * begun // max(rounds, 1) // connections % len(pages)
        begun += 1
        return spread(connections, pages[begin:] + pages[:begin])

    return build


def _seen(target: Target, pages: int, postmaster: int) -> str:
    """Ask for all pages some times; returns what the first ones took, and the last ones."""
    seconds: list[float] = []
    while len(seconds) < BEFORE * pages:
        seconds += measure(target, JUDGED, 5.0, postmaster).latencies
    first, last = (median(some) * 1000 for some in (seconds[:pages], seconds[-pages:]))
    return f"p50 {first:.1f} ms, and {last:.1f} ms the last time"
