"""The two lines of history, as SQL text."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from tenants.migrations import lines
from tenants.migrations.lines import head, steps


@pytest.mark.parametrize("line", ["shared", "tenant"])
def test_the_newest_revision_is_told_without_rendering_any(line: str) -> None:
    assert head(line) == steps(line)[-1].revision


def test_threads_that_render_at_once_do_not_write_into_each_others_script() -> None:
    alone = steps("tenant")
    lines._steps.cache_clear()
    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(lambda _: steps("tenant"), range(8))) == {alone}
