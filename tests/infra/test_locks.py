"""What the lock files promise: everything pinned by hash, one version for all uses, no index named."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
LOCKS = ("requirements.lock", "requirements-dev.lock", "tests/stripe/description.lock")


def pins(lock: str) -> dict[str, str]:
    """Each pin with what follows it up to the next: its hashes."""
    text = (CHECKOUT / lock).read_text(encoding="utf-8")
    entries = re.split(r"^(?=\S)", text, flags=re.MULTILINE)[1:]
    return {entry.split("\\")[0].strip(): entry for entry in entries}


def test_every_package_is_pinned_with_its_hashes() -> None:
    for lock in LOCKS:
        for pin, entry in pins(lock).items():
            assert re.match(r"^[A-Za-z0-9._-]+(\[[a-z0-9_,-]+\])?==\S+", pin), f"{lock}: {pin}"
            assert "--hash=sha256:" in entry, f"{lock}: {pin}"


def test_development_uses_the_versions_that_people_run() -> None:
    assert pins("requirements.lock").keys() <= pins("requirements-dev.lock").keys()


def test_no_lock_names_where_packages_come_from() -> None:
    for lock in (*LOCKS, "web/package-lock.json"):
        text = (CHECKOUT / lock).read_text(encoding="utf-8")
        assert not re.search(r"https?:|file:|--index|--find-links|\"resolved\"", text), lock


def test_npm_packages_are_pinned_by_version_and_content() -> None:
    package = json.loads((CHECKOUT / "web" / "package.json").read_text(encoding="utf-8"))
    locked = json.loads((CHECKOUT / "web" / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    wanted = package["dependencies"] | package.get("devDependencies", {})
    assert all(re.fullmatch(r"\d+\.\d+\.\d+", version) for version in wanted.values())
    for path, entry in locked.items():
        if path:
            assert entry["integrity"].startswith("sha512-"), path
    assert {name: locked[f"node_modules/{name}"]["version"] for name in wanted} == wanted


def test_each_dependency_has_a_line_that_says_why() -> None:
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))
    wanted = [*project["project"]["dependencies"]]
    for group in (project["project"].get("optional-dependencies", {}), project.get("dependency-groups", {})):
        wanted += [line for lines in group.values() for line in lines if isinstance(line, str)]
    package = json.loads((CHECKOUT / "web" / "package.json").read_text(encoding="utf-8"))
    names = {re.split(r"[\[<>=~!; ]", line)[0] for line in wanted} | set(package["dependencies"])
    names |= set(package.get("devDependencies", {}))
    told = (CHECKOUT / "docs" / "dependencies.md").read_text(encoding="utf-8").lower()
    assert {name for name in names if name.lower() not in told} == set()
