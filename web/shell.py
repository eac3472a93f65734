"""The frame of a page inside a workspace: bars, menus and dialogs, written once for everybody who sees the same.

A quarter of a page's time went into it, and it hardly ever changes. Everything it depends on is in the key, so a
frame never goes stale; what belongs to one request alone (the form token, the way back after changing the language)
is put into its place afterwards, and so are the workspace's address, its name and the member's: all who may open the
same share a frame, in whichever workspaces they are.
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
from web.written import ROOT, with_token

_KEPT = 500  # of some 12 kB each
_HEADS = 2_000  # of some hundred bytes each
_BACK = f"back-{secrets.token_hex(16)}"  # stands for the way back, see FORM_TOKEN
_LOG = f"log-{secrets.token_hex(16)}"  # stands for the address of + Log, which on a record's page names the record
_MARK = f"mark-{secrets.token_hex(16)}"  # stands for the workspace's logo and name
_FACE = f"face-{secrets.token_hex(16)}"  # stands for the member's picture and name


@dataclass(frozen=True, slots=True)
class Frame:
    """All that a frame depends on."""

    part: str
    locale: str
    nav: Navigation
    active: str
    theme: str
    offered: tuple[str, ...]
    locked: str
    """Why nothing can be added now, for who only looks as somebody else."""


@pass_context
def shell(context: Context, part: str) -> Markup:
    """Return a part of the frame (`shell/<part>.html`) for the page that is being written."""
    theme, member = request.cookies.get("theme"), context["current_member"]
    frame = Frame(
        part=part, locale=context["locale"], nav=context["frame_nav"], active=context.get("active", ""),
        theme=theme if theme in ("light", "dark") else "system",
        offered=getattr(member, "ways", Ways()).languages, locked=_locked(),
    )  # fmt: skip
    logo = getattr(member, "logo", None)
    places = {
        _BACK: way_back(), _LOG: escape(context.get("log_url") or context["nav"].urls.get("log", "")),
        _MARK: _head("mark", context["current_tenant"].name, f"{request.script_root}/logo/{logo}" if logo else ""),
        _FACE: _head("face", member.name, context.get("member_photo_url", "")),
        ROOT: escape(request.script_root),
    }  # fmt: skip
    return with_token(_filled(_written(frame), places))


def _filled(frame: str, places: dict[str, str]) -> str:
    for place, text in places.items():
        frame = frame.replace(place, text)
    return frame


def _locked() -> str:
    only_looking = looking()
    return only_looking.locked if only_looking else ""


@lru_cache(_KEPT)
def _written(frame: Frame) -> str:
    values: dict[str, Any] = {
        "nav": frame.nav, "active": frame.active, "mark": _MARK, "face": _FACE, "theme": frame.theme,
        "log_url": _LOG, "locked": frame.locked, "languages": languages(frame.locale, _BACK, frame.offered),
    }  # fmt: skip
    return current_app.jinja_env.get_template(f"shell/{frame.part}.html").render(values)


@lru_cache(_HEADS)
def _head(part: str, name: str, picture_url: str) -> str:
    values = {"name": name, "picture_url": picture_url}
    return current_app.jinja_env.get_template(f"shell/{part}.html").render(values)
