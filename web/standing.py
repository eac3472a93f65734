"""Where the reader stands when something goes wrong: in a workspace of theirs, or before a record in the bin."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import g, request, url_for
from flask.globals import request_ctx
from werkzeug.exceptions import HTTPException

from saas_crm.access.permissions import CurrentMember
from saas_crm.access.queries import member_of_user
from saas_crm.access.recycled import get_recycled
from saas_crm.access.sessions import SignedInUser
from saas_crm.core.errors import NotFound
from saas_crm.core.i18n import gettext as _
from saas_crm.core.recycling import KEPT, bins
from saas_crm.edge.current import member_or_none, user_or_none
from saas_crm.edge.entry import NetworkRefused, SecondFactorOwed, SignInOver, check_browser
from saas_crm.edge.lifecycle import see_through
from tenants.veils import OPEN, reading_under
from tenants.versions import serves

KINDS = {"company_id": "company", "contact_id": "contact", "opportunity_id": "opportunity", "activity_id": "activity"}


def reader_inside() -> CurrentMember | None:
    """Return the member who reads; at an address that is no page nobody has asked yet who it is.

    Whom the workspace's rules for sign-ins keep out of its pages they keep out here as well.
    """
    found, tenant, user = member_or_none(), g.get("tenant"), user_or_none()
    if found is not None:
        reading_under(found.fields)
    if found is not None or tenant is None or user is None:
        return found
    if tenant.access() != "closed" and serves("tenant", tenant.schema_version):
        reader = _let_in(user)
        g.member = see_through(reader) if reader else None
        reading_under(g.member.fields if g.member else OPEN)
    return member_or_none()


def _let_in(user: SignedInUser) -> CurrentMember | None:
    reader = member_of_user(user.id)
    try:
        if reader is not None:
            check_browser(reader, user)
    except (SecondFactorOwed, NetworkRefused, SignInOver):
        return None
    return reader


def page_above() -> str:
    """Return the nearest page above an address that only takes forms, for a member who looked for a page there.

    So a bookmark, or the address bar, of the second step of something leads to where it begins. "" for all others.
    """
    adapter = request_ctx.url_adapter
    if request.method != "GET" or adapter is None or request.headers.get("HX-Request") or reader_inside() is None:
        return ""
    path = request.path.rstrip("/")
    while path := path.rpartition("/")[0]:
        try:
            adapter.match(path, method="GET")
        except HTTPException:
            continue
        query = request.query_string.decode()
        return request.script_root + path + (f"?{query}" if query else "")
    return ""


def recycled_record() -> dict[str, Any] | None:
    """Return what the page says of the record that the address names, if it lies in the bin.

    None unless the reader may restore it: nobody else is told that it ever was.
    """
    member, named = member_or_none(), request.view_args or {}
    wanted = next(((kind, named[name]) for name, kind in KINDS.items() if isinstance(named.get(name), UUID)), None)
    if member is None or wanted is None:
        return None
    kind, record_id = wanted
    try:
        record = get_recycled(kind, record_id, member=member)
    except NotFound:
        return None
    return {
        "kind_name": _kind_names()[kind], "label": getattr(record, bins[kind].label),
        "deleted_at": record.deleted_at, "days": KEPT.days,
        "restore_url": url_for("recycle_bin.restore", kind=kind, record_id=record_id),
        "bin_url": url_for("recycle_bin.index"),
    }  # fmt: skip


def _kind_names() -> dict[str, str]:
    return {
        "company": _("Deleted company"), "contact": _("Deleted contact"), "opportunity": _("Deleted deal"),
        "activity": _("Deleted activity"),
    }  # fmt: skip
