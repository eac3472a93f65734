"""How the workspace looks: its accent colour and its logo, and their files."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from flask import Blueprint, Response, render_template, request, url_for
from flask.typing import ResponseReturnValue

from saas_crm.access.looks.actions import choose_accent, logo, looks_version, put_logo
from saas_crm.access.looks.rules import USUAL, is_colour, is_readable, palette
from saas_crm.access.photos import LARGEST_BYTES, read_photo
from saas_crm.core.errors import NotFound
from saas_crm.core.i18n import gettext as _
from saas_crm.edge.current import current_member
from saas_crm.edge.declared import members_only, requires
from web.forms import form_version, saved, shown_again

bp = Blueprint("settings_appearance", __name__)
FOR_EVER = "private, max-age=31536000, immutable"


def appearance_page(values: Mapping[str, Any] | None = None, errors: Mapping[str, str] | None = None) -> str:
    """Show how the workspace looks."""
    accent = current_member().accent
    stored = {"whose": "own" if accent else "usual", "accent": accent or USUAL}
    return render_template(
        "settings/appearance.html", values={**stored, **(values or {})}, errors=errors or {},
        version=(values or {}).get("version") or looks_version(),
    )  # fmt: skip


@bp.get("/settings/appearance")
@requires("workspace:update")
def edit() -> str:
    """Show how the workspace looks."""
    return appearance_page()


@bp.post("/settings/appearance")
@requires("workspace:update")
@shown_again(appearance_page)
def update() -> ResponseReturnValue:
    """Choose the accent colour."""
    own = request.form.get("whose") == "own"
    accent = request.form.get("accent", "").strip().lower() if own else None
    choose_accent(accent, actor=current_member(), version=form_version())
    return saved(url_for("settings_appearance.edit"), _("Saved."))


@bp.post("/settings/appearance/logo")
@requires("workspace:update")
@shown_again(appearance_page)
def save_logo() -> ResponseReturnValue:
    """Take the picture that was sent as the workspace's logo."""
    sent = request.files.get("logo")
    content = sent.stream.read(LARGEST_BYTES + 1) if sent else b""
    put_logo(read_photo(content, whole=True, field="logo"), actor=current_member())
    return saved(url_for("settings_appearance.edit"), _("Saved."))


@bp.post("/settings/appearance/logo/removal")
@requires("workspace:update")
def remove_logo() -> ResponseReturnValue:
    """Take the logo away."""
    put_logo(None, actor=current_member())
    return saved(url_for("settings_appearance.edit"), _("The logo is removed."))


@bp.get("/logo/<digest>")
@members_only
def show_logo(digest: str) -> Response:
    """Show the workspace's logo to its members."""
    response = Response(logo(digest), content_type="image/webp")
    response.headers["Cache-Control"] = FOR_EVER
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response


@bp.get("/accent/<digest>.css")
@members_only
def accent_style(digest: str) -> Response:
    """Give the colours that follow from an accent; they depend on its address alone."""
    accent = f"#{digest}"
    if not is_colour(accent) or not is_readable(accent):
        raise NotFound
    response = Response(_style(accent), content_type="text/css; charset=utf-8")
    response.headers["Cache-Control"] = FOR_EVER
    return response


@lru_cache(500)
def _style(accent: str) -> str:
    """Write the colours for browsers that know `light-dark()`; the others keep the usual ones."""
    found = palette(accent)
    names = {"accent": found.accent, "accent-strong": found.strong, "accent-soft": found.soft,
             "accent-text": found.text, "on-accent": found.on_accent, "focus": found.text}  # fmt: skip
    lines = "".join(f"--{name}:light-dark({light},{dark});" for name, (light, dark) in names.items())
    return f"@layer tokens{{@supports (color:light-dark(red,red)){{:root{{{lines}}}}}}}"
