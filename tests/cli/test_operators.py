"""`saas-crm operators`, and that what commands do to workspaces is in the operators' log."""

from __future__ import annotations

import re

import pytest
from flask import Flask

from tests.support.clients import browser_of
from tests.support.command import Call
from tests.support.installation import Installation

EMAIL = "olga@operators.example"
Line = tuple[str, str, str | None]


def lines(installation: Installation) -> list[Line]:
    """Return what the operators' log has."""
    with installation.place.owner() as connection:
        return connection.execute("SELECT actor, act, slug FROM public.operator_acts ORDER BY id").fetchall()


def test_an_operator_is_made_listed_disabled_enabled_and_reset(call: Call, app: Flask) -> None:
    assert "There are no operators yet" in call("operators", "list").output
    made = call("operators", "add", "Olga@operators.example", "--name", "Olga Operator")
    assert made.exit_code == 0, made.output
    link = re.search(r"http://localhost(/operator/setup/\S+)", made.output)
    assert link is not None
    assert browser_of(app, None).get(link[1]).status_code == 200
    assert "waiting" in call("operators", "list").output
    again = call("operators", "add", EMAIL, "--name", "Somebody")
    assert (again.exit_code, "is an operator already" in again.output) == (1, True)
    assert call("operators", "disable", EMAIL).output == f"{EMAIL} is disabled\n"
    assert call("operators", "disable", EMAIL).output == f"{EMAIL} is disabled already\n"
    assert browser_of(app, None).get(link[1]).status_code == 404
    assert call("operators", "enable", EMAIL).output == f"{EMAIL} is enabled\n"
    assert call("operators", "reset", EMAIL).exit_code == 1, "it asks first"
    renewed = call("operators", "reset", EMAIL, "--yes")
    new = re.search(r"http://localhost(/operator/setup/\S+)", renewed.output)
    assert new is not None
    assert browser_of(app, None).get(new[1]).status_code == 200


@pytest.mark.parametrize("arguments", [
    ("add", "nobody", "--name", "x"), ("add", EMAIL, "--name", " "), ("disable", EMAIL), ("enable", EMAIL),
    ("reset", EMAIL, "--yes"),
])  # fmt: skip
def test_what_does_not_fit_is_one_line(call: Call, arguments: tuple[str, ...]) -> None:
    result = call("operators", *arguments)
    assert result.exit_code in (1, 2)
    assert "Traceback" not in result.output


def test_commands_about_workspaces_are_in_the_log(call: Call, installation: Installation) -> None:
    call("operators", "add", EMAIL, "--name", "Olga")
    call("tenants", "suspend", "acme", "--reason", "Unpaid")
    call("tenants", "suspend", "acme", "--reason", "Unpaid")
    call("tenants", "resume", "acme")
    assert lines(installation) == [
        ("command", "operator_add", None), ("command", "suspend", "acme"), ("command", "resume", "acme")
    ]  # fmt: skip
