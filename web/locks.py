"""Why nothing can be saved on this page: one only looks as somebody else, the workspace is paused, no seat is there."""

from __future__ import annotations

from flask import g, request

from saas_crm.core.i18n import gettext as _
from saas_crm.edge.current import member_or_none
from web.looking import looking

WORKING = frozenset({"billing", "settings_deletion", "settings_archives", "viewing"})
"""Whose forms work also where one can otherwise only read: paying, taking along, and what one may take back."""


def lock_words() -> str:
    """Return what a locked button says, "" where nothing is locked."""
    only_looking, member = looking(), member_or_none()
    if only_looking is not None:
        return only_looking.locked
    if member is None or g.get("tenant") is None or request.blueprint in WORKING:
        return ""
    if not g.tenant.is_open:
        return _("This workspace can only be read for now: nothing can be saved here.")
    return "" if member.seated else _("You have no seat in this plan: nothing can be saved here.")
