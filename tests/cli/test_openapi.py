"""`openapi` prints the description, wherever it is called."""

from __future__ import annotations

import json


def test_it_needs_no_settings_is_the_same_each_time_and_may_be_one_line(program) -> None:
    found, again = program("openapi"), program("openapi", "--indent", "0")
    assert (found.returncode, again.returncode) == (0, 0), found.stderr + again.stderr
    document = json.loads(found.stdout)
    assert document["openapi"].startswith("3.1")
    assert len(document["paths"]) > 10
    assert json.dumps(document) == json.dumps(json.loads(again.stdout)), "the order counts too"
    assert len(found.stdout.splitlines()) > 100
    assert len(again.stdout.splitlines()) == 1
