"""The command, called as people and programs call it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from flask import Flask

from saas_crm.cli.commands import command
from tests.support.installation import Installation
from tests.support.server import environment_of

CHECKOUT = Path(__file__).resolve().parents[2]
Call = Callable[..., Result]


@pytest.fixture
def call(app: Flask, installation: Installation) -> Call:
    """Call the command in this process: `call("db", "status", DATABASE_URL="…")`; settings may be changed."""
    settings = environment_of(installation.settings)

    def run(*arguments: str, **changes: str | None) -> Result:
        environment = {**settings, **changes}
        return CliRunner().invoke(command, list(arguments), env=environment)

    return run


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
