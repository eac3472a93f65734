"""Languages: the only place that names the translation library.

Messages are written in English in the source; catalogues live in `web/translations`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from flask_babel import force_locale, get_locale, gettext, lazy_gettext, ngettext, pgettext

LANGUAGES = {"en": "English", "zh_Hans": "简体中文", "zh_Hant": "繁體中文"}
DEFAULT_LOCALE = "en"

_other_reader: ContextVar[str | None] = ContextVar("other_reader", default=None)

__all__ = [
    "LANGUAGES", "gettext", "html_lang", "in_language", "lazy_gettext", "ngettext", "other_reader", "pgettext",
    "speaks", "spoken",
]  # fmt: skip


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
    token = _other_reader.set(speaks(locale))
    try:
        with force_locale(speaks(locale)):
            yield
    finally:
        _other_reader.reset(token)


def other_reader() -> str | None:
    """Return the locale that `in_language` speaks at present, None where the reader's own is spoken."""
    return _other_reader.get()
