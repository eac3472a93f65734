"""The door of a process: no more wait there than there is room for, none for ever, and a lone thread never sleeps."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

from saas_crm.edge.desks import AT_DOOR, Desks

LONG = 20.0


def test_no_more_wait_at_the_door_than_there_is_room_for() -> None:
    desks = Desks(1, 1, door_patience=LONG)
    sitting = desks.come_in()
    assert sitting is not None
    with ThreadPoolExecutor(AT_DOOR) as pool:
        waiting = [pool.submit(desks.come_in) for _ in range(AT_DOOR)]
        while len(desks._door) < AT_DOOR:
            threading.Event().wait(0.01)
        assert desks.come_in() is None, "it is told so at once"
        desks.leave(sitting)
        for one in waiting:
            seated = one.result(LONG)
            assert seated is not None
            desks.leave(seated)
    assert desks.come_in() is not None


def test_who_waits_too_long_is_turned_away_and_leaves_no_gap() -> None:
    desks = Desks(1, 1, door_patience=0.05)
    sitting = desks.come_in()
    assert sitting is not None
    assert desks.come_in() is None
    desks.leave(sitting)
    again = desks.come_in()
    assert again is not None
    desks.leave(again)


def test_a_server_that_works_one_by_one_never_lets_a_program_sleep() -> None:
    """Its only thread would sleep: whoever it gives way to could not be served."""
    desks, theirs, ours = Desks(1, 1, pace=0.001, patience=LONG), uuid4(), uuid4()
    page = desks.come_in()
    assert page is not None
    assert desks.take(page, theirs, one_by_one=True)
    desks.leave(page)
    for _ in range(3):
        call = desks.come_in()
        assert call is not None
        assert desks.take(call, ours, page=False, one_by_one=True)
        desks.leave(call)


def test_with_more_threads_programs_give_way_as_ever() -> None:
    desks, theirs, ours = Desks(2, 2, pace=0.001, patience=0.0), uuid4(), uuid4()
    page = desks.come_in()
    assert page is not None
    assert desks.take(page, theirs)
    call = desks.come_in()
    assert call is not None
    assert not desks.take(call, ours, page=False)
