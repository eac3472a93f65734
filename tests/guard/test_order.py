"""The files that take longest are begun first, so that no test process is left alone with one of them."""

from __future__ import annotations

import pytest

from tests.support.order import SLOWEST, TESTS


def test_each_of_them_is_there() -> None:
    assert [name for name in SLOWEST if not (TESTS / name).is_file()] == []


def test_they_come_first_and_are_handed_out_so(request: pytest.FixtureRequest) -> None:
    files = list(dict.fromkeys(item.path for item in request.session.items))
    slowest = [TESTS / name for name in SLOWEST if TESTS / name in files]
    assert files[: len(slowest)] == slowest
    assert getattr(request.config.option, "loadscopereorder", False) is False
