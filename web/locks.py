"""Why nothing can be saved on this page: one only looks as somebody else, the workspace is paused, no seat is there."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import current_app, g, request
from werkzeug.exceptions import HTTPException

from saas_crm.core.i18n import gettext as _
from saas_crm.edge.current import member_or_none
from saas_crm.edge.declared import declared_for, works_while_read_only, works_without_seat
from web.looking import looking

WORKING = frozenset({"billing", "settings_deletion", "settings_archives", "viewing"})
"""Whose forms work also where one can otherwise only read: paying, taking along, and what one may take back."""


def lock_words() -> str:
    """Return what a locked button says, "" where nothing is locked."""
    only_looking = looking()
    if only_looking is not None:
        return only_looking.locked
    return "" if request.blueprint in WORKING else _pause()


def lock_words_at(action: str) -> str:
    """Return what a button says that posts to an address, "" where that works also while one can only read."""
    if looking() is not None:
        return ""  # the line above the page says that nothing can be changed
    told = _pause()
    return "" if not told or _works_at(action) else told


def _pause() -> str:
    member = member_or_none()
    if member is None or g.get("tenant") is None:
        return ""
    if not g.tenant.is_open:
        return _("This workspace can only be read for now: nothing can be saved here.")
    return "" if member.seated else _("You have no seat in this plan: nothing can be saved here.")


def _works_at(action: str) -> bool:
    """Whether what is posted there is taken as things are; of an address that is nobody's, yes: it is not ours."""
    path = urlsplit(action).path.removeprefix(request.script_root)
    try:
        endpoint, _values = current_app.create_url_adapter(request).match(path, "POST")  # type: ignore[union-attr]
    except HTTPException:
        return True
    view = current_app.view_functions[endpoint]
    declared = declared_for(view)
    if declared is None or declared.place != "workspace":
        return True
    return works_while_read_only(view) if not g.tenant.is_open else works_without_seat(view)
