"""Translations for templates, kept ready for HTML: a page asks for a hundred sentences and more."""

from __future__ import annotations

from typing import Any

from flask import Flask
from jinja2 import pass_eval_context
from jinja2.nodes import EvalContext
from markupsafe import Markup

from saas_crm.core.i18n import gap, sentences, translations


class Catalogue:
    """The sentences of one language; those already asked for are kept ready for HTML."""

    __slots__ = ("_marked", "_translations")

    def __init__(self, translations: Any) -> None:
        self._translations = translations
        self._marked: dict[str | tuple[str, str], Markup] = {}

    def one(self, message: str) -> Markup:
        """Return a sentence of the source in the reader's language; it is ours, and safe HTML."""
        found = self._marked.get(message)
        if found is None:
            found = self._marked[message] = Markup(self._translations.ugettext(message))  # noqa: S704 - our own words
        return found

    def one_of(self, sense: str, message: str) -> Markup:
        """Return a word that has several senses in English in the one that is meant."""
        found = self._marked.get((sense, message))
        if found is None:
            text = self._translations.upgettext(sense, message)
            found = self._marked[sense, message] = Markup(text)  # noqa: S704 - our own words
        return found

    def many(self, singular: str, plural: str, number: int) -> str:
        """Return the form of a sentence that a number asks for."""
        return str(self._translations.ungettext(singular, plural, number))


_catalogues: dict[Any, Catalogue] = {}


def catalogue() -> Catalogue:
    """Return the catalogue of the present reader's language."""
    spoken = translations()
    found = _catalogues.get(spoken)
    if found is None:
        found = _catalogues[spoken] = Catalogue(spoken)
    return found


@pass_eval_context
def gettext(context: EvalContext, message: str, /, **values: Any) -> str:
    """Translate a sentence; `values` fill its places, escaped where the template is HTML."""
    text: str = catalogue().one(message)
    if not context.autoescape:
        text = str(text)
    return text % values if values or "%%" in message else text


@pass_eval_context
def pgettext(context: EvalContext, sense: str, message: str, /) -> str:
    """Translate a word whose sense English leaves open: a lost deal, a lost customer."""
    text = catalogue().one_of(sense, message)
    return text if context.autoescape else str(text)


@pass_eval_context
def ngettext(context: EvalContext, singular: str, plural: str, number: int, /, **values: Any) -> str:
    """Translate a sentence that depends on a number, which it has as `num` unless `values` say otherwise."""
    values.setdefault("num", number)
    text = catalogue().many(singular, plural, number)
    return (Markup(text) if context.autoescape else text) % values  # noqa: S704 - our own words


def install(app: Flask) -> None:
    """Let the templates translate through the catalogue."""
    app.jinja_env.globals.update(
        _=gettext, gettext=gettext, ngettext=ngettext, pgettext=pgettext, gap=gap, sentences=sentences
    )
