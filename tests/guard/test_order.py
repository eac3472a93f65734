"""The files that take longest are begun first, so that no test process is left alone with one of them."""

from __future__ import annotations

import pytest

from tests.support.order import APART, SLOWEST, TESTS, unit_of


def test_each_of_them_is_there() -> None:
    assert [name for name in (*SLOWEST, *APART) if not (TESTS / name).is_file()] == []


def test_they_come_first_and_are_handed_out_so(request: pytest.FixtureRequest) -> None:
    files = list(dict.fromkeys(item.path for item in request.session.items))
    slowest = [TESTS / name for name in SLOWEST if TESTS / name in files]
    assert files[: len(slowest)] == slowest
    assert getattr(request.config.option, "loadscopereorder", False) is False


def test_tests_of_a_file_stay_together_unless_they_share_nothing(request: pytest.FixtureRequest) -> None:
    assert unit_of("tests/web/test_board.py::test_a[1]") == unit_of("tests/web/test_board.py::test_b") != ""
    assert unit_of(f"tests/{APART[0]}::test_a[phone]") != unit_of(f"tests/{APART[0]}::test_a[desktop]")
    for name in APART:
        assert "scope=" not in (TESTS / name).read_text("utf-8"), f"{name} keeps something from test to test"
