"""The command, called as people and programs call it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.command import call

__all__ = ["call", "program"]

CHECKOUT = Path(__file__).resolve().parents[2]


@pytest.fixture
def program() -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run `python -m saas_crm.cli …` as a process of its own, with these settings alone."""

    def run(*arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
        kept = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG")}
        return subprocess.run(
            [sys.executable, "-m", "saas_crm.cli", *arguments],
            env={**kept, "PYTHONPATH": str(CHECKOUT), **settings},
            capture_output=True, text=True, timeout=100, check=False,
        )  # fmt: skip

    return run
