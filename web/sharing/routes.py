"""The account team of a company, a contact or a deal: who beside its owner may see it, or edit it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from flask import Blueprint, render_template, url_for
from flask.typing import ResponseReturnValue

from saas_crm.access.ownership import may
from saas_crm.access.permissions import CurrentMember
from saas_crm.access.schemas import ShareWrite
from saas_crm.access.sharing import account_team, share_record, unshare_record
from saas_crm.core.i18n import gettext as _
from saas_crm.customers.queries import get_company, get_contact
from saas_crm.edge.current import current_member
from saas_crm.edge.declared import requires
from saas_crm.opportunities.queries import get_opportunity
from web.context import photo_url
from web.customers.picked import checked, member_written, with_picked
from web.forms import saved, shown_again

bp = Blueprint("sharing", __name__)
Load = Callable[..., Any]


def team_of(record: Any, member: CurrentMember) -> dict[str, Any]:
    """Return what a customer's page shows of its account team, and where it is changed; "" is not allowed."""
    return {"account_team": [row.name for row in account_team(record.id)], "share_url": share_url(record, member)}


def share_url(record: Any, member: CurrentMember) -> str:
    """Return where a record's account team is shown and changed; "" is not allowed."""
    return _url("show", record) if may(record, "share", member) else ""


def _url(view: str, record: Any, **more: Any) -> str:
    return url_for(f"sharing.{view}_{record.__resource__}", record_id=record.id, **more)


def _row(row: Any, record: Any, member: CurrentMember, *, may_share: bool) -> dict[str, Any]:
    remove_url = _url("remove", record, member_id=row.member_id)
    return {
        "name": row.name, "photo": photo_url(row.user_id, row.photo_digest),
        "level": _("May edit") if row.level == "edit" else _("May see"),
        "remove_url": remove_url if may_share or row.member_id == member.id else "",
    }  # fmt: skip


def _page(load: Load, here: str) -> Callable[..., str]:
    def page(record_id: UUID, values: Mapping[str, Any] | None = None, errors: Mapping[str, str] | None = None) -> str:
        member = current_member()
        record = load(record_id, member=member)
        this: dict[str, Any] = {f"{record.__resource__}_id": record_id}
        may_share = may(record, "share", member)
        rows = [_row(row, record, member, may_share=may_share) for row in account_team(record_id)]
        return render_template(
            "sharing/show.html", record=record, rows=rows, active=here, owner=record.owner,
            add_url=_url("add", record) if may_share else "", values=values or {"level": "read"}, errors=errors or {},
            levels=[("read", _("May see")), ("edit", _("May see and edit"))],
            back_url=url_for(f"{_PAGES[record.__resource__]}.show", **this),
        )  # fmt: skip

    return page


_PAGES = {"company": "companies", "contact": "contacts", "opportunity": "opportunities"}


def _add_routes(resource: str, load: Load, here: str) -> None:
    """Add the routes of one kind of record, each with the permission of its own."""
    page, path = _page(load, here), f"/account-team/{resource}/<uuid:record_id>"

    @requires(f"{resource}:read")
    def show(record_id: UUID) -> str:
        """Show with whom a record is shared."""
        return page(record_id)

    @requires(f"{resource}:share")
    @shown_again(page)
    def add(record_id: UUID) -> ResponseReturnValue:
        """Share a record with a member, or change what they may do."""
        record = load(record_id, member=current_member())
        data = checked(ShareWrite, *with_picked(current_member(), member_id=member_written))
        share_record(record, data, actor=current_member())
        return saved(_url("show", record), _("Shared."))

    @requires(f"{resource}:read")
    def remove(record_id: UUID, member_id: UUID) -> ResponseReturnValue:
        """Take a member off the account team."""
        record = load(record_id, member=current_member())
        unshare_record(record, member_id, actor=current_member())
        if member_id == current_member().id:
            return saved(url_for("today.index"), _("You left the account team."))
        return saved(_url("show", record), _("No longer shared with this member."))

    bp.add_url_rule(path, f"show_{resource}", show, methods=["GET"])
    bp.add_url_rule(path, f"add_{resource}", add, methods=["POST"])
    bp.add_url_rule(f"{path}/<uuid:member_id>/removal", f"remove_{resource}", remove, methods=["POST"])


_add_routes("company", get_company, "companies")
_add_routes("contact", get_contact, "contacts")
_add_routes("opportunity", get_opportunity, "deals")
