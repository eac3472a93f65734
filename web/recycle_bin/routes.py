"""Pages: the recycle bin, over all kinds of records the member may delete."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from flask import Blueprint, g, render_template, url_for
from flask.typing import ResponseReturnValue

from saas_crm.access.recycled import get_recycled, kinds_for, recycled
from saas_crm.core.cursors import CursorError, decode_cursor
from saas_crm.core.i18n import gettext as _
from saas_crm.core.recycling import KEPT, bins
from saas_crm.edge.current import current_member
from saas_crm.edge.declared import members_only
from web.forms import came_from, saved
from web.lists import address, asked, asked_choice, next_url

bp = Blueprint("recycle_bin", __name__, url_prefix="/recycle-bin")
PAGES = {
    "company": ("companies.show", "company_id"),
    "contact": ("contacts.show", "contact_id"),
    "opportunity": ("opportunities.show", "opportunity_id"),
}
ICONS = {"company": "building-2", "contact": "user", "opportunity": "handshake", "activity": "history"}


@bp.get("")
@members_only
def index() -> str:
    """List what was deleted in the last 30 days, of the kinds the member may delete."""
    member = current_member()
    kinds = kinds_for(member)
    kind = asked_choice("kind", kinds)
    page = recycled(member, kind=kind, after=_after())
    tabs = [{"label": _("All"), "href": address(kind=None, after=None), "current": not kind}] + [
        {"label": _kinds()[known], "href": address(kind=known, after=None), "current": kind == known} for known in kinds
    ]
    return render_template(
        "recycle_bin/index.html", rows=page.rows, next_url=next_url(page, "recycle-bin"), tabs=tabs, names=_names(),
        icons=ICONS, days=KEPT.days, kinds=kinds, may_erase=g.tenant.is_open and member.can("privacy:delete"),
        may_restore=g.tenant.is_open,
    )  # fmt: skip


@bp.post("/<kind>/<uuid:record_id>/restore")
@members_only
def restore(kind: str, record_id: UUID) -> ResponseReturnValue:
    """Take a record out of the bin: also the undo of every deletion."""
    member = current_member()
    record = get_recycled(kind, record_id, member=member)
    bins[kind].restore(record, actor=member)
    return saved(_back(kind, record), _("Restored."))


def _back(kind: str, record: Any) -> str:
    """Return where to go on: the bin for who stands before it, else the record's own page."""
    here = url_for("recycle_bin.index")
    before = came_from("")
    if before.partition("?")[0] == here:
        return before
    if kind in PAGES:
        endpoint, name = PAGES[kind]
        return url_for(endpoint, **{name: record.id})
    return before or here


def _after() -> tuple[Any, ...] | None:
    try:
        return decode_cursor(asked("after"), "recycle-bin", (datetime, UUID)) if asked("after") else None
    except CursorError:
        return None


def _kinds() -> dict[str, str]:
    return {
        "company": _("Companies"), "contact": _("Contacts"), "opportunity": _("Deals"), "activity": _("Activities"),
    }  # fmt: skip


def _names() -> dict[str, str]:
    return {"company": _("Company"), "contact": _("Contact"), "opportunity": _("Deal"), "activity": _("Activity")}
