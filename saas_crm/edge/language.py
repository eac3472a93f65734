"""Which language the reader gets: their own choice first, then what the browser asks for."""

from __future__ import annotations

from flask import Flask, g, request
from flask_babel import Babel

from saas_crm.access.sessions import SignedInUser
from saas_crm.core.i18n import DEFAULT_LOCALE, LANGUAGES, speaks
from saas_crm.edge import catalogue
from saas_crm.edge.current import member_or_none, settings, user_or_none

FORMER_COOKIE = "lang"
"""What the cookie was called before it had its prefix where the site is served over https."""
_TAGS = {
    "zh": "zh_Hans", "zh-cn": "zh_Hans", "zh-sg": "zh_Hans", "zh-hans": "zh_Hans", "zh-hans-cn": "zh_Hans",
    "zh-tw": "zh_Hant", "zh-hk": "zh_Hant", "zh-mo": "zh_Hant", "zh-hant": "zh_Hant", "zh-hant-tw": "zh_Hant",
}  # fmt: skip


def init_app(app: Flask, catalogues: str) -> None:
    """Attach translations and the choice of language."""
    app.config["BABEL_TRANSLATION_DIRECTORIES"] = catalogues
    app.config["BABEL_DEFAULT_LOCALE"] = DEFAULT_LOCALE
    Babel(app, locale_selector=reader_locale, timezone_selector=reader_timezone)
    catalogue.install(app)


def reader_locale() -> str:
    """Return the reader's locale."""
    if not request:
        return DEFAULT_LOCALE
    member = member_or_none()
    if member is not None:
        return speaks(member.locale)
    user = _visitor()
    if user is not None:
        return speaks(user.locale)
    return kept_locale() or browser_locale(request.headers.get("Accept-Language", ""))


def _visitor() -> SignedInUser | None:
    """Return who is signed in with a browser, also where they are no member, and outside all workspaces."""
    return None if not request or request.path.startswith("/api/") else user_or_none()


def kept_locale() -> str | None:
    """Return the locale that the browser's cookie says, if the product has it."""
    kept = (request.cookies.get(name) for name in (cookie(), FORMER_COOKIE))
    return next((locale for locale in kept if locale in LANGUAGES), None)


def cookie() -> str:
    """Return the name of the cookie that keeps the language of who is not signed in."""
    return "__Host-lang" if settings().secure else "lang"


def browser_locale(accepted: str) -> str:
    """Return the first language of an Accept-Language header that the product has, else English."""
    for part in accepted.split(","):
        tag = part.partition(";")[0].strip().lower()
        if tag in _TAGS:
            return _TAGS[tag]
        if tag.startswith("en"):
            return "en"
    return DEFAULT_LOCALE


def reader_timezone() -> str:
    """Return the reader's time zone: a member's, else the signed-in person's own, else that of the workspace."""
    reader = member_or_none() or _visitor()
    if reader is not None:
        return reader.timezone
    tenant = g.get("tenant") if g else None
    return tenant.timezone if tenant else "UTC"
