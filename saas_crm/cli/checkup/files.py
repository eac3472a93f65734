"""The files the face is made of: npm packages and compiled translations."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import web
from saas_crm.cli.checkup import Finding, bad, good
from saas_crm.core.i18n import LANGUAGES
from web.asset_files import AssetsMissingError, compose

ROOT = Path(web.__file__).parent


def examine_files() -> Iterator[Finding]:
    """Yield whether the face is complete."""
    yield _assets()
    yield _catalogues()


def _assets() -> Finding:
    try:
        files = compose(ROOT)
    except AssetsMissingError as missing:
        return bad("assets", str(missing), "`make demo` installs the npm packages; so does `npm ci` in web/.")
    size = sum(len(file.body) for file in files.values())
    return good("assets", f"{len(files)} files, {size // 1000} kB")


def _catalogues() -> Finding:
    """English is the language of the source and needs none."""
    stale = [
        language for language in LANGUAGES if language != "en" and not _is_compiled(ROOT / "translations" / language)
    ]  # fmt: skip
    if stale:
        return bad("languages", f"not compiled: {', '.join(stale)}",
                   "Run `python infra/tools/translations.py compile` in the checkout.")  # fmt: skip
    return good("languages", ", ".join(LANGUAGES.values()))


def _is_compiled(folder: Path) -> bool:
    source, compiled = (folder / "LC_MESSAGES" / f"messages.{ending}" for ending in ("po", "mo"))
    if not compiled.exists():
        return False
    return not source.exists() or compiled.stat().st_mtime >= source.stat().st_mtime
