"""`/styleguide` and its parts."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from flask import Blueprint, abort, render_template, request

from saas_crm.edge.declared import public
from web.navigation import navigation
from web.styleguide import samples

bp = Blueprint("styleguide", __name__, template_folder="templates", url_prefix="/styleguide")

PARTS = ("buttons", "forms", "lists", "records", "board", "today", "feedback", "landing", "signin")
STATUSES = (400, 403, 404, 405, 409, 410, 413, 415, 422, 429, 500, 503)
ERRORS = (*map(str, STATUSES), "contradiction", "suspended", "read_only", "removed", "network", "looking",
          "stale", "recycled")  # fmt: skip


@bp.get("/")
@bp.get("/<part>")
@public("outside")
def show(part: str = "buttons") -> str:
    """Show one part of the guide inside the real frame, with a made-up member and workspace."""
    if part not in PARTS:
        abort(404)
    frame = _frame(part)
    return render_template(f"styleguide/{part}.html", part=part, parts=PARTS, errors_shown=ERRORS, **frame)


@bp.get("/errors/<name>")
@public("outside")
def error(name: str) -> str:
    """Show an error page as it would look, answered with 200 so that tools may load it."""
    if name not in ERRORS:
        abort(404)
    return render_template(f"errors/{name}.html", **samples.conflict())


@bp.get("/pick")
@public("outside")
def pick() -> str:
    """Rows for the picker: made-up companies that contain what was typed."""
    typed = request.args.get("q", "").strip()
    return render_template("styleguide/_picker_rows.html", q=typed, found=samples.companies(typed))


@bp.post("/moved")
@public("outside")
def moved() -> str:
    """Answer a move on the sample board with the same card."""
    return render_template("styleguide/_card.html", deal=samples.deal(request.form.get("stage_id", "")))


def _frame(part: str) -> dict[str, Any]:
    urls = {key: f"/styleguide/{key}" for key in ("today", "board", "lists")}
    nav = navigation(
        {
            "today": urls["today"],
            "companies": urls["lists"],
            "contacts": f"{urls['lists']}?contacts",
            "deals": urls["board"],
            "search": urls["lists"],
            "log": "/styleguide/forms",
            "bin": "/styleguide/feedback",
            "settings": "/styleguide/buttons",
            "profile": "/styleguide/records",
            "workspaces": "/styleguide/buttons",
            "signout": "/styleguide/",
        }
    )
    return {
        "nav": nav,
        "frame_nav": nav,
        "active": {"today": "today", "board": "deals", "lists": "companies"}.get(part, ""),
        "current_tenant": SimpleNamespace(name="Nordwind Maschinenbau", slug="styleguide"),
        "current_member": SimpleNamespace(id="sample", name="Mara Lindqvist"),
        "languages": samples.languages(),
        **samples.everything(),
    }
