"""Whose request a process works on next: a few desks, and the workspaces that are here share them.

A request is worked on at a desk. A workspace has at most `most` of them, which is less than all, and has to make do
with fewer while others are here: one that imports beside one that reads shares the processor with it, and not each of
its connections with each of theirs. Its pages come before its programs, and programs that send more than their `pace`
give way to the pages of other workspaces. Who has to wait gives its desk up until it is called, so waiting keeps nobody
from anything: it costs a thread that sleeps, of which the server has many more than desks.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict, deque
from dataclasses import dataclass, field
from uuid import UUID

WAITING = 64
"""Threads of a process, beside those at desks, for requests that wait."""
ROOM = 56
"""Of these, for requests that wait in lines; the others are for the door."""
AT_DOOR = WAITING
"""Requests that may wait at the door: with our threads there can be no more."""
LONGEST_LINE = 48
"""Requests of one workspace that may wait in a process."""
PAUSE = 0.5
"""Seconds without an end of any of its requests after which a workspace gets one more desk than its share of today,
where one is free: then they are large ones, and nobody is served by keeping the desk empty."""
DOOR_PATIENCE = 30.0
"""Seconds after which who waits at the door is turned away …"""
PATIENCE = 5.0
"""… and who waits for its workspace."""
HERE = 1.0
"""Seconds for which a workspace is here after its last request, and its people after their last page."""
BURST = 1.0
"""Seconds' worth of its pace that a workspace's programs may send at once."""


@dataclass(slots=True, eq=False)
class Visit:
    """One request on its way through the process."""

    workspace: UUID | None = None
    """Whose it is, once that is known …"""
    page: bool = True
    """… and whether people see a page, or a program is answered."""
    counted: bool = False
    """Whether it has one of the desks that its workspace may have."""
    seated: bool = False
    since: float = 0.0
    called: threading.Event = field(default_factory=threading.Event)


@dataclass(slots=True, eq=False)
class _Line:
    """What a workspace has in this process: desks, and requests that wait for one."""

    credit: float
    """Requests that its programs may begin at once, whoever else is here."""
    desks: int = 0
    pages: deque[Visit] = field(default_factory=deque)
    calls: deque[Visit] = field(default_factory=deque)
    seen: float = 0.0
    page_seen: float = float("-inf")
    moved: float = 0.0
    credited: float = 0.0

    @property
    def waiting(self) -> int:
        """Return how many wait."""
        return len(self.pages) + len(self.calls)


class Desks:
    """The desks of one process."""

    def __init__(
        self, count: int, most: int, *, pace: float = 1e9, pause: float = PAUSE, patience: float = PATIENCE,
        door_patience: float = DOOR_PATIENCE,
    ) -> None:  # fmt: skip
        """Put up `count` desks; one workspace has at most `most`, and programs beyond `pace` a second give way."""
        self._free, self._most = count, most
        self._pace, self._pause, self._patience, self._door_patience = pace, pause, patience, door_patience
        self._present = 0
        self._door: deque[Visit] = deque()
        self._lines: OrderedDict[UUID, _Line] = OrderedDict()  # who was here longest ago comes first
        self._waiting = 0
        self._line_is_next = False
        self._lock = threading.Lock()

    def come_in(self) -> Visit | None:
        """Wait for a desk; who came first is first. None where it is in vain: too many wait, or it takes too long."""
        visit = Visit()
        with self._lock:
            if len(self._door) >= AT_DOOR:
                return None
            self._present += 1
            self._door.append(visit)
            self._call()
        if visit.called.wait(self._door_patience):
            return visit
        with self._lock:
            if not visit.seated:  # else it was called in this very moment
                self._door.remove(visit)
                self._present -= 1
                return None
        return visit

    def take(self, visit: Visit, workspace: UUID, *, page: bool = True, one_by_one: bool = False) -> bool:
        """Count a request that sits at a desk against its workspace; False where it has to wait first.

        A server that works `one_by_one` has nobody to give way to: while one sleeps, nobody is served.
        """
        with self._lock:
            line = self._here(workspace, page=page)
            ahead = len(line.pages) if page else line.waiting
            in_pace = page or (one_by_one and self._present == 1) or self._in_pace(line)
            if ahead or line.desks >= self._share() or not in_pace:
                return False
            visit.workspace, visit.page = workspace, page
            self._count(visit, line)
            return True

    def wait(self, visit: Visit, workspace: UUID, *, page: bool = True) -> bool:
        """Give the desk up until the workspace may have one; False where it is in vain.

        That is after `patience` seconds, without a desk, and at once where too many wait already.
        """
        with self._lock:
            line = self._here(workspace, page=page)
            if line.waiting >= LONGEST_LINE or self._waiting >= ROOM:
                return False
            visit.workspace, visit.page, visit.since = workspace, page, time.monotonic()
            visit.called = threading.Event()
            queue = line.pages if page else line.calls
            queue.append(visit)
            self._waiting += 1
            self._stand_up(visit)
            self._call()
        while not visit.called.wait(self._until_next_look(visit)):
            with self._lock:
                self._call()
                if not visit.seated and time.monotonic() >= visit.since + self._patience:
                    queue.remove(visit)
                    self._waiting -= 1
                    return False
        return True

    def leave(self, visit: Visit) -> None:
        """A request has been answered."""
        with self._lock:
            if visit.counted and visit.workspace is not None:
                line = self._here(visit.workspace)
                line.desks -= 1
                line.moved = line.seen
                visit.counted = False
            if visit.seated:
                self._stand_up(visit)
            self._present -= 1
            self._call()

    def told(self, workspace: UUID) -> tuple[int, int]:
        """Return how many of a workspace's requests are worked on, and how many wait."""
        with self._lock:
            line = self._lines.get(workspace)
            return (line.desks, line.waiting) if line else (0, 0)

    def _until_next_look(self, visit: Visit) -> float:
        """Return seconds until something may have come about by time alone: a pause, a program's next turn, the end."""
        left = max(visit.since + self._patience - time.monotonic(), 0)
        return min(left, self._pause or left, max(1 / self._pace, 0.02))

    def _here(self, workspace: UUID, *, page: bool = False) -> _Line:
        """Return a workspace's line, noting that it is here."""
        now = time.monotonic()
        line = self._lines.get(workspace)
        if line is None:
            line = self._lines[workspace] = _Line(self._pace * BURST, moved=now, credited=now)
        line.seen = now
        if page:
            line.page_seen = now
        self._lines.move_to_end(workspace)
        self._forget_who_left(now)
        return line

    def _forget_who_left(self, now: float) -> None:
        while True:
            oldest, line = next(iter(self._lines.items()))
            if line.seen > now - HERE:
                return
            if line.desks or line.waiting:
                line.seen = now
                self._lines.move_to_end(oldest)
            else:
                del self._lines[oldest]

    def _share(self) -> int:
        """Return how many desks each of those who are here may have."""
        return max(self._most // max(len(self._lines), 1), 1)

    def _in_pace(self, line: _Line) -> bool:
        """Whether a workspace's programs may have another turn now, for all that people of others want."""
        now = time.monotonic()
        line.credit = min(line.credit + (now - line.credited) * self._pace, self._pace * BURST)
        line.credited = now
        return line.credit >= 1 or not any(
            each.page_seen > now - HERE for each in self._lines.values() if each is not line
        )

    def _count(self, visit: Visit, line: _Line) -> None:
        line.desks += 1
        line.credit = max(line.credit - (not visit.page), 0)
        line.moved = time.monotonic()
        visit.counted = True

    def _call(self) -> None:
        """Give the desks that are free to those who wait: at the door and in the lines, in turn."""
        while self._free:
            line = self._next_line()
            if line is not None and (self._line_is_next or not self._door):
                visit = (line.pages or line.calls).popleft()
                self._waiting -= 1
                self._count(visit, line)
                self._line_is_next = False
            elif self._door:
                visit = self._door.popleft()
                self._line_is_next = True
            else:
                return
            self._free -= 1
            visit.seated = True
            visit.called.set()

    def _next_line(self) -> _Line | None:
        """Return whose turn it is: who may have another desk, has fewest, and waits longest."""
        if not self._waiting:
            return None
        share, long_ago = self._share(), time.monotonic() - self._pause
        ready = [
            line for line in self._lines.values()
            if line.waiting and line.desks < (self._most if line.moved <= long_ago else share)
            and (line.pages or self._in_pace(line))
        ]  # fmt: skip
        return min(ready, key=lambda line: (line.desks, (line.pages or line.calls)[0].since), default=None)

    def _stand_up(self, visit: Visit) -> None:
        self._free += 1
        visit.seated = False
