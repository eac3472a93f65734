"""Joins our small script modules into one file, so that a phone fetches one script and not twenty.

Each module becomes a function of its own, called once, in the order of the imports; its exports are what the
function returns. Only the forms of `import` and `export` that our scripts use are understood; any other fails at
start, with its line.
"""

from __future__ import annotations

import re
from pathlib import Path

_IMPORT = re.compile(r"^import (?:\{([^}]*)\} from )?'\./([\w-]+)\.js';\n", re.MULTILINE)
_EXPORT = re.compile(r"^export ((?:async )?function|class|const) (\w+)", re.MULTILINE)
_COMMENT = re.compile(r"^\s*//.*\n", re.MULTILINE)
_LEFT_OVER = re.compile(r"^(?:import|export)\b.*", re.MULTILINE)


class ScriptError(ValueError):
    """A script module says something that cannot be joined; the message names the file and the line."""


def bundle(folder: Path, entry: str = "app") -> str:
    """Return the module `entry` of `folder` with all that it imports, as one module.

    Raises `ScriptError` for a module that is missing, imports itself, or speaks a form we do not understand.
    """
    joined: dict[str, str] = {}
    _add(folder, entry, joined, ())
    return "\n".join(joined.values())


def _add(folder: Path, name: str, joined: dict[str, str], above: tuple[str, ...]) -> None:
    if name in joined:
        return
    if name in above:
        raise ScriptError(f"{name}.js imports itself by way of {' and '.join(above)}")
    path = folder / f"{name}.js"
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise ScriptError(f"{path} is imported and does not exist") from None
    for _names, imported in _IMPORT.findall(text):
        _add(folder, imported, joined, (*above, name))
    joined[name] = _wrapped(name, text)


def _wrapped(name: str, text: str) -> str:
    exported = [found[1] for found in _EXPORT.findall(text)]
    body = _IMPORT.sub(_taken, _COMMENT.sub("", text))
    body = _EXPORT.sub(r"\1 \2", body).strip()
    if strange := _LEFT_OVER.search(body):
        raise ScriptError(f"{name}.js: cannot join {strange.group()!r}")
    given = f"\nreturn {{ {', '.join(exported)} }};" if exported else ""
    return f"const {_variable(name)} = (() => {{\n{body}{given}\n}})();"


def _taken(found: re.Match[str]) -> str:
    if not found[1]:
        return ""
    names = found[1].strip().replace(" as ", ": ")
    return f"const {{ {names} }} = {_variable(found[2])};\n"


def _variable(name: str) -> str:
    return "$" + name.replace("-", "_")
