"""The frame of a page inside a workspace: bars, menus and dialogs, written once for everybody who sees the same.

A quarter of a page's time went into it, and it hardly ever changes. Everything it depends on is in the key, so a
frame never goes stale; what belongs to one request alone (the form token, the way back after changing the language)
is put into its place afterwards.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from flask import current_app, request
from jinja2 import pass_context
from jinja2.runtime import Context
from markupsafe import Markup, escape

from saas_crm.access.ways import Ways
from web.language_menu import languages, way_back
from web.looking import looking
from web.navigation import Navigation
from web.written import with_token

_KEPT = 500  # of some 12 kB each
_BACK = f"back-{secrets.token_hex(16)}"  # stands for the way back, see FORM_TOKEN
_LOG = f"log-{secrets.token_hex(16)}"  # stands for the address of + Log, which on a record's page names the record


@dataclass(frozen=True, slots=True)
class Frame:
    """All that a frame depends on."""

    part: str
    locale: str
    nav: Navigation
    active: str
    workspace: str
    member: str
    photo_url: str
    theme: str
    logo_url: str
    offered: tuple[str, ...]
    locked: str
    """Why nothing can be added now, for who only looks as somebody else."""


@pass_context
def shell(context: Context, part: str) -> Markup:
    """Return a part of the frame (`shell/<part>.html`) for the page that is being written."""
    theme, logo = request.cookies.get("theme"), getattr(context["current_member"], "logo", None)
    frame = Frame(
        part=part, locale=context["locale"], nav=context["nav"], active=context.get("active", ""),
        workspace=context["current_tenant"].name, member=context["current_member"].name,
        photo_url=context.get("member_photo_url", ""), theme=theme if theme in ("light", "dark") else "system",
        logo_url=f"{request.script_root}/logo/{logo}" if logo else "",
        offered=getattr(context["current_member"], "ways", Ways()).languages, locked=_locked(),
    )  # fmt: skip
    log_url = escape(context.get("log_url") or frame.nav.urls.get("log", ""))
    return with_token(_written(frame).replace(_BACK, way_back()).replace(_LOG, log_url))


def _locked() -> str:
    only_looking = looking()
    return only_looking.locked if only_looking else ""


@lru_cache(_KEPT)
def _written(frame: Frame) -> str:
    values: dict[str, Any] = {
        "nav": frame.nav, "active": frame.active, "workspace_name": frame.workspace, "member_name": frame.member,
        "member_photo_url": frame.photo_url, "theme": frame.theme, "log_url": _LOG, "logo_url": frame.logo_url,
        "locked": frame.locked, "languages": languages(frame.locale, _BACK, frame.offered),
    }  # fmt: skip
    return current_app.jinja_env.get_template(f"shell/{frame.part}.html").render(values)
