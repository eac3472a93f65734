"""How a process gives way to others on the same machine."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

_GROUP = Path("/proc/self/autogroup")


def give_way(niceness: int) -> None:
    """Let this process, and what it starts, run behind what answers people: 0 (as everything) to 19 (behind all).

    One that was started with less priority keeps that. Linux can weigh whole sessions against each other before it
    looks at processes (sched(7), autogroup): where this process leads one, that gives way as well.
    """
    if not hasattr(os, "setpriority") or niceness <= os.getpriority(os.PRIO_PROCESS, 0):
        return
    os.setpriority(os.PRIO_PROCESS, 0, niceness)
    if os.getsid(0) == os.getpid():
        with suppress(OSError):  # not Linux, switched off, or asked a moment ago
            _GROUP.write_text(str(niceness), encoding="ascii")
