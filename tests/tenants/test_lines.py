"""The two lines of history, as SQL text."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from importlib import import_module

import pytest

from tenants.migrations import lines
from tenants.migrations.lines import head, known, steps


@pytest.mark.parametrize("line", ["shared", "tenant"])
def test_the_newest_revision_is_told_without_rendering_any(line: str) -> None:
    assert head(line) == steps(line)[-1].revision


@pytest.mark.parametrize("line", ["shared", "tenant"])
def test_each_revision_follows_the_one_before(line: str) -> None:
    """Two after the same one make a fork: who is at one would be marked at the other, which did not run."""
    before = None
    for file in sorted((lines.HERE / line).glob("r*_*.py")):
        module = import_module(f"tenants.migrations.{line}.{file.stem}")
        assert (module.revision, module.down_revision) == (file.stem[1:5], before)
        before = module.revision
    assert known(line) == tuple(step.revision for step in steps(line))


def test_threads_that_render_at_once_do_not_write_into_each_others_script() -> None:
    alone = steps("tenant")
    lines._steps.cache_clear()
    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(lambda _: steps("tenant"), range(8))) == {alone}
