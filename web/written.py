"""Parts of pages that are written once for the same values: a list's rows, a story's entries, a page's frame.

Most of what a page shows stood on the page before too, and writing it takes most of the time. Everything a part
shows is in the value it is written from, together with the reader's language, so what is kept is never out of date.
What belongs to one request alone is put into its place afterwards.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Hashable, Iterable
from functools import lru_cache
from typing import Any, Final

from flask import Flask, current_app
from flask_wtf.csrf import generate_csrf
from jinja2 import Undefined
from markupsafe import Markup

from saas_crm.core.i18n import spoken

KEPT: Final = 6_000  # of some kilobytes, in each process
LONGEST: Final = 500  # characters of free text in a line that is kept
FORM_TOKEN: Final = f"token-{secrets.token_hex(16)}"
"""Stands for the form token in what is kept; nobody can type it, so nothing else is taken for it."""
ROOT: Final = f"root-{secrets.token_hex(16)}"
"""Stands for the beginning of a workspace's addresses in what is kept for several."""


class Blank(Undefined):
    """What a template writes where `'…' if …` has no other half: nothing.

    Jinja's own lacks `__html__`, and is asked for it by way of an error: 15 µs each time, on a page with hundreds.
    """

    __slots__ = ()

    def __html__(self) -> str:
        return str(self)


def init_app(app: Flask) -> None:
    """Give the templates `lines`, and `form_token` for the forms in what is kept."""
    app.jinja_env.undefined = Blank
    app.jinja_env.globals.update(lines=lines, form_token=FORM_TOKEN)


def lines(template: str, items: Iterable[Hashable]) -> Markup:
    """Return the items one after the other, each as the template's macro `line(item)` writes it.

    An item must hold all that its line shows. The macro may use what every template has, but neither the request
    nor the member; `form_token` is the value of `csrf_token` in its forms.
    """
    locale = spoken()
    return with_token("".join([_writer(item)(template, locale, item) for item in items]))


def _writer(item: Hashable) -> Callable[[str, str, Hashable], str]:
    return _line if len(getattr(item, "text", "")) <= LONGEST else _line.__wrapped__


def with_token(kept: str) -> Markup:
    """Return what was kept with the form token of the present session."""
    if FORM_TOKEN in kept:
        kept = kept.replace(FORM_TOKEN, generate_csrf())
    return Markup(kept)  # noqa: S704 - templates wrote it, and a token holds no markup


@lru_cache(KEPT)
def _line(template: str, _locale: str, item: Hashable) -> str:
    macros: Any = current_app.jinja_env.get_template(template).module
    return str(macros.line(item))
