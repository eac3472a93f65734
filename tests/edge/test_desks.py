"""Desks of a process: one workspace never has all, who waits keeps nobody from one, and all get theirs in turn."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from uuid import UUID, uuid4

import pytest

from saas_crm.edge.desks import LONGEST_LINE, ROOM, WAITING, Desks, Visit

LONG = 20.0
NEVER = 3600.0


class House:
    """Desks, and requests that come in, each by a thread of its own where it may have to wait."""

    def __init__(self, pool: ThreadPoolExecutor, desks: Desks) -> None:
        self.pool, self.desks = pool, desks

    def ask(self, workspace: UUID, *, page: bool = True) -> Visit | None:
        """Come in and get a desk for good; None where it is turned away."""
        visit = self.desks.come_in()
        assert visit is not None
        if self.desks.take(visit, workspace, page=page) or self.desks.wait(visit, workspace, page=page):
            return visit
        self.desks.leave(visit)
        return None

    def seated(self, workspace: UUID, *, page: bool = True) -> Visit:
        """Ask for what must not have to wait."""
        visit = self.pool.submit(self.ask, workspace, page=page).result(LONG)
        assert visit is not None
        return visit

    def waiting(self, workspace: UUID, times: int = 1, *, page: bool = True) -> list[Future[Visit | None]]:
        """Ask for what has to wait; returns when all of them stand in their line."""
        already = self.desks.told(workspace)[1]
        asked = []
        for number in range(times):
            asked.append(self.pool.submit(self.ask, workspace, page=page))
            self._until(workspace, already + number + 1)
        return asked

    def _until(self, workspace: UUID, many: int) -> None:
        for _ in range(6_000):
            if self.desks.told(workspace)[1] == many:
                return
            threading.Event().wait(0.01)
        raise AssertionError(f"{self.desks.told(workspace)} is not {many} in line")


@contextmanager
def house(desks: Desks) -> Iterator[House]:
    """A server with as many threads as ours has."""
    with ThreadPoolExecutor(WAITING + 5) as pool:
        yield House(pool, desks)


def quiet(count: int, most: int, **options: float) -> Desks:
    """Desks at which nothing happens by time alone."""
    return Desks(count, most, **{"pause": NEVER, "patience": LONG, **options})


def test_one_workspace_has_all_desks_but_one_and_its_line_keeps_nobody_out() -> None:
    """All that a workspace may have wait in vain for each other: another one's request sits down at once."""
    big, small = uuid4(), uuid4()
    with house(quiet(4, 3)) as here:
        at_work = [here.seated(big) for _ in range(3)]
        line = here.waiting(big, LONGEST_LINE)
        assert here.ask(big) is None, "the line is as long as it may be"
        for _ in range(5):
            here.desks.leave(here.seated(small))
        assert here.desks.told(big) == (3, LONGEST_LINE)
        for visit in at_work:
            here.desks.leave(visit)
        _let_all_go(here, [], line)
        assert here.desks.told(big) == (0, 0)


def test_two_that_wait_leave_threads_for_a_third() -> None:
    first, second, third = uuid4(), uuid4(), uuid4()
    with house(quiet(5, 3)) as here:
        held = [here.seated(first) for _ in range(3)]
        lines = here.waiting(first, LONGEST_LINE)
        held.append(here.seated(second))
        lines += here.waiting(second, ROOM - LONGEST_LINE)
        assert here.ask(second) is None, "whoever waits, there are threads left for who comes in"
        held.append(here.seated(third))
        assert [here.desks.told(each)[0] for each in (first, second, third)] == [3, 1, 1]
        at_door = here.pool.submit(here.ask, uuid4())
        here.desks.leave(held.pop())
        seat = at_door.result(LONG)
        assert seat is not None
        _let_all_go(here, [seat, *held], lines)


def test_while_others_are_here_each_has_its_part() -> None:
    big, small = uuid4(), uuid4()
    with house(quiet(5, 3)) as here:
        at_work = [here.seated(big) for _ in range(3)]
        reading = here.seated(small)
        line = here.waiting(big, 2)
        here.desks.leave(at_work.pop())
        here.desks.leave(at_work.pop())
        assert here.desks.told(big) == (1, 2), "three by two is one"
        here.desks.leave(at_work.pop())
        assert here.desks.told(big) == (1, 1)
        _let_all_go(here, [reading], line)


def test_an_idle_desk_is_had_after_a_pause_without_an_end() -> None:
    """Large requests of one workspace do not make its others wait while nobody else wants the desk."""
    big, small = uuid4(), uuid4()
    with house(quiet(5, 3, pause=0.01)) as here:
        reading = here.seated(small)
        large = [here.seated(big)]
        large += [here.seated(big), here.seated(big)]
        assert here.desks.told(big) == (3, 0)
        line = here.waiting(big)
        assert here.desks.told(big) == (3, 1), "but never all"
        _let_all_go(here, [reading, *large], line)


def test_who_waits_in_vain_is_turned_away_and_forgotten() -> None:
    big = uuid4()
    with house(quiet(2, 1, patience=0.05)) as here:
        held = here.seated(big)
        assert here.ask(big) is None
        assert here.desks.told(big) == (1, 0)
        here.desks.leave(held)
        here.desks.leave(here.seated(big))
        assert here.desks.told(big) == (0, 0)
        assert here.desks._free == 2


def test_pages_of_a_workspace_come_before_its_programs() -> None:
    big = uuid4()
    with house(quiet(2, 1)) as here:
        held = here.seated(big)
        programs = here.waiting(big, 3, page=False)
        [person] = here.waiting(big)
        here.desks.leave(held)
        visit = person.result(LONG)
        assert visit is not None
        assert not any(each.done() for each in programs)
        _let_all_go(here, [visit], programs)


def test_programs_beyond_their_pace_give_way_to_pages_of_others_and_to_nothing_else() -> None:
    big, small = uuid4(), uuid4()
    with house(quiet(5, 3, pace=2)) as here:
        for _ in range(10):
            here.desks.leave(here.seated(big, page=False))
        reading = here.seated(small)
        line = here.waiting(big, 1, page=False)
        here.desks.leave(here.seated(big))
        assert here.desks.told(big)[1] == 1, "its own pages go on meanwhile"
        visit = line[0].result(LONG)
        assert visit is not None, "and so does the program, when its time has come"
        _let_all_go(here, [reading, visit], [])


@pytest.mark.parametrize("desks", [1, 2, 4])
def test_all_are_served_whatever_comes(desks: int) -> None:
    """Six workspaces ask, as many at once as may be in one line: nobody is left there, all desks are free again."""
    workspaces = [uuid4() for _ in range(6)]
    most, at_once = max(desks - 1, 1), threading.Semaphore(LONGEST_LINE)
    with house(Desks(desks, most, pace=50, pause=0.01, patience=LONG)) as here:

        def ask(number: int) -> bool:
            with at_once:
                visit = here.ask(workspaces[number % 6 if number % 3 else 0], page=number % 2 == 0)
            if visit is None:
                return False
            here.desks.leave(visit)
            return True

        assert all(here.pool.map(ask, range(600), timeout=LONG))
        assert [here.desks.told(each) for each in workspaces] == [(0, 0)] * 6
        assert here.desks._free == desks


def test_nothing_is_kept_of_who_has_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("saas_crm.edge.desks.HERE", 1e-9)
    desks = quiet(4, 3)
    for _ in range(50):
        visit = desks.come_in()
        assert desks.take(visit, uuid4())
        desks.leave(visit)
    assert len(desks._lines) <= 2


def _let_all_go(here: House, held: list[Visit], line: list[Future[Visit | None]]) -> None:
    for visit in held:
        here.desks.leave(visit)
    for each in line:
        called = each.result(LONG)
        assert called is not None
        here.desks.leave(called)
