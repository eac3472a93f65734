"""Takes one guard out of the running program: a clause, a check, a declared permission, or the tenant's role.

The places are found in the source, all of them, each time. A module is compiled with and without the guard, and the
functions that differ get the other code; what they had kept is forgotten. Nothing is written to a file.
"""

from __future__ import annotations

import ast
import functools
import gc
import types
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flask import Flask

from saas_crm.edge.declared import ATTRIBUTE, Declared, declared_for
from tests.guard.endpoints import Endpoint, endpoints

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("saas_crm", "web", "mobile_api", "billing")
GUARDS = {
    "visible", "within_reach", "owned_within", "seen", "outside", "check_may", "check_owner", "require", "hides",
    "may_write",
}  # fmt: skip
ROLE = "SET LOCAL ROLE {}; "
NO_ROLE = "SET LOCAL application_name = {}; "
VEILS = "tenants/veils.py"
ROLE_SWITCH, VEIL = "role", "process_result_value"
_HERE = "tests.leaks.instead"


@dataclass(frozen=True, order=True)
class Place:
    """Where a guard stands."""

    path: str
    line: int
    column: int
    guard: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line} {self.guard}"


def places() -> list[Place]:
    """Return every place in the source where a call guards something, the switch of the role, and the veil."""
    found = [Place("tenants/context.py", 0, 0, ROLE_SWITCH), Place(VEILS, 0, 0, VEIL)]
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            if "node_modules" not in path.parts and "demo" not in path.parts:
                found += _places_in(path)
    return found


def _places_in(path: Path) -> Iterator[Place]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        guard = _guard(node)
        if guard:
            yield Place(str(path.relative_to(ROOT)), node.lineno, node.col_offset, guard)  # type: ignore[attr-defined]


def _guard(node: ast.AST) -> str:
    if not isinstance(node, ast.Call):
        return ""
    name = node.func.id if isinstance(node.func, ast.Name) else ""
    if isinstance(node.func, ast.Attribute) and node.func.attr in ("require", "hides", "may_write"):
        name = node.func.attr
    return name if name in GUARDS and (name != "seen" or len(node.args) == 3) else ""


class _Without(ast.NodeTransformer):
    """Replaces the guards that `chosen` names; `noting` keeps them and notes that they were passed."""

    def __init__(self, path: str, chosen: Callable[[Place], bool], *, noting: bool) -> None:
        self.path, self.chosen, self.noting = path, chosen, noting

    def visit_Call(self, node: ast.Call) -> ast.AST:
        """Replace a guard, and those inside it."""
        self.generic_visit(node)
        guard = _guard(node)
        place = Place(self.path, node.lineno, node.col_offset, guard)
        if not guard or not self.chosen(place):
            return node
        if self.noting:
            said = ast.Call(_instead("note"), [ast.Constant(str(place))], [])
            return _at(node, ast.BoolOp(ast.Or(), [said, node]))
        given = [node.func.value, *node.args] if isinstance(node.func, ast.Attribute) else node.args
        return _at(node, ast.Call(_instead(guard), given, node.keywords))

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        """Let values of all fields through as they are stored."""
        self.generic_visit(node)
        if self.path == VEILS and node.name == VEIL and not self.noting:
            node.body = [_at(node.body[0], ast.Return(ast.Name("value", ast.Load())))]  # type: ignore[list-item]
        return node

    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        """Replace the switch of the role."""
        switches = isinstance(node.value, str) and ROLE in node.value and self.path == "tenants/context.py"
        if not switches or self.noting:
            return node
        return _at(node, ast.Constant(str(node.value).replace(ROLE, NO_ROLE)))


def _instead(name: str) -> ast.expr:
    module = ast.Call(
        ast.Name("__import__", ast.Load()), [ast.Constant(_HERE)],
        [ast.keyword("fromlist", ast.List([ast.Constant("_")], ast.Load()))],
    )  # fmt: skip
    return ast.Attribute(module, name, ast.Load())


def _at(old: ast.AST, new: ast.AST) -> ast.AST:
    return ast.fix_missing_locations(ast.copy_location(new, old))


class Surgeon:
    """Changes the code of the functions that live in this process, and changes it back."""

    def __init__(self, app: Flask) -> None:
        gc.unfreeze()  # what is frozen would not be told
        gc.collect()
        everything = gc.get_objects()
        self.app = app
        self._caches = [one for one in everything if isinstance(one, functools._lru_cache_wrapper) and _is_ours(one)]
        self._functions: dict[str, list[types.FunctionType]] = {}
        for one in everything:
            if isinstance(one, types.FunctionType) and one.__code__.co_filename.startswith(str(ROOT)):
                self._functions.setdefault(one.__code__.co_filename, []).append(one)

    def forget(self) -> None:
        """Forget what was kept from earlier runs: queries, and who the tenants are."""
        self.forget_queries()
        self.app.extensions["directory"].forget()

    def forget_queries(self) -> None:
        """Forget the queries that were kept, so that the guards in them are passed again."""
        for cache in self._caches:
            cache.cache_clear()

    @contextmanager
    def noting(self, every: list[Place]) -> Iterator[None]:
        """Note every place that is passed, until the block ends."""
        paths = sorted({place.path for place in every if place.guard not in (ROLE_SWITCH, VEIL)})
        changed = [one for path in paths for one in self._operate(path, lambda _: True, noting=True)]
        self.forget()
        yield
        self._heal(changed)

    @contextmanager
    def without(self, place: Place) -> Iterator[int]:
        """Take one guard away until the block ends; gives how many functions that changed."""
        changed = self._operate(place.path, lambda one: one == place, noting=False)
        self.forget()
        yield len(changed)
        self._heal(changed)

    @contextmanager
    def undeclared(self, chosen: Callable[[Endpoint], bool]) -> Iterator[list[Endpoint]]:
        """Let every member in where an endpoint declares a permission, until the block ends."""
        opened = [one for one in endpoints(self.app) if one.declared.permission is not None and chosen(one)]
        former = {one.rule.endpoint: one.declared for one in opened}
        for name in former:
            setattr(_view(self.app, name), ATTRIBUTE, Declared("member", "workspace"))
        yield opened
        for name, declared in former.items():
            setattr(_view(self.app, name), ATTRIBUTE, declared)

    def _operate(
        self, path: str, chosen: Callable[[Place], bool], *, noting: bool
    ) -> list[tuple[types.FunctionType, types.CodeType]]:
        file = str(ROOT / path)
        source = ast.parse(Path(file).read_text("utf-8"))
        before = _codes(compile(source, file, "exec", dont_inherit=True))
        changed = ast.fix_missing_locations(_Without(path, chosen, noting=noting).visit(source))
        after = _codes(compile(changed, file, "exec", dont_inherit=True))
        done = []
        for function in self._functions.get(file, ()):
            key = _key(function.__code__)
            if key in after and before.get(key) != after[key]:
                done.append((function, function.__code__))
                function.__code__ = after[key]
        return done

    def _heal(self, changed: list[tuple[types.FunctionType, types.CodeType]]) -> None:
        for function, code in changed:
            function.__code__ = code
        self.forget()


def _view(app: Flask, name: str) -> Any:
    view = app.view_functions[name]
    assert declared_for(view) is not None
    return view


def _is_ours(cache: Any) -> bool:
    return str(getattr(cache, "__module__", "")).startswith(PACKAGES)


def _key(code: types.CodeType) -> tuple[str, int]:
    return code.co_qualname, code.co_firstlineno


def _codes(code: types.CodeType) -> dict[tuple[str, int], types.CodeType]:
    found = {_key(code): code}
    for one in code.co_consts:
        if isinstance(one, types.CodeType):
            found |= _codes(one)
    return found
