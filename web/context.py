"""What every template may use besides its own values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from flask import Flask, current_app, g, request, url_for

from saas_crm.access.permissions import CurrentMember
from saas_crm.core.i18n import LANGUAGES, html_lang, spoken
from saas_crm.edge.current import member_or_none, user_or_none
from tenants.db import new_id
from web.navigation import Navigation, navigation

ENTRIES = {
    "today": ("today.index", None),
    "companies": ("companies.index", "company:read"),
    "contacts": ("contacts.index", "contact:read"),
    "deals": ("board.index", "opportunity:read"),
    "search": ("search.index", None),
    "log": ("activities.log", "activity:create"),
    "bin": ("recycle_bin.index", None),
    "settings": ("settings_workspace.index", None),
}
OUTSIDE = {"profile": "/profile", "workspaces": "/workspaces", "signout": "/signout"}


@dataclass(frozen=True, slots=True)
class Language:
    """One choice of the language menu."""

    code: str
    name: str
    tag: str
    href: str
    chosen: bool


def init_app(app: Flask) -> None:
    """Register what every template may use."""
    app.context_processor(_values)
    app.jinja_env.globals["new_id"] = new_id


def _values() -> dict[str, Any]:
    locale = spoken()
    member = member_or_none()
    values: dict[str, Any] = {
        "html_lang": html_lang(locale),
        "locale": locale,
        "languages": _languages(locale),
        "current_member": member,
        "current_tenant": g.get("tenant"),
        "signed_in_user": None if member else user_or_none(),
    }
    if member is not None:
        values["nav"] = navigation_of(member)
        values["manifest_url"] = url_for("today.manifest")
        values["member_photo_url"] = photo_url(member.user_id, member.photo_digest)
    return values


def navigation_of(member: CurrentMember) -> Navigation:
    """Return the entries this member may open."""
    urls = {
        key: url_for(endpoint)
        for key, (endpoint, permission) in ENTRIES.items()
        if permission is None or member.can(permission)
    }
    return navigation({**urls, **OUTSIDE})


def photo_url(user_id: Any, digest: str | None) -> str:
    """Return the address of a person's picture, "" without one; the digest makes it cacheable for ever."""
    return f"/photos/{user_id}/{digest}" if digest else ""


def _languages(locale: str) -> list[Language]:
    back = quote(request.script_root + _here())
    return [
        Language(code, name, html_lang(code), f"/language/{code}?next={back}", code == locale)
        for code, name in LANGUAGES.items()
    ]


def _here() -> str:
    """Return where a link leads back to: this page, or the start if the page can only be posted to."""
    if request.method == "GET":
        return request.full_path.rstrip("?")
    adapter = current_app.create_url_adapter(request)
    return request.path if adapter is not None and adapter.test(method="GET") else "/"
