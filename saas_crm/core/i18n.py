"""Languages: the only place that names the translation library.

Messages are written in English in the source; catalogues live in `web/translations`.

Flask-Babel finds out the reader's language anew for each sentence, which took a fifth of a page's time, so the
sentences of a request's reader are looked up once: `new_reader` begins it, `no_reader` ends it. Elsewhere (jobs,
commands) every sentence asks.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from flask_babel import force_locale, get_locale, get_translations, lazy_gettext

LANGUAGES = {"en": "English", "zh_Hans": "简体中文", "zh_Hant": "繁體中文"}
DEFAULT_LOCALE = "en"

_other_reader: ContextVar[str | None] = ContextVar("other_reader", default=None)

__all__ = [
    "LANGUAGES", "gap", "gettext", "html_lang", "in_language", "lazy_gettext", "new_reader", "ngettext", "no_reader",
    "pgettext", "sentences", "speaks", "spoken", "translations",
]  # fmt: skip
_WIDE_STOPS = ("。", "！", "？", "；", "：", "」", "』", "）")
"""What ends a sentence in Chinese: the sign is as wide as a letter, and its other half is empty."""


class _Reader:
    """What is found out once about the reader of a request."""

    __slots__ = ("locale", "sentences")

    def __init__(self) -> None:
        self.locale: str | None = None
        self.sentences: Any = None


_reader: ContextVar[_Reader | None] = ContextVar("reader", default=None)


def new_reader() -> None:
    """A request begins: its reader's language is found out at the first sentence."""
    _reader.set(_Reader())


def no_reader() -> None:
    """The request has ended."""
    _reader.set(None)


def translations() -> Any:
    """Return the sentences in the language that is spoken now (a `gettext.NullTranslations` of Babel's)."""
    reader = _reader.get()
    if reader is None or _other_reader.get() is not None:
        return get_translations()
    if reader.sentences is None:
        reader.sentences = get_translations()
    return reader.sentences


def gettext(message: str, /, **values: Any) -> str:
    """Return a sentence of the source in the reader's language, its places filled with `values`."""
    text: str = translations().ugettext(message)
    return text % values if values else text


def ngettext(singular: str, plural: str, num: int, **values: Any) -> str:
    """Return the form of a sentence that a number asks for, with the number as `num`."""
    text: str = translations().ungettext(singular, plural, num)
    return text % {"num": num, **values}


def pgettext(sense: str, message: str, /, **values: Any) -> str:
    """Return a word that has several senses in English in the one that is meant."""
    text: str = translations().upgettext(sense, message)
    return text % values if values else text


def gap(text: str) -> str:
    """Return what stands between a sentence and what follows it: a space, and none behind a full-width stop."""
    return "" if not text or text.endswith(_WIDE_STOPS) else " "


def sentences(*told: str) -> str:
    """Return sentences one behind the other, as each language has it, those that say nothing left out.

    The one place where they are joined; of templates' own words (Markup) Markup comes back.
    """
    found = ""
    for text in told:
        if text:
            found = found + gap(found) + text if found else text
    return found


def speaks(locale: str | None) -> str:
    """Return the locale if the product has it, else English."""
    return locale if locale in LANGUAGES else DEFAULT_LOCALE


def spoken() -> str:
    """Return the locale of the present reader."""
    reader = _reader.get()
    if reader is None or _other_reader.get() is not None:
        return _asked()
    if reader.locale is None:
        reader.locale = _asked()
    return reader.locale


def _asked() -> str:
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
