"""`python -m infra.bench [--quick] [--only webhooks,speed,…] [--data DIR] [--out DIR]`."""

from __future__ import annotations

import argparse
import contextlib
import gc
import time
from collections.abc import Iterator
from pathlib import Path

from infra.bench import growth
from infra.bench.archive import there_and_back
from infra.bench.ceiling import MAKE_ROWS
from infra.bench.crowd import crowd
from infra.bench.driving import Target, interleave, raw_page
from infra.bench.fairness import fairness, shipped
from infra.bench.meanwhile import work_goes_on
from infra.bench.place import Place, running
from infra.bench.plan import FULL, QUICK, Plan
from infra.bench.report import machine, write
from infra.bench.results import CONSTANT, JUDGED, TABLE, Report, Verdict, figures_of, judge
from infra.bench.results import growth as slower
from infra.bench.scenarios import Scenario, Workspace, scenarios, staff_of
from infra.bench.servers import Server, serving
from infra.bench.webhooks import webhooks
from infra.bench.workspaces import LARGE, THOUSANDTH, prepare, said, tenant_count, top_up_spares
from tenants.migrate import connect
from tenants.settings import Settings

PARTS = ("webhooks", "speed", "sizes", "fairness", "tenants", "archive")
WORKER_MB, CONNECTION_MB = 200, 150


def main() -> None:
    """Run the benchmark and write what it found."""
    asked = _arguments()
    plan = QUICK if asked.quick else FULL
    folder = asked.data or Path("var/bench", plan.name)
    parts = asked.only.split(",")
    began = time.monotonic()
    report = Report(plan.name, machine(), {CONSTANT: "Ceiling 1: Flask, a constant",
                                           TABLE: "Ceiling 2: Flask, one query, 50 rows"})  # fmt: skip
    print(f"Benchmark ({plan.name}); data in {folder}", flush=True)
    with running(folder.absolute()) as place:
        if "webhooks" in parts:
            report.verdicts += webhooks(place, plan)
        if set(parts) - {"webhooks"}:
            _of_workspaces(place, plan, parts, report)
    report.facts["whole run"] = f"{time.monotonic() - began:.0f} s"
    files = write(report, asked.out)
    print(files[1].read_text(encoding="utf-8"))
    print(f"Written to {files[0]} and {files[1]}")


def _of_workspaces(place: Place, plan: Plan, parts: list[str], report: Report) -> None:
    """Measure what needs workspaces that are full."""
    main_settings, few = prepare(place, plan)
    if "speed" in parts:
        _speed(place, plan, main_settings, report)
    if "sizes" in parts:
        _sizes(place, plan, main_settings, report)
    if "fairness" in parts:
        limited = shipped(main_settings)
        with said("fairness"), _product(place, limited, "fair") as server:
            report.verdicts += fairness(server, limited, plan, place.folder, place.server.pid or 0)
    if "tenants" in parts:
        _tenants(place, plan, main_settings, few, report)
    if "archive" in parts:
        with said("archive"):
            report.verdicts.append(there_and_back(main_settings, LARGE))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m infra.bench", description="Measure speed beside two ceilings.")
    parser.add_argument("--quick", action="store_true", help="a small run of about two minutes")
    parser.add_argument("--only", default=",".join(PARTS), help=f"parts to run: {', '.join(PARTS)}")
    parser.add_argument("--data", type=Path, help="folder of the database, kept between runs (default var/bench)")
    parser.add_argument("--out", type=Path, default=Path("build/bench"), help="folder for the results")
    return parser.parse_args()


@contextlib.contextmanager
def _product(place: Place, settings: Settings, name: str = "product") -> Iterator[Server]:
    command = ["saas_crm.cli", "serve"]
    with serving(name, command, settings, place.folder / f"{name}.log", "/healthz") as server:
        yield server


def _speed(place: Place, plan: Plan, settings: Settings, report: Report) -> None:
    with connect(settings.owner_url) as connection:
        connection.execute(MAKE_ROWS)
    postmaster = place.server.pid or 0
    with contextlib.ExitStack() as stack:
        product = stack.enter_context(_product(place, settings))
        targets = []
        for kind, name in (("constant", CONSTANT), ("table", TABLE)):
            command = ["infra.bench.ceiling", kind]
            server = stack.enter_context(serving(kind, command, settings, place.folder / f"{kind}.log", "/"))
            targets.append(Target(name, server, raw_page("/")))
        driven = scenarios(Workspace(product.port, LARGE, settings.owner_url, staff_of(LARGE)))
        targets += [Target(each.name, product, each.build) for each in driven]
        with said(f"speed: {len(targets)} targets at {plan.concurrency} connections"):
            gc.collect()
            samples = interleave(
                targets, plan.concurrency, rounds=plan.rounds, seconds=plan.seconds, postmaster=postmaster
            )
        report.figures.update(figures_of(samples))
        report.scenarios.update({each.name: each.label for each in driven})
        report.verdicts += judge(report.figures, {each.name: each.kind for each in driven})
        memory = product.memory_mb()
        report.verdicts.append(Verdict("a web worker's memory", round(max(memory)), WORKER_MB, "MB"))
        report.facts["memory of the web workers"] = ", ".join(f"{mb:.0f} MB" for mb in memory)


def _sizes(place: Place, plan: Plan, settings: Settings, report: Report) -> None:
    """Compare the pages of a workspace with those of one a hundred times as large."""
    with _product(place, settings) as server:
        found: dict[str, list[Scenario]] = {}
        for slug in (THOUSANDTH, LARGE):
            found[slug] = scenarios(Workspace(server.port, slug, settings.owner_url, staff_of(slug)))
        targets = [
            Target(f"{slug}/{each.name}", server, each.build)
            for slug, held in found.items() for each in held if each.kind in ("page", "read")
        ]  # fmt: skip
        with said("sizes"):
            samples = interleave(
                targets, (JUDGED,), rounds=plan.rounds, seconds=plan.seconds, postmaster=place.server.pid or 0
            )
    figures = figures_of(samples)
    what = f"slower with {plan.large.companies:,} customers than with {plan.thousandth.companies:,}"
    for each in found[LARGE]:
        if each.kind in ("page", "read"):
            small, large = (figures[f"{slug}/{each.name}"][JUDGED] for slug in (THOUSANDTH, LARGE))
            report.verdicts.append(slower(each.name, small, large, what))


def _tenants(place: Place, plan: Plan, settings: Settings, few: Settings, report: Report) -> None:
    """Measure what it costs that there are many tenants."""
    with said(f"up to {plan.many_tenants} tenants and spares"):
        top_up_spares(settings, plan.sign_ups * 2 + 5)
        top_up_spares(settings, plan.sign_ups * 2 + 5 + plan.many_tenants - tenant_count(settings))
        top_up_spares(few, 5)
    count = tenant_count(settings)
    with _product(place, few, "few") as small, _product(place, settings, "many") as large:
        report.verdicts += crowd(place, plan, (small, few), (large, settings), report.facts)
        report.facts["private memory of the application's connections"] = growth.sessions_memory_mb(settings)
        with said("signing up"):
            report.verdicts.append(growth.sign_ups(large, plan.sign_ups))
    with said("claiming"):
        report.verdicts += growth.claims(settings, plan.sign_ups)
    with said("migrating"):
        report.verdicts.append(growth.migration(settings))
    with said("working while migrating"), _product(place, settings, "meanwhile") as server:
        report.verdicts += work_goes_on(server, settings)
    with said("memory of a connection"):
        memory = growth.connection_memory(settings)
    most = max(memory)
    report.verdicts.append(
        Verdict(f"a connection that has read all tables of {most} tenants", memory[most], CONNECTION_MB, "MB",
                note=f"{memory[100]} MB at 100, where the application retires it" if 100 in memory else "")
    )  # fmt: skip
    report.facts["private memory of a connection by tenants it has served"] = memory
    report.facts["tenants and spares"] = count


if __name__ == "__main__":
    main()
