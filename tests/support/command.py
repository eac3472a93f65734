"""The command `saas-crm`, called in this process; a folder whose tests call it takes the fixture into its conftest."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from click.testing import CliRunner, Result
from flask import Flask

from saas_crm.cli.commands import command
from tests.support.installation import Installation
from tests.support.server import environment_of

Call = Callable[..., Result]


@pytest.fixture
def call(app: Flask, installation: Installation) -> Call:
    """Call the command in this process: `call("db", "status", DATABASE_URL="…")`; settings may be changed."""
    settings = environment_of(installation.settings)

    def run(*arguments: str, **changes: str | None) -> Result:
        environment = {**settings, **changes}
        return CliRunner().invoke(command, list(arguments), env=environment)

    return run
