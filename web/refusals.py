"""What is answered where something is refused: a page, or for htmx a line at its foot; what was typed is kept."""

from __future__ import annotations

import json
from typing import Any

from flask import Response, g, make_response, render_template, request

from saas_crm.core.errors import FeatureNotInPlan, Forbidden, LimitReached
from saas_crm.core.i18n import gettext as _
from web.billing.limits import in_one_line, refused
from web.billing.seat_words import seat_words
from web.paused import is_withheld, paused_words, refusal, what_was_typed
from web.standing import reader_inside

INSIDE = frozenset({
    "400", "403", "404", "405", "413", "415", "422", "429", "contradiction", "limit", "looking", "read_only",
    "recycled", "seatless", "stale",
})  # fmt: skip
"""Pages that keep the workspace's bars for its members; the others may have no database to ask who reads."""


def current_page() -> str:
    """Return the page somebody is on, from where a part or a form was asked for."""
    address = request.headers.get("HX-Current-URL") or request.headers.get("Referer") or ""
    path = "/" + address.partition("://")[2].partition("/")[2] if "://" in address else address
    return path if path.startswith("/") and not path.startswith("//") else request.script_root or "/"


def toast(text: str, status: int) -> Response:
    """Return an answer that leaves the page as it is and says something at its foot."""
    response = make_response("", status)
    response.headers["HX-Trigger"] = json.dumps({"toast": {"text": text, "tone": "bad"}})
    return response


def page(name: str, status: int, **values: Any) -> Response:
    """Return an error page; inside the workspace's bars where the reader is a member and the page needs no more."""
    inside = name in INSIDE and reader_inside() is not None
    return make_response(render_template(f"errors/{name}.html", inside=inside, **values), status)


def read_only() -> Response:
    """Nothing is changed; what was typed comes back, to be sent again when the workspace is open."""
    if request.headers.get("HX-Request"):
        return toast(refusal(), 403)
    return page("read_only", 403, told=paused_words(), back_url=current_page(), **what_was_typed())


def without_seat() -> Response:
    """Nothing is changed by who has no seat; what was typed comes back, to be sent again when they have one."""
    if request.headers.get("HX-Request"):
        return toast(_("Nothing was saved: you have no seat now. What you typed is kept here."), 403)
    return page("seatless", 403, told=seat_words(), back_url=current_page(), **what_was_typed())


def upgrading() -> Response:
    """Ask for a little patience, where tables are a release behind; what was typed comes back, to be sent again."""
    if request.headers.get("HX-Request") and request.method != "GET":
        return toast(_("Nothing was saved: a new version is being put in place. Try again in some minutes."), 503)
    return page("503", 503, back_url=current_page(), upgrading=g.get("tenant") is not None, **what_was_typed())


def withheld(error: Forbidden) -> Response | None:
    """Say why a page that makes something is not there for who can only read now; None where it never was."""
    if not is_withheld(error.permission):
        return None
    return read_only() if not g.tenant.is_open else without_seat()


def beyond_plan(error: LimitReached | FeatureNotInPlan) -> Response:
    """Say what the plan does not allow and who can do what about it; what was typed is kept."""
    if request.headers.get("HX-Request"):
        return toast(in_one_line(error), 403)
    return page("limit", 403, back_url=current_page(), **refused(error), **what_was_typed())
