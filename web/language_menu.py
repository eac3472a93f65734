"""The languages a page offers, each with the way back to the page it was chosen on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote

from flask import current_app, request

from saas_crm.core.i18n import LANGUAGES, html_lang


@dataclass(frozen=True, slots=True)
class Language:
    """One choice of the language menu."""

    code: str
    name: str
    tag: str
    href: str
    chosen: bool


def languages(locale: str, back: str, offered: Sequence[str] = tuple(LANGUAGES)) -> list[Language]:
    """Return the choices where `locale` is spoken; `back` is the quoted address a choice leads to.

    A workspace may offer some of the product's languages; with one alone there is nothing to choose.
    """
    return [
        Language(code, name, html_lang(code), f"/language/{code}?next={back}", code == locale)
        for code, name in LANGUAGES.items()
        if code in offered and len(offered) > 1
    ]


def way_back() -> str:
    """Return the quoted address of this page, or of the start if the page can only be posted to."""
    return quote(request.script_root + _here())


def _here() -> str:
    if request.method == "GET":
        return request.full_path.rstrip("?")
    adapter = current_app.create_url_adapter(request)
    return request.path if adapter is not None and adapter.test(method="GET") else "/"
