"""No SQL is ever put together from strings: a tenant's role does not stop an injection, so none may be possible."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator

import pytest

from tests.guard.source import Source, assembled, called, dotted, looks_like_sql, planted_source, sources, strings

RUNNERS = re.compile(
    r"(^|\.)(execute|executemany|exec_driver_sql|scalar|scalars|stream|copy|text|literal_column|DDL|SQL)$"
)
GIVEN_AS = ("query", "statement", "sql", "text", "clause")
TEXT_METHODS = ("format", "replace", "join")
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


def scopes(source: Source) -> Iterator[tuple[list[ast.AST], dict[str, list[ast.expr]]]]:
    """Yield what is outside of functions, then each function, with what the names that it sees are given."""
    inside: set[int] = set()
    functions = [node for node in source.nodes if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    walked = [list(ast.walk(function)) for function in functions]
    for nodes in walked:
        inside.update(map(id, nodes))
    outside = [node for node in source.nodes if id(node) not in inside]
    shared = assigned(outside)
    yield outside, shared
    for nodes in walked:
        yield nodes, shared | assigned(nodes)


def running(nodes: Iterable[ast.AST]) -> Iterator[tuple[ast.Call, ast.expr]]:
    """Yield the calls that take SQL, with what they are given, by whatever name."""
    for node in nodes:
        if isinstance(node, ast.Call) and RUNNERS.search(called(node)):
            given = [*node.args[:1], *(keyword.value for keyword in node.keywords if keyword.arg in GIVEN_AS)]
            yield from ((node, value) for value in given)


def assigned(nodes: Iterable[ast.AST]) -> dict[str, list[ast.expr]]:
    """Return what names, also of objects, are given, so that `execute(query)` is looked through."""
    found: dict[str, list[ast.expr]] = {}
    for node in nodes:
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        if isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign | ast.NamedExpr) and node.value is not None:
            for target, value in (pair for each in targets if each for pair in _pairs(each, node.value)):
                added = ast.BinOp(target, ast.Add(), value) if isinstance(node, ast.AugAssign) else value
                found.setdefault(dotted(target), []).append(added)
    return found


def _pairs(target: ast.expr, value: ast.expr) -> Iterator[tuple[ast.expr, ast.expr]]:
    """Yield each target with its own value, where several are assigned at once."""
    if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple) and len(target.elts) == len(value.elts):
        yield from zip(target.elts, value.elts, strict=True)
    else:
        yield target, value


def made_of_strings(value: ast.expr, names: dict[str, list[ast.expr]]) -> bool:
    """Whether a value is put together at run time of what is not all written down in the file."""
    made = assembled(value)
    if isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute) and value.func.attr in TEXT_METHODS:
        made = made or any(_written_down(each, {}) for each in names.get(dotted(value.func.value), ()))
    return made and not _written_down(value, names)


def _written_down(value: ast.expr, names: dict[str, list[ast.expr]], depth: int = 0) -> bool:
    """Whether a text is a constant, or made of constants and of names that are."""
    if isinstance(value, ast.JoinedStr | ast.BinOp):
        parts = value.values if isinstance(value, ast.JoinedStr) else [value.left, value.right]
        return all(_written_down(part, names, depth) for part in parts)
    if isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute) and value.func.attr in TEXT_METHODS:
        return all(_written_down(part, names, depth) for part in (value.func.value, *value.args))
    if isinstance(value, ast.FormattedValue):
        return _written_down(value.value, names, depth)
    if isinstance(value, ast.Name) and depth < 5:
        given = names.get(value.id, [])
        return bool(given) and all(_written_down(each, names, depth + 1) for each in given)
    return isinstance(value, ast.Constant) and isinstance(value.value, str)


def test_nothing_assembled_is_run_as_sql() -> None:
    wrong = []
    for source in sources():
        if source.name in MAY_ASSEMBLE or migration(source):
            continue
        for nodes, names in scopes(source):
            for call, given in running(nodes):
                named = isinstance(given, ast.Name | ast.Attribute)
                for value in [given, *(names.get(dotted(given), ()) if named else ())]:
                    if made_of_strings(value, names):
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
        'q = "SELECT a"\nq += " WHERE " + name\nconnection.execute(q)',
        'q = "SELECT a"\nq += name\nconnection.execute(q)',
        'q = " ".join(parts)\nconnection.execute(q)',
        "q = base + name\nconnection.execute(q)",
        "q, more = base + name, 1\nconnection.execute(q)",
        "self.q = base + name\nconnection.execute(self.q)",
        "if q := base + name:\n    connection.execute(q)",
        'q = "SELECT %s"\nconnection.execute(q.replace("%s", name))',
        "connection.execute(query=base + name)",
        'def find(name):\n    q = f"id = {name}"\n    return literal_column(q)',
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
