"""The briefs of a hand-over: a page of some, or a file of many to print."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from saas_crm.access.exporting import note_export
from saas_crm.core.i18n import gettext as _
from saas_crm.core.keyset import Page
from saas_crm.edge.current import current_member
from saas_crm.edge.declared import members_only, requires
from saas_crm.edge.viewing import OnlyLooking, viewing
from saas_crm.hand_over import queries
from saas_crm.hand_over.briefs import briefs_of
from tenants.db import AnyRow
from web.hand_over.bp import bp
from web.hand_over.pdf import printed
from web.hand_over.values import linked, sections
from web.lists import after_key, asked_id, next_url

EACH_PAGE = 10
EACH_FILE = 200
"""Briefs in one file: what is printed at once, and drawn within a few seconds."""
PAGES = {"company": "companies", "contact": "contacts", "opportunity": "opportunities"}


def _address(resource: str, record_id: UUID) -> str:
    named: dict[str, Any] = {f"{resource}_id": record_id}
    return url_for(f"{PAGES[resource]}.show", **named)


def briefs_page(hand_over_id: UUID, *, to_id: UUID | None, back: tuple[str, str], mine: bool = False) -> str:
    """Show some of the briefs, with a way to the next ones and to the file."""
    if viewing() is not None:
        raise OnlyLooking
    member = current_member()
    found, page = _briefed(hand_over_id, to_id, EACH_PAGE, mine=mine)
    made = [
        {"brief": one, "sections": sections(one, linked), "href": _address(one.resource, one.id)}
        for one in briefs_of(page.rows, member)
    ]
    printing: dict[str, Any] = {"hand_over": found.id} if mine else {"hand_over_id": found.id, "to": to_id}
    file = url_for("hand_overs.print_received" if mine else "hand_overs.print_briefs", **printing)
    return render_template(
        "hand_over/briefs.html", found=found, briefs=made, next_url=next_url(page, "briefs"), back=back, file=file,
        mine=mine,
    )  # fmt: skip


def _briefed(hand_over_id: UUID, to_id: UUID | None, limit: int, *, mine: bool) -> tuple[AnyRow, Page[AnyRow]]:
    return queries.briefed(
        hand_over_id, member=current_member(), to_id=to_id, after=after_key("briefs", queries.BRIEFED), limit=limit,
        received=mine,
    )  # fmt: skip


@bp.get("/hand-overs/<uuid:hand_over_id>/briefs")
@requires("hand_over:read")
def show_briefs(hand_over_id: UUID) -> str:
    """Show the briefs of a hand-over, or of one successor's part."""
    back = (_("Hand-over"), url_for("hand_overs.show", hand_over_id=hand_over_id))
    return briefs_page(hand_over_id, to_id=asked_id("to"), back=back)


@bp.get("/hand-overs/<uuid:hand_over_id>/briefs.pdf")
@requires("hand_over:read")
def print_briefs(hand_over_id: UUID) -> Response:
    """Answer with the briefs as a file to print, one page each."""
    return _file(hand_over_id, asked_id("to"), mine=False)


@bp.get("/handed-to-me.pdf")
@members_only
def print_received() -> ResponseReturnValue:
    """Answer with the briefs of what was handed to the reader by one hand-over."""
    hand_over_id = asked_id("hand_over")
    if hand_over_id is None:
        return redirect(url_for("hand_overs.received"), 303)
    return _file(hand_over_id, current_member().id, mine=True)


def _file(hand_over_id: UUID, to_id: UUID | None, *, mine: bool) -> Response:
    """Draw EACH_FILE briefs; the last page names the address of the rest."""
    member = current_member()
    found, page = _briefed(hand_over_id, to_id, EACH_FILE, mine=mine)
    more = next_url(page, "briefs")
    body = printed(
        briefs_of(page.rows, member), found, workspace=g.tenant.name, reader=member.name,
        more=request.host_url.rstrip("/") + more if more else "",
    )  # fmt: skip
    wanted = {"to_id": to_id} if to_id else {}
    note_export("hand_over", rows=len(page.rows), kind="pdf", wanted=wanted, record_id=found.id)
    name = f'inline; filename="briefs-{found.created_at:%Y-%m-%d}.pdf"'
    headers = {"Content-Disposition": name, "Cache-Control": "no-store"}
    return Response(body, content_type="application/pdf", headers=headers)
