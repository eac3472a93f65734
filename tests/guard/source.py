"""The product's source as syntax trees, and the questions that guards ask of it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
ROOMS = ("tenants", "saas_crm", "web", "mobile_api", "billing", "infra")
_SQL = re.compile(
    r"\s*(SELECT|INSERT INTO|UPDATE|DELETE FROM|WITH|SET|RESET|CREATE|ALTER|DROP|GRANT|REVOKE|TRUNCATE|COPY)\b\s+\S"
)


@dataclass(frozen=True)
class Source:
    """One file of the product."""

    name: str
    text: str
    nodes: tuple[ast.AST, ...]

    def at(self, node: ast.AST) -> str:
        """Return "file:line", as messages show a place."""
        return f"{self.name}:{getattr(node, 'lineno', 0)}"


@cache
def sources() -> tuple[Source, ...]:
    """Return every Python file of the product; tests are no part of it."""
    files = [CHECKOUT / "wsgi.py", *(file for room in ROOMS for file in (CHECKOUT / room).rglob("*.py"))]
    found = []
    for file in sorted(files):
        name = file.relative_to(CHECKOUT).as_posix()
        if "node_modules" not in name:
            text = file.read_text(encoding="utf-8")
            found.append(Source(name, text, tuple(ast.walk(ast.parse(text, name)))))
    return tuple(found)


def planted_source(code: str) -> Source:
    """Return a file that is not there, to see whether a guard sees what is in it."""
    return Source("planted.py", code, tuple(ast.walk(ast.parse(code))))


def imports(source: Source) -> Iterator[tuple[ast.AST, str]]:
    """Yield every module a file imports, wherever in it."""
    for node in source.nodes:
        if isinstance(node, ast.Import):
            yield from ((node, name.name) for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield node, node.module or ""


def called(node: ast.Call) -> str:
    """Return the dotted name of what is called, as far as it is one: `db.session.execute`, `text`."""
    return dotted(node.func)


def dotted(node: ast.AST) -> str:
    """Return a dotted name; parts that are no names become "()"."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}"
    if isinstance(node, ast.Subscript):
        return f"{dotted(node.value)}[]"
    return "()"


def strings(source: Source) -> Iterator[ast.Constant]:
    """Yield every text constant that is no docstring."""
    documentation = {
        id(node.body[0].value)
        for node in source.nodes
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and node.body and isinstance(node.body[0], ast.Expr)
    }  # fmt: skip
    for node in source.nodes:
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in documentation:
            yield node


def assembled(node: ast.AST) -> bool:
    """Whether an expression puts a text together at run time: f-string, `%`, `+`, `.format()`, `.join()`."""
    if isinstance(node, ast.JoinedStr):
        return any(isinstance(part, ast.FormattedValue) for part in node.values)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mod | ast.Add):
        return not (_plain(node.left) and _plain(node.right))
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        if node.func.attr in ("format", "join", "replace"):
            return _is_text(node.func.value)
        return node.func.attr == "encode" and assembled(node.func.value)
    return False


def looks_like_sql(node: ast.AST) -> bool:
    """Whether an expression begins with the text of an SQL statement."""
    return bool(_SQL.match(_beginning(node)))


def _beginning(node: ast.AST) -> str:
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else ""
    if isinstance(node, ast.JoinedStr):
        return "".join(
            part.value if isinstance(part, ast.Constant) and isinstance(part.value, str) else "x"
            for part in node.values
        )
    if isinstance(node, ast.BinOp):
        return _beginning(node.left)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        return _beginning(node.func.value)
    return ""


def _plain(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) or (isinstance(node, ast.BinOp) and _plain(node.left) and _plain(node.right))


def _is_text(node: ast.AST) -> bool:
    """Whether a value is certainly text and not psycopg's `sql.SQL`, which quotes what it is given."""
    return isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str))
