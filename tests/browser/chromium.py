"""Finds a Chromium for the browser tests, or gets one. Run as a program it prints the path of it.

The order: CHROMIUM_PATH, a browser on the PATH, the one that Playwright keeps; then Debian's package where root may
install it, and Playwright's own download elsewhere. Browser tests are never skipped for want of a browser.
First of all comes the shell: the same Chromium without a window, and without the third of the work that makes one.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

NAMES = (
    "chromium-headless-shell",
    "chrome-headless-shell",
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
)


class ChromiumMissingError(Exception):
    """There is no Chromium and none could be got; one line says what to do."""

    def __init__(self, reason: str) -> None:
        super().__init__(
            f"No Chromium for the browser tests: {reason}. Install one, or set CHROMIUM_PATH to its program."
        )


def chromium_path() -> str:
    """Return the path of a Chromium that starts, installing one when there is none.

    Raises:
        ChromiumMissingError: CHROMIUM_PATH does not work, or no browser could be installed.
    """
    if chosen := os.environ.get("CHROMIUM_PATH"):
        if _starts(chosen):
            return chosen
        raise ChromiumMissingError(f"CHROMIUM_PATH is {chosen}, which does not start")
    return _on_path() or _of_playwright() or _installed()


def _on_path() -> str | None:
    found = (shutil.which(name) for name in NAMES)
    return next((path for path in found if path and _starts(path)), None)


def _of_playwright() -> str | None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if Path(path).exists() and _starts(path) else None


def _installed() -> str:
    if _is_debian() and os.geteuid() == 0:
        print("Installing Chromium from Debian's packages", file=sys.stderr)
        apt = ("apt-get", "-qq", "-o", "Dpkg::Use-Pty=0")
        install = (*apt, "install", "--yes", "--no-install-recommends")
        # Debian 11 has no such package.
        done = _run(*apt, "update") and (_run(*install, "chromium-headless-shell") or _run(*install, "chromium"))
        found = _on_path()
        how = "installing Debian's package 'chromium' failed"
    else:
        print("Downloading Playwright's Chromium", file=sys.stderr)
        # Root may install the libraries that the download needs as well.
        with_libraries = ["--with-deps"] if os.geteuid() == 0 and sys.platform == "linux" else []
        done = _run(sys.executable, "-m", "playwright", "install", *with_libraries, "chromium")
        found = _of_playwright()
        how = "'playwright install chromium' failed"
    if done and found:
        return found
    raise ChromiumMissingError(how)


def _is_debian() -> bool:
    # Not Ubuntu: its package of that name only asks for a snap.
    try:
        release = Path("/etc/os-release").read_text(encoding="utf-8")
    except OSError:
        return False
    return "ID=debian" in release.splitlines()


def _starts(path: str) -> bool:
    try:
        answer = subprocess.run([path, "--version"], capture_output=True, timeout=60, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return answer.returncode == 0


def _run(*command: str) -> bool:
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    try:
        result = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=sys.stderr, env=environment, check=False)
    except OSError as error:
        print(error, file=sys.stderr)
        return False
    return result.returncode == 0


if __name__ == "__main__":
    try:
        print(chromium_path())
    except ChromiumMissingError as missing:
        sys.exit(str(missing))
