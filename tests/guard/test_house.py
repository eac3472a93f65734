"""The house rules that no other tool checks."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import pytest

from tests.guard.source import CHECKOUT, Source, called, dotted, imports, sources

# Who may open a connection of their own, and what for. Everybody else goes through tenants/.
OPENERS = {
    "create_engine": {"tenants/revise.py"},
    "psycopg.connect": {"tenants/migrate.py", "tenants/embedded/server.py", "saas_crm/cli/tenants.py"},
    "PsycopgConnector": {"saas_crm/worker.py"},
    "Session": {"tenants/one_at_a_time.py"},
    "sessionmaker": set(),
}
# Shared tables: the tenants' registry and sign-ins; no room of the business has any.
SHARED_DOOR = re.compile(r"(tenants/|billing/|saas_crm/((access|edge|cli|demo|operators)/|worker\.py)|infra/bench/).*")
# The edge and the worker; and work that goes through several tenants, one transaction in each.
COMMITTERS = {
    "saas_crm/access/numbering_jobs.py",
    "saas_crm/customers/jobs.py", "saas_crm/search/jobs.py",  # batch after batch
    "saas_crm/core/rounds.py", "saas_crm/access/own_devices.py",  # tenant after tenant
    "saas_crm/edge/seen.py",  # after the answer has left
    "saas_crm/edge/lifecycle.py", "saas_crm/worker.py", "saas_crm/access/jobs.py", "saas_crm/access/profile.py",
}  # fmt: skip
OUTSIDE_THE_BUSINESS = re.compile(r"saas_crm/(edge|cli|demo)/|saas_crm/(app|worker|tables|__init__)\.py")
NO_NAMES = {"utils", "util", "helpers", "helper", "misc", "common", "manager", "services", "views"}
MODULE_LINES, TEMPLATE_LINES = 250, 100


def business() -> Iterator[Source]:
    """Yield the files of the feature rooms."""
    for source in sources():
        if source.name.startswith(("saas_crm/", "billing/")) and not OUTSIDE_THE_BUSINESS.match(source.name):
            yield source


def test_only_the_door_opens_connections() -> None:
    wrong = []
    for source in sources():
        if source.name.startswith("infra/"):
            continue
        for node in source.nodes:
            if isinstance(node, ast.Call):
                for opener, allowed in OPENERS.items():
                    name = called(node)
                    if (name == opener or name.endswith(f".{opener}")) and source.name not in allowed:
                        wrong.append(f"{source.at(node)}: {name}")
    assert wrong == []


def test_shared_tables_are_reached_from_few_places() -> None:
    wrong = [
        source.at(node)
        for source in sources()
        if not SHARED_DOOR.match(source.name)
        for node in source.nodes
        if isinstance(node, ast.Subscript) and dotted(node.value) == "db.engines"
    ]
    assert wrong == []


def test_stripe_is_known_in_one_file() -> None:
    wrong = [
        source.at(node)
        for source in sources()
        for node, name in imports(source)
        if name.split(".")[0] == "stripe" and source.name != "billing/stripe_gateway.py"
    ]
    assert wrong == []


def test_the_business_knows_no_web_framework() -> None:
    """Translations are the one exception: `core.i18n` is the only place that names their library."""
    wrong = [
        f"{source.at(node)}: {name}"
        for source in business()
        for node, name in imports(source)
        if name.split(".")[0] in {"flask", "werkzeug", "flask_login", "flask_wtf", "flask_babel", "htmx_flask"}
        and (source.name, name) != ("saas_crm/core/i18n.py", "flask_babel")
    ]
    assert wrong == []


def test_rules_are_pure() -> None:
    """Plain values in, plain answers out: no database, no web, no clock."""
    rules = [source for source in sources() if source.name.endswith("/rules.py")]
    assert len(rules) >= 3
    wrong = []
    for source in rules:
        for node, name in imports(source):
            first = name.split(".")[0]
            if first in {"sqlalchemy", "flask", "flask_sqlalchemy", "time", "random", "os"} or name in {
                "saas_crm.core.clock",
                "tenants.db",
            }:
                wrong.append(f"{source.at(node)}: {name}")
        for node in source.nodes:
            if isinstance(node, ast.Call) and re.search(r"\.(now|utcnow|today)$", called(node)):
                wrong.append(f"{source.at(node)}: {called(node)}")
    assert wrong == []


def test_there_is_one_clock() -> None:
    wrong = [
        f"{source.at(node)}: {called(node)}"
        for source in sources()
        if source.name.startswith(("saas_crm/", "web/", "mobile_api/", "billing/"))
        and source.name != "saas_crm/core/clock.py"
        for node in source.nodes
        if isinstance(node, ast.Call) and re.search(r"\b(datetime|date)\.(now|utcnow|today)$", called(node))
    ]
    assert wrong == []


def test_the_business_never_commits() -> None:
    wrong = [
        source.at(node)
        for source in sources()
        if source.name.startswith(("saas_crm/", "web/", "mobile_api/", "billing/"))
        and source.name not in COMMITTERS
        and not source.name.startswith(("saas_crm/demo/", "saas_crm/cli/"))
        for node in source.nodes
        if isinstance(node, ast.Call) and called(node) == "db.session.commit"
    ]
    assert wrong == []


ASKERS = {
    "db", "g", "request", "session", "current_user", "current_tenant", "tenant_or_none", "current_member",
    "member_or_none", "signed_in_user", "user_or_none", "shared_reader", "settings", "runtime_settings", "spoken",
    "get_locale", "gettext", "ngettext", "_", "url_for", "csp_nonce", "now",
}  # fmt: skip


def test_nothing_that_is_remembered_depends_on_who_asks() -> None:
    """A cache's key is its arguments alone: what asks for tenant, member, language or time must not have one."""
    wrong = []
    for source in sources():
        for node in source.nodes:
            if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                continue
            marks = {dotted(mark.func if isinstance(mark, ast.Call) else mark) for mark in node.decorator_list}
            if marks & {"cache", "lru_cache", "functools.cache", "functools.lru_cache", "kept_queries"}:
                given = {argument.arg for argument in (*node.args.args, *node.args.kwonlyargs)}
                inside = list(ast.walk(node))
                names = {part.id for part in inside if isinstance(part, ast.Name) and part.id != "_"} - given
                names |= {called(part) for part in inside if isinstance(part, ast.Call)}
                wrong += [f"{source.at(node)}: {node.name} uses {name}" for name in sorted(names & ASKERS)]
    assert wrong == []


def test_no_file_is_named_for_being_useful() -> None:
    parts = {part for source in sources() for part in source.name.removesuffix(".py").split("/")}
    assert parts & NO_NAMES == set()


def test_files_stay_small() -> None:
    long = {
        source.name: lines
        for source in sources()
        if "/migrations/" not in source.name and (lines := source.text.count("\n")) > MODULE_LINES
    }
    assert long == {}


def test_templates_stay_small() -> None:
    long = {
        file.relative_to(CHECKOUT).as_posix(): lines
        for file in templates()
        if (lines := file.read_text("utf-8").count("\n")) > TEMPLATE_LINES
    }
    assert long == {}


def templates() -> list:  # type: ignore[type-arg]
    """Return the templates of all rooms."""
    return [file for file in (CHECKOUT / "web").rglob("*.html") if "node_modules" not in file.parts]


@pytest.mark.parametrize(
    ("what", "pattern"),
    [
        ("an inline handler, which the content security policy stops", r"\son[a-z]+\s*=\s*[\"']"),
        ("htmx's inline handlers", r"\bhx-on\b"),
        ("an inline style, which the policy stops", r"\sstyle\s*="),
        ("a script address", r"javascript:"),
        ("unescaped output", r"\|\s*safe\b|autoescape\s+false"),
        ("another host", r"(src|action)\s*=\s*[\"']https?://|<link[^>]*https?://"),
        ("an inline script without nonce", r"<script(?![^>]*\b(nonce|src|application/json)\b)"),
    ],
)
def test_templates_contain_no(what: str, pattern: str) -> None:
    wrong = []
    for file in templates():
        text = without_jinja(file.read_text("utf-8")) if pattern.startswith(r"\s") else file.read_text("utf-8")
        for found in re.finditer(pattern, text):
            line = text.count("\n", 0, found.start()) + 1
            wrong.append(f"{file.relative_to(CHECKOUT)}:{line}: {found[0].strip()}")
    assert wrong == [], what


def without_jinja(text: str) -> str:
    """Blank what Jinja takes out or puts in, line breaks kept: a macro's argument is no attribute."""
    return re.sub(r"\{[#{%].*?[#}%]\}", lambda found: "\n" * found[0].count("\n"), text, flags=re.DOTALL)
