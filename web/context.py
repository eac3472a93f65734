"""What every template may use besides its own values."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from flask import Flask, current_app, g, request, url_for

from saas_crm.access.field_rules import may_know
from saas_crm.access.permissions import CurrentMember
from saas_crm.access.recycled import kinds_for
from saas_crm.core.i18n import html_lang, spoken
from saas_crm.edge.current import member_or_none, settings, user_or_none
from saas_crm.edge.domains import main_address
from saas_crm.edge.viewing import viewing
from tenants.db import new_id
from tenants.middleware import DOMAIN_KEY
from web.billing.banner import bill
from web.billing.limits import near
from web.language_menu import languages, way_back
from web.locks import lock_words, lock_words_at
from web.looking import looking
from web.navigation import Navigation, navigation
from web.paused import paused_words
from web.shell import shell
from web.written import ROOT

ENTRIES = {
    "today": ("today.index", None),
    "companies": ("companies.index", "company:read"),
    "contacts": ("contacts.index", "contact:read"),
    "deals": ("board.index", "opportunity:read"),
    "search": ("search.index", None),
    "log": ("activities.log", "activity:create"),
    "bin": ("recycle_bin.index", None),
    "settings": ("settings_workspace.index", None),
    "handed": ("hand_overs.received", None),
}
OUTSIDE = {"profile": "/profile", "workspaces": "/workspaces", "signout": "/signout"}


def init_app(app: Flask) -> None:
    """Register what every template may use."""
    app.context_processor(_values)
    app.jinja_env.globals.update(
        new_id=new_id,
        shell=shell,
        log_address=log_address,
        looking_words=looking,
        main_address=main_address,
        known_by_phone_and_mail=known_by_phone_and_mail,
        near_limits=near,
        lock_words=lock_words,
        lock_words_at=lock_words_at,
        takes_money=takes_money,
    )


def _values() -> dict[str, Any]:
    locale = spoken()
    member = member_or_none()
    values: dict[str, Any] = {
        "html_lang": html_lang(locale),
        "locale": locale,
        "languages": () if member else languages(locale, way_back()),
        "current_member": member,
        "current_tenant": g.get("tenant"),
        "at_domain": request.environ.get(DOMAIN_KEY),
        "signed_in_user": None if member else user_or_none(),
    }
    if member is not None:
        values["nav"] = navigation_of(member, request.script_root)
        values["frame_nav"] = navigation_of(member, ROOT)
        values["looking"] = looking()
        values["paused"] = paused_words()
        values["bill"] = bill(member, g.tenant)
        values["manifest_url"] = request.script_root + _path("today.manifest")
        values["member_photo_url"] = photo_url(member.user_id, member.photo_digest)
    return values


def takes_money() -> bool:
    """Whether this installation sells plans."""
    return settings().bills


def known_by_phone_and_mail(*kinds: str) -> bool:
    """Whether the member may look for any of these kinds of records by phone number and e-mail address.

    What their role hides or masks they cannot ask for.
    """
    member = member_or_none()
    return member is not None and any(
        all(may_know(member, kind, name) for name in ("phone", "email")) for kind in kinds
    )


def navigation_of(member: CurrentMember, root: str) -> Navigation:
    """Return the entries this member may open; `root` is what the workspace's addresses begin with."""
    allowed = tuple(
        key
        for key, (_, permission) in ENTRIES.items()
        if (permission is None or member.can(permission)) and (key != "bin" or kinds_for(member))
    )
    return _navigation(root, allowed, spoken(), tuple(OUTSIDE) if viewing() is None else ("signout",))


@lru_cache(1_000)
def _navigation(root: str, allowed: tuple[str, ...], _locale: str, outside: tuple[str, ...]) -> Navigation:
    """Return the entries of a workspace; the locale is that in which their names are written.

    What is the reader's own, outside any workspace, has no entry while they look as another member.
    """
    beside = {key: OUTSIDE[key] for key in outside}
    return navigation({**{key: root + _path(ENTRIES[key][0]) for key in allowed}, **beside})


@lru_cache
def _path(endpoint: str) -> str:
    return current_app.url_map.bind("").build(endpoint)


def log_address(**narrowed: Any) -> str:
    """Return the address of the workspace's log, narrowed as its page is asked to; "" for who may not read it."""
    return url_for("settings_audit.index", **narrowed) if g.member.can("audit:read") else ""


def photo_url(user_id: Any, digest: str | None) -> str:
    """Return the address of a person's picture, "" without one; the digest makes it cacheable for ever."""
    return f"/photos/{user_id}/{digest}" if digest else ""
