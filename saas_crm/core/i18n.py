"""Languages: the only place that names the translation library.

Messages are written in English in the source; catalogues live in `web/translations`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from flask_babel import force_locale, get_locale, gettext, lazy_gettext, ngettext

LANGUAGES = {"en": "English", "zh_Hans": "简体中文", "zh_Hant": "繁體中文"}
DEFAULT_LOCALE = "en"

__all__ = ["LANGUAGES", "gettext", "html_lang", "in_language", "lazy_gettext", "ngettext", "speaks", "spoken"]


def speaks(locale: str | None) -> str:
    """Return the locale if the product has it, else English."""
    return locale if locale in LANGUAGES else DEFAULT_LOCALE


def spoken() -> str:
    """Return the locale of the present reader."""
    return speaks(str(get_locale() or DEFAULT_LOCALE))


def html_lang(locale: str) -> str:
    """Return the BCP 47 tag for `<html lang>`."""
    return locale.replace("_", "-")


@contextmanager
def in_language(locale: str) -> Iterator[None]:
    """Write everything inside in another reader's language: a mail, a job's result."""
    with force_locale(speaks(locale)):
        yield
