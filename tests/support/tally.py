"""Numbers that tests want told at the end of a run: how much they tried, added up over all test processes."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import pytest

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


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Take the numbers of a test process that has ended."""
    for what, (count, seconds) in getattr(node, "workeroutput", {}).get("tally", {}).items():
        tally(what, count, seconds)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Tell the numbers."""
    for what, (count, seconds) in sorted(_here.items()):
        spent = f" in {seconds:.0f} s of test time" if seconds else ""
        terminalreporter.write_line(f"{what}: {int(count):,}{spent}")
