"""No SQL is ever put together from strings: a tenant's role does not stop an injection, so none may be possible."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import pytest

from tests.guard.source import Source, assembled, called, looks_like_sql, planted_source, sources, strings

RUNNERS = re.compile(
    r"(^|\.)(execute|executemany|exec_driver_sql|scalar|scalars|stream|copy|text|literal_column|DDL|SQL)$"
)
# Scripts made of our own constants and of names that `fill` or psycopg's Identifier have checked.
MAY_ASSEMBLE = {
    "tenants/migrate.py": "runs precompiled scripts in which only our own opaque names are filled in",
    "tenants/provisioning.py": "runs the precompiled script of a spare, and names only what it made itself",
    "tenants/revise.py": "a developer's tool: its scratch schema is a constant",
    "saas_crm/cli/checkup/database.py": "tells the operator what to run; runs nothing of it",
}
# Session-level settings would outlive their transaction and reach the next client of a pooler.
UNBOUND_SET = re.compile(r"(^|;)\s*(SET|set)\s+(?!LOCAL\b|local\b)(?i:role\b|session\b|[\w.]+\s*(=|\bto\b))")
SESSION_CONFIG = re.compile(r"set_config\s*\([^)]*,\s*false\s*\)", re.IGNORECASE)
STAR = re.compile(r"\bSELECT\s+(\w+\.)?\*(?!\s*\))", re.IGNORECASE)


def migration(source: Source) -> bool:
    return source.name.startswith("tenants/migrations/")


def running(source: Source) -> Iterator[tuple[ast.Call, ast.expr]]:
    """Yield the calls that take SQL, with what they are given."""
    for node in source.nodes:
        if isinstance(node, ast.Call) and node.args and RUNNERS.search(called(node)):
            yield node, node.args[0]


def assigned(source: Source) -> dict[str, list[ast.expr]]:
    """Return what the names of a file are given, so that `execute(query)` is looked through."""
    found: dict[str, list[ast.expr]] = {}
    for node in source.nodes:
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        if isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign) and node.value is not None:
            for target in targets:
                if isinstance(target, ast.Name):
                    found.setdefault(target.id, []).append(node.value)
    return found


def test_nothing_assembled_is_run_as_sql() -> None:
    wrong = []
    for source in sources():
        if source.name in MAY_ASSEMBLE or migration(source):
            continue
        names = assigned(source)
        for call, given in running(source):
            values = names.get(given.id, []) if isinstance(given, ast.Name) else [given]
            if any(assembled(value) and (looks_like_sql(value) or value is given) for value in values):
                wrong.append(f"{source.at(call)}: {ast.unparse(call)[:100]}")
    assert wrong == []


def test_no_string_that_reads_like_sql_is_assembled_anywhere() -> None:
    wrong = [
        f"{source.at(node)}: {ast.unparse(node)[:100]}"
        for source in sources()
        if source.name not in MAY_ASSEMBLE and not migration(source)
        for node in source.nodes
        if isinstance(node, ast.expr) and assembled(node) and looks_like_sql(node)
    ]
    assert wrong == []


def test_the_exceptions_are_still_needed() -> None:
    for name in MAY_ASSEMBLE:
        [source] = [source for source in sources() if source.name == name]
        assert any(assembled(node) for node in source.nodes), f"{name} needs no exception any more"


def test_settings_are_local_to_their_transaction() -> None:
    wrong = [
        f"{source.at(node)}: {node.value[:80]!r}"
        for source in sources()
        for node in strings(source)
        if not source.name.startswith("infra/bench/")
        if UNBOUND_SET.search(str(node.value)) or SESSION_CONFIG.search(str(node.value))
        or re.search(r"\bSET\s+SESSION\b|\bRESET\s+(ROLE|ALL)\b|\bDISCARD\b", str(node.value))
    ]  # fmt: skip
    assert wrong == []


def test_nothing_selects_whatever_columns_there_are() -> None:
    """While tenants are at different versions a prepared `SELECT *` fails."""
    wrong = [
        f"{source.at(node)}: {node.value[:80]!r}"
        for source in sources()
        for node in strings(source)
        if STAR.search(str(node.value))
    ]
    assert wrong == []


@pytest.mark.parametrize(
    "code",
    [
        'execute(f"SELECT {x}")',
        'session.execute(text("SELECT " + name))',
        'session.execute(text("SELECT %s" % name))',
        'session.execute(text("SELECT {}".format(name)))',
        'connection.exec_driver_sql(f"SELECT 1 FROM {table}")',
        'connection.execute("; ".join(parts))',
        'q = f"SELECT {x}"\nconnection.execute(q)',
    ],
)
def test_the_guard_sees(code: str, monkeypatch: pytest.MonkeyPatch) -> None:
    planted = planted_source(code)
    monkeypatch.setattr("tests.guard.test_sql.sources", lambda: (planted,))
    with pytest.raises(AssertionError):
        test_nothing_assembled_is_run_as_sql()


@pytest.mark.parametrize(
    ("code", "guard"),
    [
        ('x = "SET search_path = acme"', test_settings_are_local_to_their_transaction),
        ('x = "select 1; set role acme"', test_settings_are_local_to_their_transaction),
        ("x = \"SELECT set_config('role', 'acme', false)\"", test_settings_are_local_to_their_transaction),
        ('x = "SELECT * FROM companies"', test_nothing_selects_whatever_columns_there_are),
        ('x = "SELECT c.* FROM companies c"', test_nothing_selects_whatever_columns_there_are),
        ("x = f'DELETE FROM {table}'", test_no_string_that_reads_like_sql_is_assembled_anywhere),
    ],
)
def test_the_guards_see(code: str, guard: object, monkeypatch: pytest.MonkeyPatch) -> None:
    planted = planted_source(code)
    monkeypatch.setattr("tests.guard.test_sql.sources", lambda: (planted,))
    with pytest.raises(AssertionError):
        guard()  # type: ignore[operator]
