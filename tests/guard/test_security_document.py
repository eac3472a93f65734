"""docs/security.md names tests as proof: each must be there."""

from __future__ import annotations

import re
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
NAMED = re.compile(r"(tests/[\w/]+\.py)::(\w+)")


def test_every_test_that_is_named_as_proof_exists() -> None:
    named = NAMED.findall((CHECKOUT / "docs" / "security.md").read_text("utf-8"))
    assert len(named) > 100
    missing = [
        f"{path}::{name}" for path, name in named
        if not re.search(rf"^def {name}\b", (CHECKOUT / path).read_text("utf-8"), re.MULTILINE)
    ]  # fmt: skip
    assert missing == []
