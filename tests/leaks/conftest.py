"""One estate for each file of the hunt: every request in it is taken back."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.conftest import Stage
from tests.leaks.hunt import Hunt, hunting
from tests.leaks.offers import Offers, look_around
from tests.leaks.roles import hunting as roles


@pytest.fixture(scope="module")
def hunt(stage: Stage) -> Iterator[Hunt]:
    """The estate, watched."""
    with hunting(stage) as hunt:
        yield hunt


@pytest.fixture(scope="module")
def offers(hunt: Hunt) -> Offers:
    """What pages offer their owner: forms, and names and values of addresses."""
    found = look_around(hunt.estate)
    hunt.asker.watch.take(committed=True)
    return found


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give the hunt time on a busy machine: each test sends hundreds of requests."""
    for item in items:
        if "leaks" in item.path.parts:
            item.add_marker(pytest.mark.timeout(900))


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test for everybody who hunts, one after the other: what the product keeps of one serves all their tests."""
    if "who" in metafunc.fixturenames:
        metafunc.parametrize("who", ["owner", *roles()], scope="module")
