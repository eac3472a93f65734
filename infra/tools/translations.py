"""Keeps the catalogues of translated sentences in step with the source.

Usage: translations.py update   takes new sentences into every catalogue, untranslated, and drops those that are gone
       translations.py check    fails when `update` would change a catalogue
       translations.py compile  makes the files that the running product reads
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
CATALOGUES = CHECKOUT / "web" / "translations"
# English is what the source is written in.
LANGUAGES = ("zh_Hans", "zh_Hant")
SOURCES = ("web", "mobile_api", "saas_crm", "tenants", "billing")
KEYWORDS = ("lazy_gettext", "lazy_ngettext:1,2", "lazy_pgettext:1c,2", "_l")
# A sentence that merely looks like an older one is not translated by it.
UPDATE = ("--no-fuzzy-matching", "--no-wrap", "--ignore-obsolete", "--ignore-pot-creation-date")


def main(action: str) -> int:
    """Do what is asked; return 0 when all is well."""
    if action != "update" and not CATALOGUES.is_dir():
        print("There are no catalogues of translations yet.")
        return 0
    if action == "compile":
        return _babel("compile", "--directory", str(CATALOGUES))
    with tempfile.TemporaryDirectory() as folder:
        template = str(Path(folder, "messages.pot"))
        return _extract(template) or (_update(template) if action == "update" else _check(template))


def extraction(template: str) -> list[str]:
    """Return Babel's arguments for collecting all sentences in a file."""
    keywords = [f"--keyword={keyword}" for keyword in KEYWORDS]
    sources = [name for name in SOURCES if (CHECKOUT / name).is_dir()]
    # Without line numbers, which would change a catalogue with every edit.
    options = ["--mapping-file", "pyproject.toml", "--output-file", template, "--no-location"]
    return ["extract", *options, *keywords, *sources]


def _extract(template: str) -> int:
    return _babel(*extraction(template))


def _update(template: str) -> int:
    for language in LANGUAGES:
        options = ["--input-file", template, "--output-dir", str(CATALOGUES), "--locale", language]
        action = ["update", *UPDATE] if _catalogue(language).exists() else ["init", "--no-wrap"]
        if failed := _babel(*action, *options):
            return failed
    return 0


def _check(template: str) -> int:
    """Compare the catalogues with what `update` makes of copies of them.

    Babel's own `update --check` takes every sentence with a context for a missing one unless it is there without, too.
    """
    with tempfile.TemporaryDirectory() as folder:
        copies = Path(shutil.copytree(CATALOGUES, Path(folder, "translations")))
        outdated = [language for language in LANGUAGES if _changes(template, copies, language)]
    if outdated:
        print(f"Not in step with the source: {', '.join(outdated)}. Run 'make translations', then translate.")
    return 1 if outdated else 0


def _changes(template: str, copies: Path, language: str) -> bool:
    """Whether a copy of a catalogue is another one after it was updated, but for when that was."""
    copy = copies / _catalogue(language).relative_to(CATALOGUES)
    if not copy.exists():
        return True
    before = _without_date(copy)
    options = ["--input-file", template, "--output-dir", str(copies), "--locale", language]
    return bool(_babel("update", *UPDATE, *options)) or _without_date(copy) != before


def _without_date(catalogue: Path) -> list[str]:
    lines = catalogue.read_text(encoding="utf-8").splitlines()
    return [line for line in lines if not line.startswith('"PO-Revision-Date')]


def _catalogue(language: str) -> Path:
    return CATALOGUES / language / "LC_MESSAGES" / "messages.po"


def _babel(*arguments: str) -> int:
    command = [sys.executable, "-m", "babel.messages.frontend", "--quiet", *arguments]
    return subprocess.run(command, cwd=CHECKOUT, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
