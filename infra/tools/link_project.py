"""Puts the checkout itself into the environment that runs this: its packages and its `saas-crm` command.

What `pip install --editable .` would do, without fetching a build tool for it: a line that puts the checkout on
Python's path, the command, and the few files by which pip and `importlib.metadata` know the project.
"""

from __future__ import annotations

import re
import sys
import sysconfig
import tomllib
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
_COMMAND = """\
#!{python}
import sys

from {module} import {function}

if __name__ == "__main__":
    sys.exit({function}())
"""


def main() -> None:
    """Write the files; what an earlier run wrote for another version is removed."""
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    packages = Path(sysconfig.get_path("purelib"))
    name = re.sub(r"[-_.]+", "_", project["name"])
    for old in packages.glob(f"{name}-*.dist-info"):
        for file in old.iterdir():
            file.unlink()
        old.rmdir()
    # Older Pythons read this file in the locale's encoding, which is what file names are in.
    (packages / f"{name}.pth").write_bytes(str(CHECKOUT).encode(sys.getfilesystemencoding()) + b"\n")
    written = [packages / f"{name}.pth"]
    written += [_write_command(command, target) for command, target in project["scripts"].items()]
    _write_metadata(packages / f"{name}-{project['version']}.dist-info", project, written)


def _write_command(name: str, target: str) -> Path:
    module, function = target.split(":")
    path = Path(sysconfig.get_path("scripts"), name)
    text = _COMMAND.format(python=sys.executable, module=module, function=function)
    if " " in sys.executable or len(sys.executable) > 120:
        # The kernel reads neither from a first line: a shell starts Python on this same file instead.
        text = text.replace(f"#!{sys.executable}\n", f"#!/bin/sh\n''':'\nexec '{sys.executable}' \"$0\" \"$@\"\n'''\n")
    path.write_text(text, encoding="utf-8")
    path.chmod(0o755)
    return path


def _write_metadata(folder: Path, project: dict[str, object], written: list[Path]) -> None:
    scripts = project["scripts"]
    assert isinstance(scripts, dict)
    folder.mkdir()
    files = {
        "METADATA": f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n",
        "INSTALLER": "make\n",
        "entry_points.txt": "[console_scripts]\n" + "".join(f"{key} = {value}\n" for key, value in scripts.items()),
    }
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    recorded = [*written, *(folder / name for name in files), folder / "RECORD"]
    (folder / "RECORD").write_text("".join(f"{path},,\n" for path in recorded), encoding="utf-8")


if __name__ == "__main__":
    main()
