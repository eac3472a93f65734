"""The programs behind `make`: what they do on machines that have less than this one."""

from __future__ import annotations

import os
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

TOOLS = Path(__file__).resolve().parents[2] / "infra" / "tools"


def program(folder: Path, name: str, text: str) -> Path:
    folder.mkdir(exist_ok=True)
    file = folder / name
    file.write_text(f"#!/bin/sh\n{text}\n")
    file.chmod(0o755)
    return file


def make_venv(folder: Path, path: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = ["/bin/sh", str(TOOLS / "make_venv.sh"), ".venv", *arguments]
    environment = {"PATH": path, "HOME": str(folder)}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def test_a_machine_without_a_new_enough_python_is_told_so_in_one_line(tmp_path: Path) -> None:
    program(tmp_path / "old", "python3", "exit 1")
    answer = make_venv(tmp_path, f"{tmp_path / 'old'}:/nowhere", str(tmp_path / "old" / "python3"))
    assert answer.returncode == 1
    assert "needs Python 3.11 or newer" in answer.stderr
    assert answer.stderr.count("\n") == 1


def test_a_python_without_venv_names_the_package_to_install(tmp_path: Path) -> None:
    half = program(tmp_path / "half", "python3", 'case "$*" in *venv*) exit 1 ;; esac')
    answer = make_venv(tmp_path, os.defpath, str(half))
    assert answer.returncode == 1
    assert "apt install python3-venv" in answer.stderr


def test_an_environment_that_works_is_kept_and_one_from_elsewhere_made_anew(tmp_path: Path) -> None:
    fake = 'case "$*" in \'-m venv --clear .venv\') mkdir -p .venv/bin; cp "$0" .venv/bin/python; echo made ;; esac'
    python = program(tmp_path / "new", "python3", fake)
    assert "made" in make_venv(tmp_path, os.defpath, str(python)).stdout
    assert "made" not in make_venv(tmp_path, os.defpath, str(python)).stdout
    place = tmp_path / ".venv" / "stamps" / "place"
    assert place.read_text().strip() == str(tmp_path.resolve())
    place.write_text("/where/it/was/before\n")
    assert "made" in make_venv(tmp_path, os.defpath, str(python)).stdout


@pytest.mark.parametrize(("version", "taken"), [("v18.19.0", False), ("v20.0.0", True), ("v24.1.0", True)])
def test_an_old_node_gives_way_to_the_packaged_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str, taken: bool
) -> None:
    program(tmp_path / "bin", "node", f"echo {version}")
    program(tmp_path / "bin", "npm", "exit 0")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    command, _ = runpy.run_path(str(TOOLS / "install_npm_packages.py"))["npm_command"]()
    assert (command == [str(tmp_path / "bin" / "npm")]) is taken
    if not taken:
        answer = subprocess.run([*command, "--version"], capture_output=True, text=True, check=True)
        assert answer.stdout.split(".")[0].isdigit()


def test_a_chromium_that_does_not_start_is_a_clear_line(tmp_path: Path) -> None:
    broken = program(tmp_path, "chromium", "exit 1")
    command = [sys.executable, str(TOOLS.parents[1] / "tests" / "browser" / "chromium.py")]
    environment = {**os.environ, "CHROMIUM_PATH": str(broken)}
    answer = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert answer.returncode == 1
    assert answer.stdout == ""
    assert answer.stderr.startswith("No Chromium for the browser tests: CHROMIUM_PATH is")
    assert answer.stderr.count("\n") == 1
