"""What workspaces pay, as `tenants list` tells it."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from flask import Flask

from tests.support.billing import give_plan, take_plan
from tests.support.command import Call
from tests.support.installation import Installation


@pytest.fixture
def paying(app: Flask, installation: Installation) -> Iterator[None]:
    """Acme pays for Team."""
    give_plan(app, installation.place, "acme", key="team")
    yield
    take_plan(app, installation.place, "acme")


@pytest.mark.usefixtures("paying")
def test_the_command_tells_plans(call: Call) -> None:
    for arguments in (("tenants", "list"), ("tenants", "list", "--details")):
        lines = {line.split()[0]: line for line in call(*arguments).output.splitlines()}
        assert "team (active)" in lines["acme"]
        assert "active)" not in lines["other"]
        told = {row["slug"]: row for row in json.loads(call(*arguments, "--json").output)}
        assert (told["acme"]["plan"], told["acme"]["plan_state"]) == ("team", "active")
        assert told["other"]["plan"] is None


def test_shared_tables_of_the_release_before_have_no_plans(call: Call, installation: Installation) -> None:
    with installation.place.owner() as connection:
        connection.execute("ALTER TABLE public.tenants RENAME COLUMN plan TO not_there_yet")
    try:
        assert call("tenants", "list").exit_code == 0
        assert call("tenants", "list", "--details").exit_code == 0
        installation.app.extensions["directory"].forget()
        with installation.app.app_context():
            assert installation.app.extensions["directory"].by_slug("acme").plan.most("members") is None
    finally:
        with installation.place.owner() as connection:
            connection.execute("ALTER TABLE public.tenants RENAME COLUMN not_there_yet TO plan")
