"""Invalid settings: one line each, with the remedy, and never a value."""

from __future__ import annotations

import re

import pytest

from tenants.settings import Settings
from tests.cli.conftest import CHECKOUT


def test_each_missing_setting_has_its_line(program) -> None:
    found = program("db", "status")
    assert found.returncode == 2
    assert found.stdout == ""
    lines = found.stderr.splitlines()
    assert lines[0] == "Error: 2 settings are not valid:"
    assert lines[1].startswith("  DATABASE_URL is missing. Runtime login")
    assert lines[2].startswith("  SECRET_KEY is missing. Signs cookies")
    assert "docs/operations.md" in lines[3]


def test_wrong_values_are_explained_but_not_shown(call) -> None:
    found = call(
        "tenants", "list", SECRET_KEY="too-short-secret", DATABASE_URL="mysql://me:hunter2@db/x", WEB_THREADS="0"
    )
    assert found.exit_code == 2
    assert "SECRET_KEY must have at least 32 characters" in found.output
    assert "DATABASE_URL must be a postgresql:// address" in found.output
    assert (
        "WEB_THREADS input should be greater than or equal to 1. Requests that each of them works on at a time."
        in found.output
    )
    assert "hunter2" not in found.output
    assert "too-short-secret" not in found.output


def test_production_is_held_to_https(call) -> None:
    found = call("serve", ENVIRONMENT="production", BASE_URL="http://crm.example", MAIL_URL=None)
    assert found.exit_code == 2
    assert "BASE_URL must be https:// when ENVIRONMENT is production." in found.output


@pytest.mark.parametrize("arguments", [("db", "status"), ("tenants", "list"), ("db", "upgrade")])
def test_a_database_that_does_not_answer_is_one_line(call, arguments: tuple[str, ...]) -> None:
    nowhere = "postgresql://crm_app:secret@127.0.0.1:1/crm"
    found = call(*arguments, DATABASE_URL=nowhere, DATABASE_OWNER_URL=nowhere)
    assert found.exit_code == 1
    assert found.output.startswith("Error: The database does not answer: ")
    assert "secret" not in found.output
    assert len(found.output.splitlines()) == 2


def test_unknown_commands_and_options_are_told_in_one_line(call) -> None:
    for arguments in (("fly",), ("serve", "--fast"), ("tenants", "create", "x")):
        found = call(*arguments)
        assert found.exit_code == 2
        assert found.output.splitlines()[-1].startswith("Error: ")


def test_help_lists_every_command(call) -> None:
    found = call("--help")
    for name in ("demo", "serve", "worker", "db", "tenants", "openapi", "doctor"):
        assert f"\n  {name} " in found.output


def test_every_setting_is_in_the_handbook_with_its_default() -> None:
    table = (CHECKOUT / "docs" / "operations.md").read_text(encoding="utf-8")
    rows = {
        name: line
        for line in table.splitlines()
        if line.startswith("| `")
        for name in re.findall(r"`([A-Z_]+)`", line.split("|")[1])
    }
    assert set(rows) == {name.upper() for name in Settings.model_fields}
    for name, field in Settings.model_fields.items():
        told = rows[name.upper()].split("|")[2]
        default = field.get_default()
        if field.is_required() or default is None:
            assert "–" in told or "none" in told or "`DATABASE_URL`" in told, name
        else:
            assert f"`{str(default).lower() if isinstance(default, bool) else default}`" in told, name
