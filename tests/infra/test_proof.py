"""`.ci/run` and `make test` fail when anything fails, and say what is missing; they never pass by leaving out."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[2]
# What .ci/run asks of a machine: enough that it installs nothing, and a `make` that fails where it is told to.
MACHINE = {
    "chromium-headless-shell": "exit 0", "fc-list": "echo NotoSansCJK", "pgbouncer": "exit 0", "caddy": "exit 0",
    "python3": "exit 0", "apt-get": "exit 9",
    "make": 'echo "asked for $2"; for part in $FAILING; do [ "$2" = "$part" ] && exit 2; done; exit 0',
}  # fmt: skip


def machine(folder: Path, **programs: str) -> str:
    """Make programs, and return a PATH that has them first."""
    folder.mkdir()
    for name, text in programs.items():
        file = folder / name
        file.write_text(f"#!/bin/sh\n{text}\n")
        file.chmod(0o755)
    return f"{folder}:/usr/bin:/bin"


@pytest.mark.parametrize(("failing", "said"), [
    ("", []), ("lint", ["make lint"]), ("test", ["make test"]), ("behind", ["make behind"]),
    ("lint test behind", ["make lint", "make test", "make behind"]),
])  # fmt: skip
def test_ci_fails_when_anything_fails_and_tries_all_of_it(tmp_path: Path, failing: str, said: list[str]) -> None:
    """The real script on a machine of stand-ins: its own checks and tests would be this very run."""
    checkout = tmp_path / "checkout"
    (checkout / ".ci").mkdir(parents=True)
    shutil.copy(CHECKOUT / ".ci" / "run", checkout / ".ci" / "run")
    answer = subprocess.run(
        ["bash", checkout / ".ci" / "run"], env={"PATH": machine(tmp_path / "bin", **MACHINE), "FAILING": failing},
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert answer.returncode == (1 if failing else 0), answer.stdout + answer.stderr
    assert [line.removeprefix("failed: ") for line in answer.stdout.splitlines() if "failed: " in line] == said
    assert "asked for lint" in answer.stdout
    assert "asked for test" in answer.stdout, "also after the linters have failed"
    assert "asked for behind" in answer.stdout, "and after the tests"


def test_ci_fails_when_what_it_needs_cannot_be_installed(tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root may install packages, so there is nothing to try")
    lacking = machine(tmp_path / "bin", **{**MACHINE, "fc-list": "exit 0"})  # no Chinese font
    answer = subprocess.run(
        ["bash", CHECKOUT / ".ci" / "run"], env={"PATH": lacking}, capture_output=True, text=True, check=False,
        timeout=60,
    )  # fmt: skip
    assert answer.returncode == 9
    assert "asked for" not in answer.stdout


def test_ci_goes_on_where_the_browser_it_likes_best_is_not_to_be_had(tmp_path: Path) -> None:
    """Any Chromium will do, and the tests look for one themselves."""
    checkout = tmp_path / "checkout"
    (checkout / ".ci").mkdir(parents=True)
    shutil.copy(CHECKOUT / ".ci" / "run", checkout / ".ci" / "run")
    path = machine(tmp_path / "bin", **MACHINE).partition(":")[0]
    (tmp_path / "bin" / "chromium-headless-shell").unlink()
    for name in ("bash", "dirname", "id", "sh"):
        (tmp_path / "bin" / name).symlink_to(str(shutil.which(name)))
    answer = subprocess.run(
        ["bash", checkout / ".ci" / "run"], env={"PATH": path}, capture_output=True, text=True, check=False, timeout=60
    )
    assert answer.returncode == 0, answer.stdout + answer.stderr
    assert "asked for test" in answer.stdout


def test_make_test_without_a_chromium_fails_in_one_line_before_any_test_is_run() -> None:
    environment = {**os.environ, "CHROMIUM_PATH": "/nowhere/chromium", "MAKEFLAGS": ""}
    answer = subprocess.run(
        ["make", "test"], cwd=CHECKOUT, env=environment, capture_output=True, text=True, check=False, timeout=110
    )
    assert answer.returncode == 2
    said = [line for line in answer.stderr.splitlines() if not line.startswith("make")]
    assert said == [
        "No Chromium for the browser tests: CHROMIUM_PATH is /nowhere/chromium, which does not start. "
        "Install one, or set CHROMIUM_PATH to its program."
    ]
    assert "passed" not in answer.stdout


def test_where_there_is_none_and_none_can_be_got_that_is_said(tmp_path: Path) -> None:
    """No browser on the path, none of Playwright's, and neither apt nor the download works."""
    environment = {
        "PATH": machine(tmp_path / "bin", **{"apt-get": "exit 100"}).partition(":")[0],
        "HOME": str(tmp_path), "PYTHONPATH": str(CHECKOUT), "PLAYWRIGHT_BROWSERS_PATH": str(tmp_path / "none"),
        "PLAYWRIGHT_DOWNLOAD_HOST": "http://127.0.0.1:1", "PLAYWRIGHT_DOWNLOAD_CONNECTION_TIMEOUT": "1000",
    }  # fmt: skip
    answer = subprocess.run(
        [sys.executable, CHECKOUT / "tests" / "browser" / "chromium.py"], env=environment,
        capture_output=True, text=True, check=False, timeout=110,
    )  # fmt: skip
    assert answer.returncode == 1
    assert answer.stdout == ""
    last = answer.stderr.splitlines()[-1]
    assert last.startswith("No Chromium for the browser tests: ")
    assert last.endswith(" failed. Install one, or set CHROMIUM_PATH to its program.")
