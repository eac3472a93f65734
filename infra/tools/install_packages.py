"""Installs the pinned Python packages of one lock file into the environment that runs this.

Usage: install_packages.py LOCK. Every file that pip takes must have one of the lock's hashes.
"""

from __future__ import annotations

import re
import subprocess
import sys
import time
from pathlib import Path

_PIN = re.compile(r"^[A-Za-z0-9]\S*==", re.MULTILINE)
# What pip says once for each package, whether it fetches it or has it already.
_HANDLED = re.compile(r"^(?:Collecting|Requirement already satisfied:) (\S+)")


def main(lock: Path) -> int:
    """Run pip, show how far it is, and return its exit code; the whole log is shown when it fails."""
    # A package that other Python versions get in another version is pinned more than once.
    total = len({pin.split("==")[0] for pin in _PIN.findall(lock.read_text(encoding="utf-8"))})
    print(f"Installing {total} Python packages from {lock.name} (a minute or two the first time)", flush=True)
    command = [
        *(sys.executable, "-m", "pip", "install", "--require-hashes", "--requirement", str(lock)),
        *("--no-input", "--disable-pip-version-check", "--progress-bar", "off"),
    ]
    began = time.monotonic()
    said: list[str] = []
    handled = 0
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as pip:
        assert pip.stdout is not None
        for line in pip.stdout:
            said.append(line)
            if package := _HANDLED.match(line):
                handled += 1
                _show(f"{handled} of {total}: {package.group(1)}")
            elif line.startswith("Installing collected packages"):
                _show("unpacking")
    if pip.returncode:
        sys.stderr.write("".join(said))
        sys.stderr.write("\nThe packages could not be installed; the reason is above.\n")
        return pip.returncode
    _show(f"done in {time.monotonic() - began:.0f} s")
    if sys.stdout.isatty():
        print()
    return 0


def _show(text: str) -> None:
    if sys.stdout.isatty():
        print(f"\r\033[K  {text}", end="", flush=True)
    elif text.startswith("done"):
        print(f"  {text}", flush=True)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
