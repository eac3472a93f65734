"""Writes requirements.lock and requirements-dev.lock from pyproject.toml.

Each package is pinned with the hashes of its files, for all machines and Python versions at once. The development
lock holds everything that the other holds, in the same versions. A version changes only when it must, or with
`--upgrade`. No lock names the index it came from.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
RUNTIME, DEVELOPMENT = "requirements.lock", "requirements-dev.lock"


def main(arguments: list[str]) -> int:
    """Write both; return 0 when both were written."""
    return _compile(RUNTIME, *arguments) or _compile(DEVELOPMENT, "--group", "dev", "--constraint", RUNTIME, *arguments)


def _compile(lock: str, *options: str) -> int:
    command = [
        *(sys.executable, "-m", "uv", "pip", "compile", "pyproject.toml", "--output-file", lock, "--quiet"),
        *("--universal", "--python-version", "3.11", "--generate-hashes"),
        *("--no-annotate", "--no-header", "--no-emit-index-url", "--no-emit-find-links"),
    ]
    return subprocess.run([*command, *options], cwd=CHECKOUT, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
