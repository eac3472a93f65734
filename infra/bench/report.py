"""Writes a run down: JSON for programs, Markdown for people."""

from __future__ import annotations

import json
import platform
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from infra.bench.results import CONSTANT, JUDGED, TABLE, Figures, Report, Verdict


def machine() -> dict[str, Any]:
    """Return on what it was measured; nothing that names the machine."""
    cpu = next(
        (line.split(":")[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines() if "model name" in line),
        platform.machine(),
    )
    memory = int(Path("/proc/meminfo").read_text().split()[1]) // 1_000_000
    return {"processor": cpu, "cores": _cores(), "memory_gb": memory, "python": platform.python_version(),
            "day": datetime.now(UTC).date().isoformat()}  # fmt: skip


def _cores() -> int:
    import os

    return len(os.sched_getaffinity(0))


def write(report: Report, folder: Path) -> tuple[Path, Path]:
    """Write both files; returns where they are."""
    folder.mkdir(parents=True, exist_ok=True)
    as_json, as_markdown = folder / "benchmark.json", folder / "benchmark.md"
    as_json.write_text(json.dumps(report.as_dict(), indent=1, ensure_ascii=False), encoding="utf-8")
    as_markdown.write_text("\n".join(_markdown(report)) + "\n", encoding="utf-8")
    return as_json, as_markdown


def _markdown(report: Report) -> Iterator[str]:
    known = report.machine
    yield f"# Benchmark of {known['day']} ({report.plan})"
    yield ""
    yield (
        f"{known['cores']} cores of {known['processor']}, {known['memory_gb']} GB, Python {known['python']}; load "
        "tool, gunicorn and PostgreSQL on the same machine, so read the ratios, not the absolute numbers."
    )
    if report.figures:
        yield from _table(report)
    if report.verdicts:
        yield from _verdicts(report.verdicts)
    yield ""
    for name, value in report.facts.items():
        yield f"- {name}: {value}"


def _table(report: Report) -> Iterator[str]:
    yield ""
    yield f"## At concurrency {JUDGED}"
    yield ""
    yield "| | requests/s | of the ceiling | p50 ms | p95 ms | p99 ms | kB | SQL | CPU ms web + database |"
    yield "|---|--:|--:|--:|--:|--:|--:|--:|--:|"
    for name in [CONSTANT, TABLE, *(n for n in report.figures if n not in (CONSTANT, TABLE))]:
        if JUDGED in report.figures.get(name, {}):
            yield _line(report.scenarios.get(name, name), report.figures[name][JUDGED])
    concurrency = sorted({number for each in report.figures.values() for number in each})
    yield ""
    yield "## Requests a second by concurrency (p95 in ms)"
    yield ""
    yield "| | " + " | ".join(map(str, concurrency)) + " |"
    yield "|---|" + "--:|" * len(concurrency)
    for name, each in report.figures.items():
        cells = [f"{each[n].per_second:.0f} ({each[n].p95:.0f})" if n in each else "" for n in concurrency]
        yield f"| {report.scenarios.get(name, name)} | " + " | ".join(cells) + " |"


def _line(label: str, f: Figures) -> str:
    statements = "" if f.statements is None else f.statements
    share = "" if f.ratio is None else f"{f.ratio:.2f}"
    return (
        f"| {label} | {f.per_second:.0f} | {share} | {f.p50:.1f} | {f.p95:.1f} | {f.p99:.1f} | {f.bytes / 1000:.1f} "
        f"| {statements} | {f.web_cpu_ms:.2f} + {f.database_cpu_ms:.2f} |"
    )


def _verdicts(verdicts: list[Verdict]) -> Iterator[str]:
    met = sum(verdict.holds for verdict in verdicts)
    yield ""
    yield f"## Targets: {met} of {len(verdicts)} met"
    yield ""
    yield "| target | measured | wanted | aim | |"
    yield "|---|--:|--:|--:|---|"
    for v in verdicts:
        sign = "≥" if v.at_least else "≤"
        mark = "**missed**" if not v.holds else "met" if v.aim is None or not v.reaches_aim else "aim reached"
        aim = "" if v.aim is None else f"{sign} {v.aim:g}"
        note = f" ({v.note})" if v.note else ""
        yield f"| {v.name} | {v.measured:g} {v.unit} | {sign} {v.wanted:g} | {aim} | {mark}{note} |"
