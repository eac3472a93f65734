"""How the files of the face are composed: one stylesheet, one script, one vendor file, one icon sprite.

There is no build step. The files are read once when the process starts: the stylesheets are joined in the fixed
order of their cascade layers, the script modules in the order of their imports, the icons we name are drawn
together into one sprite, and everything is compressed once and kept in memory (well under a megabyte).
"""

from __future__ import annotations

import gzip
import hashlib
import mimetypes
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from web.asset_scripts import bundle
from web.icons import ICONS

LAYERS: tuple[str, ...] = ("reset", "tokens", "base", "components", "pages", "utilities")
"""The cascade layers, weakest first; each is a folder under `static/css`."""

VENDOR: tuple[tuple[str, str], ...] = (("vendor/htmx.js", "htmx.org/dist/htmx.min.js"),)
"""Path under which a file is served, and its place under `node_modules`."""

_CSS_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_SVG = "http://www.w3.org/2000/svg"
_COMPRESSIBLE = ("text/", "application/javascript", "application/json", "image/svg+xml")


class AssetsMissingError(RuntimeError):
    """A file that the face needs is not installed; the message says which command mends it."""


@dataclass(frozen=True, slots=True)
class AssetFile:
    """One file ready to be sent: raw and compressed bytes, its type and its entity tag."""

    body: bytes
    gzipped: bytes | None
    content_type: str
    etag: str

    @classmethod
    def of(cls, path: str, body: bytes) -> AssetFile:
        """Make the sendable form of `body`; what does not shrink under gzip is kept as it is."""
        content_type = _content_type(path)
        gzipped = None
        if content_type.startswith(_COMPRESSIBLE):
            packed = gzip.compress(body, compresslevel=9, mtime=0)
            gzipped = packed if len(packed) < len(body) else None
        return cls(body, gzipped, content_type, hashlib.sha256(body).hexdigest()[:20])


def compose(root: Path) -> dict[str, AssetFile]:
    """Read and compose every file below `root` (the `web` folder), keyed by the path it is served under.

    Raises `AssetsMissingError` when the npm packages are not installed.
    """
    return {path: AssetFile.of(path, body) for path, body in sorted(_bodies(root))}


def digest(files: dict[str, AssetFile]) -> str:
    """One short digest over all files, so that any change gives every file a new address."""
    total = hashlib.sha256()
    for path, file in sorted(files.items()):
        total.update(f"{path}\0{file.etag}\0".encode())
    return total.hexdigest()[:12]


def sources(root: Path) -> Iterator[Path]:
    """Yield every file below `root` that the composition reads, for the reload check in development."""
    yield from (path for path in sorted((root / "static").rglob("*")) if path.is_file())


def _bodies(root: Path) -> Iterator[tuple[str, bytes]]:
    static, modules = root / "static", root / "node_modules"
    yield "app.css", _stylesheet(static / "css").encode()
    yield "app.js", bundle(static / "js").encode()
    for path in sorted((static / "icons").iterdir()):
        if path.suffix in {".svg", ".png"}:
            yield path.relative_to(static).as_posix(), path.read_bytes()
    for served, installed in VENDOR:
        yield served, _installed(modules / installed)
    yield "icons.svg", _sprite(modules / "lucide-static" / "icons").encode()


def _stylesheet(folder: Path) -> str:
    parts = [f"@layer {', '.join(LAYERS)};"]
    for layer in LAYERS:
        for path in sorted((folder / layer).glob("*.css")):
            css = _CSS_COMMENT.sub("", path.read_text(encoding="utf-8"))
            lines = (line.strip() for line in css.splitlines())
            parts.append(f"@layer {layer} {{\n" + "\n".join(line for line in lines if line) + "\n}")
    return "\n".join(parts)


def _sprite(folder: Path) -> str:
    ElementTree.register_namespace("", _SVG)
    symbols = []
    for name in ICONS:
        drawing = ElementTree.fromstring(_installed(folder / f"{name}.svg"))  # noqa: S314 - a pinned package
        drawn = (ElementTree.tostring(shape, encoding="unicode") for shape in drawing)
        shapes = "".join(shape.replace(f' xmlns="{_SVG}"', "").strip() for shape in drawn)
        symbols.append(f'<symbol id="{name}" viewBox="0 0 24 24">{shapes}</symbol>')
    return f'<svg xmlns="http://www.w3.org/2000/svg">{"".join(symbols)}</svg>'


def _installed(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise AssetsMissingError(
            f"{path} is missing: the npm packages of the interface are not installed. "
            "Run `npm ci` in the folder `web`, or `make demo`."
        ) from None


def _content_type(path: str) -> str:
    if path.endswith(".js"):
        return "text/javascript; charset=utf-8"
    guessed = mimetypes.guess_type(path)[0] or "application/octet-stream"
    return f"{guessed}; charset=utf-8" if guessed.startswith("text/") else guessed
