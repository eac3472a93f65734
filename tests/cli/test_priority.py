"""The worker gives way to what answers people."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """
import os, sys
from pathlib import Path
from saas_crm.cli.priority import give_way
os.nice(int(sys.argv[1]))
give_way(int(sys.argv[2]))
group = Path("/proc/self/autogroup")
said = group.read_text().split() if group.exists() else []
print(os.nice(0), said[-1] if said else "none")
"""
SWITCH = Path("/proc/sys/kernel/sched_autogroup_enabled")
GROUPS = SWITCH.exists() and SWITCH.read_text() == "1\n"
OURS = os.nice(0)


def _after(before: int, wanted: int, *, leads: bool) -> list[str]:
    """Return how nice a process is that began `before` and was told `wanted`, and its session, if the system says.

    Linux says nothing of the session that everything begins in, since it weighs that as all others together.
    """
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(before), str(wanted)], start_new_session=leads, check=True, text=True,
        capture_output=True,
    )  # fmt: skip
    return done.stdout.split()


@pytest.mark.skipif(OURS > 5, reason="this process is nice already, and nobody takes that back")
@pytest.mark.parametrize(("before", "wanted", "told"), [(0, 10, 10), (12, 10, 12), (0, 0, 0)])
def test_it_is_as_nice_as_was_said_and_never_less_than_it_was(before: int, wanted: int, told: int) -> None:
    assert int(_after(before, wanted, leads=False)[0]) == max(told, OURS + before)


@pytest.mark.skipif(not GROUPS or OURS > 5, reason="only Linux weighs sessions")
def test_the_session_that_it_leads_gives_way_too_and_no_other() -> None:
    assert _after(0, 10, leads=True) == ["10", "10"]
    assert _after(0, 10, leads=False)[1] != "10"
