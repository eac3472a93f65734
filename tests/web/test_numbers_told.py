"""Numbers that pages tell in words are those that hold."""

from __future__ import annotations

import re
from pathlib import Path

from saas_crm.access.strength import MINIMUM


def test_how_long_a_password_must_be() -> None:
    pages = [*Path("web/templates").rglob("*.html"), *Path("web/styleguide").rglob("*.html")]
    told = [int(found) for page in pages for found in re.findall(r"At least (\d+) characters", page.read_text())]
    assert len(told) >= 5
    assert set(told) == {MINIMUM}
