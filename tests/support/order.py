"""Which files of tests go first, and which are shared out: what takes longest may not begin when all the rest is done.

Each test process is given a whole file at a time, since the tests of a file often stand on what one of them made; the
tours through all pages in a browser, whose tests share nothing, a test at a time. pytest-xdist would begin with the
files that have most tests, and the slowest have few: one process would still drive a browser when the others have
nothing left.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

TESTS = Path(__file__).resolve().parents[1]
SLOWEST: tuple[str, ...] = (
    "leaks/test_writes.py",
    "mobile_api/test_fuzz.py",
    "leaks/test_reads.py",
    "leaks/test_mutants.py",
    "browser/test_every_page.py",
    "browser/test_every_page_fits.py",
    "browser/test_every_answer.py",
    "browser/test_billing_pages.py",
    "cli/test_demo.py",
    "access/test_organisations.py",
    "guard/test_endpoints.py",
    "leaks/test_payments.py",
    "fault/test_kills.py",
    "fault/test_next_request.py",
    "browser/test_styleguide.py",
    "billing/test_states.py",
    "browser/test_operators_plans.py",
    "browser/test_deals.py",
    "tenants/test_hammer.py",
    "web/test_odd_texts.py",
    "browser/test_second_steps.py",
    "browser/test_operators.py",
    "browser/test_journey.py",
    "tenants/test_injection.py",
    "fault/test_crash.py",
    "hand_over/test_at_once.py",
)
"""By what each takes alone, longest first; all others follow in the order they were found."""
APART: tuple[str, ...] = (
    "billing/test_machine.py",
    "browser/test_every_page.py",
    "browser/test_every_page_fits.py",
    "browser/test_every_answer.py",
    "browser/test_styleguide.py",
    "browser/test_deals.py",
    "browser/test_second_steps.py",
)
"""Files whose tests may run anywhere: what they stand on is made for each, or for the whole run."""


def slowest_first(items: list[pytest.Item], named: Sequence[str] = SLOWEST) -> None:
    """Put the tests of the slowest files first; the order within each file stays."""
    places = {TESTS / name: place for place, name in enumerate(named)}
    items.sort(key=lambda item: places.get(item.path, len(places)))


def hand_out_in_order(config: pytest.Config) -> None:
    """Let pytest-xdist, where it is there, hand files out in the order of the tests."""
    if hasattr(config.option, "loadscopereorder"):
        config.option.loadscopereorder = False


def unit_of(nodeid: str) -> str:
    """Return what a test process is given together with this test: its file, or the test alone."""
    path = nodeid.partition("::")[0]
    return nodeid if path.removeprefix(f"{TESTS.name}/") in APART else path


def handing_out(config: pytest.Config, log: Any) -> Any:
    """Return what hands tests to the processes of pytest-xdist, which is asked for by `--dist loadfile`."""
    from xdist.scheduler import LoadFileScheduling

    class Units(LoadFileScheduling):
        """Hands out units."""

        def _split_scope(self, nodeid: str) -> str:
            return unit_of(nodeid)

    return Units(config, log)
