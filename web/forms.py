"""What the forms of all pages share: shown again with errors and every word kept, and both values on a lost race.

Lists and their cursors are next door in `web.lists`, the page with both values in `web.conflicts`.

    def _form(company_id, values=None, errors=None) -> str: ...          # GET uses it too

    @bp.post("/companies/<uuid:company_id>")
    @requires("company:update")
    @shown_again(_form, conflict=_conflict)
    def update(company_id): ...load, act, redirect
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, TypeVar
from urllib.parse import urlsplit
from uuid import UUID

from flask import Response, flash, make_response, redirect, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm.exc import StaleDataError

from saas_crm.core.errors import InvalidInput, VersionConflict
from saas_crm.core.i18n import gettext as _
from tenants.db import db, new_id
from web.merging import Merged

View = TypeVar("View", bound=Callable[..., ResponseReturnValue])
TRIES = 4
"""How often a form is merged with changes that others are quicker to make, before its sender is asked."""


def form_version() -> int | None:
    """Return the version of the record the editor had before them; None when the form names none."""
    text = request.form.get("version", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


def form_id() -> UUID:
    """Return the id that the form chose for the record it makes, so that sending it twice makes one record."""
    try:
        return UUID(request.form.get("record_id", ""))
    except ValueError:
        return new_id()


def typed(*lists: str) -> dict[str, Any]:
    """Return what was typed, as templates expect `values`; the fields named in `lists` keep all their values."""
    return {name: values if name in lists else values[0] for name, values in request.form.lists()}


def shown_again(
    render: Callable[..., Any], *, conflict: Callable[..., Any] | None = None, lists: tuple[str, ...] = ()
) -> Callable[[View], View]:
    """Answer a broken rule with the same form (422), a lost race with both values (409) or by keeping both changes.

    `render` and `conflict` take the view's own arguments; `render` also takes `values` and `errors`. What the
    view had begun is undone first, so both read the records as they are stored. Who was asked whether a change is meant
    and goes back gets the form as they left it (`again`).
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(**arguments: Any) -> ResponseReturnValue:
            if "again" in request.form:
                left: ResponseReturnValue = render(**arguments, values=typed(*lists), errors={})
                return left
            try:
                return _settled(view, conflict, arguments)
            except InvalidInput as invalid:
                db.session.rollback()
                return render(**arguments, values=typed(*lists), errors=by_field(invalid.errors)), 422
            except (VersionConflict, StaleDataError):
                if "version" not in request.form or conflict is not None:
                    raise
                db.session.rollback()
                newer = {name: value for name, value in typed(*lists).items() if name != "version"}
                return render(**arguments, values=newer, errors={"": _meanwhile()}), 409

        return guarded  # type: ignore[return-value]

    return decorate


def _settled(view: View, conflict: Callable[..., Any] | None, arguments: dict[str, Any]) -> ResponseReturnValue:
    """Return what the view answers; after a lost race the page with both values, or both changes saved.

    Raises VersionConflict where others are quicker again and again, and what view and page raise.
    """
    merged: Merged | None = None
    for _attempt in range(TRIES):
        try:
            answer = make_response(view(**arguments))
        except (VersionConflict, StaleDataError):
            if conflict is None:
                raise
            found = _met(conflict, arguments)
            if found is not None and not isinstance(found, Merged):
                return found, 409
            if found is not None:
                merged = found.on_top_of(merged)
                merged.take()
        else:
            if merged is not None and _is_saved(answer):
                merged.tell()
            return answer
    raise VersionConflict(None)


def _meanwhile() -> str:
    return _("Somebody else saved settings meanwhile. What you chose is still here; saving it replaces theirs.")


def _is_saved(answer: Response) -> bool:
    """Whether something was saved, and not only asked about: then the browser is sent on."""
    return answer.status_code in (302, 303) or "HX-Redirect" in answer.headers


def _met(conflict: Callable[..., Any], arguments: dict[str, Any]) -> Any:
    """Return what becomes of two changes; None where a third one came while that was looked up."""
    db.session.rollback()
    try:
        return conflict(**arguments)
    except VersionConflict:
        db.session.rollback()
        return None


def by_field(errors: Mapping[str, str]) -> dict[str, str]:
    """Return one message for each field of a form; that of an entry ("tags.3") counts for its field."""
    found: dict[str, str] = {}
    for where, message in errors.items():
        found.setdefault(where.partition(".")[0], message)
    return found


def is_htmx() -> bool:
    """Whether htmx asks, and not the browser for a whole page."""
    return request.headers.get("HX-Request") == "true"


def wants_part(*ids: str) -> bool:
    """Whether htmx asks for the element with one of these ids only; it names its target as `tag#id`."""
    return is_htmx() and request.headers.get("HX-Target", "").partition("#")[2] in ids


def local_path(address: str | None) -> str:
    """Return the path of an address on this site, "" for any other: nobody is sent elsewhere by a link."""
    if not address or "\\" in address or any(ord(char) < 33 for char in address):
        return ""
    try:
        parts = urlsplit(address)
    except ValueError:
        return ""
    if parts.netloc and parts.netloc != request.host:
        return ""
    if not parts.path.startswith("/") or parts.path.startswith("//"):
        return ""
    return parts.path + (f"?{parts.query}" if parts.query else "")


def came_from(default: str) -> str:
    """Return where to go back to: the form's or link's own `next`, else the page before, else `default`."""
    before = local_path(request.referrer)
    if before.partition("?")[0] == request.script_root + request.path:
        before = ""
    return local_path(request.values.get("next")) or before or default


def saved(to: str, message: str, *, undo: str = "", whole: bool = True) -> Response:
    """Send the browser on after a save, with a word about it and perhaps an address that undoes it.

    htmx loads the `whole` page anew; otherwise it follows to the same page and takes the part it asked for.
    """
    said: Any = {"text": message, "undo": undo} if undo else message
    flash(said, "success")
    if not (whole and is_htmx()):
        return make_response(redirect(to, 303))
    response = make_response("", 204)
    response.headers["HX-Redirect"] = to
    return response


def saved_before(to: str, *, whole: bool = True) -> Response:
    """Lead a form that was sent a second time to what the first one made; what it wrote besides is undone."""
    db.session.rollback()
    return saved(to, _("This has been saved already."), whole=whole)


def with_toast(body: str, message: str, *, undo: str = "", tone: str = "good") -> Response:
    """Answer htmx with a part of a page and a short message at its foot."""
    toast = {"text": message, "tone": tone} | ({"undo": undo} if undo else {})
    response = make_response(body)
    response.headers["HX-Trigger"] = json.dumps({"toast": toast})  # ASCII only, as a header must be
    return response
