"""Numbers that are told at the end of a run: how much was tried, and which files took longest."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import pytest

from tests.support.order import SLOWEST, TESTS

DEAREST, DEAR = 20, 25
"""How many files are told, and the seconds from which on one should begin before the others."""
_seconds: dict[str, float] = defaultdict(float)
_here: dict[str, list[float]] = defaultdict(lambda: [0, 0.0])


def tally(what: str, count: int, seconds: float = 0) -> None:
    """Count what was tried, and how long that took in this process, where that is told."""
    _here[what][0] += count
    _here[what][1] += seconds


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Hand the numbers of a test process to the one that reports."""
    output = getattr(session.config, "workeroutput", None)
    if output is not None:
        output["tally"] = {what: list(numbers) for what, numbers in _here.items()}


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Add up how long each file takes, with what its tests stand on."""
    _seconds[report.location[0]] += report.duration


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Take the numbers of a test process that has ended."""
    for what, (count, seconds) in getattr(node, "workeroutput", {}).get("tally", {}).items():
        tally(what, count, seconds)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Tell the numbers, and the dearest files: what made a run slow is seen where it is waited for."""
    for what, (count, seconds) in sorted(_here.items()):
        spent = f" in {seconds:.0f} s of test time, {seconds / count:.2g} s each" if seconds and count else ""
        terminalreporter.write_line(f"{what}: {int(count):,}{spent}")
    dearest = sorted(_seconds.items(), key=lambda entry: -entry[1])[:DEAREST]
    if len(_seconds) > DEAREST:
        terminalreporter.write_line(
            f"the {len(dearest)} dearest files, of {sum(_seconds.values()):.0f} s of all tests:"
        )
        for path, seconds in dearest:
            first = seconds < DEAR or path in {f"{TESTS.name}/{name}" for name in SLOWEST}
            terminalreporter.write_line(f"{seconds:7.1f} s  {path}" + ("" if first else "  (not in SLOWEST)"))
