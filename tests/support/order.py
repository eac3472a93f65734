"""Which files of tests go first: what takes longest may not begin when all the rest is done.

`--dist loadfile` gives each test process a whole file at a time. pytest-xdist would begin with the files that have
most tests, and the slowest have few: one process would still drive a browser when the others have nothing left.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parents[1]
SLOWEST: tuple[str, ...] = (
    "leaks/test_reads.py",
    "leaks/test_writes.py",
    "leaks/test_mutants.py",
    "mobile_api/test_fuzz.py",
    "browser/test_every_page.py",
    "browser/test_every_page_fits.py",
    "browser/test_every_answer.py",
    "browser/test_styleguide.py",
    "browser/test_deals.py",
    "cli/test_demo.py",
    "tenants/test_hammer.py",
    "tenants/test_injection.py",
    "web/test_odd_texts.py",
    "web/test_no_dead_ends.py",
    "guard/test_endpoints.py",
    "access/test_organisations.py",
    "hand_over/test_at_once.py",
    "browser/test_second_steps.py",
    "web/test_sso_asking.py",
    "fault/test_crash.py",
    "browser/test_operators.py",
    "fault/test_next_request.py",
)
"""By what each takes alone, longest first; all others follow in the order they were found."""


def slowest_first(items: list[pytest.Item], named: Sequence[str] = SLOWEST) -> None:
    """Put the tests of the slowest files first; the order within each file stays."""
    places = {TESTS / name: place for place, name in enumerate(named)}
    items.sort(key=lambda item: places.get(item.path, len(places)))


def hand_out_in_order(config: pytest.Config) -> None:
    """Let pytest-xdist, where it is there, hand files out in the order of the tests."""
    if hasattr(config.option, "loadscopereorder"):
        config.option.loadscopereorder = False
