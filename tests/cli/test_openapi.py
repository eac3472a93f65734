"""`openapi` prints the description, wherever it is called."""

from __future__ import annotations

import json


def test_it_needs_no_settings(program) -> None:
    found = program("openapi")
    assert found.returncode == 0, found.stderr
    document = json.loads(found.stdout)
    assert document["openapi"].startswith("3.1")
    assert len(document["paths"]) > 10


def test_it_is_the_same_each_time_and_may_be_one_line(program) -> None:
    first, second = (program("openapi", "--indent", "0").stdout for _ in range(2))
    assert first == second
    assert len(first.splitlines()) == 1
