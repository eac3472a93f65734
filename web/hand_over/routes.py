"""What was handed over: the list, one of them, taking it back; and what was handed to the reader."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import render_template, url_for
from flask.typing import ResponseReturnValue

from saas_crm.core.i18n import gettext as _
from saas_crm.core.i18n import ngettext, sentences
from saas_crm.edge.current import current_member, settings
from saas_crm.edge.declared import members_only, requires
from saas_crm.hand_over import actions, queries
from saas_crm.hand_over.letters import written
from saas_crm.hand_over.models import HandOver
from saas_crm.hand_over.owned import left_behind
from saas_crm.hand_over.people import may_hand_over
from tenants.context import current_tenant
from tenants.db import AnyRow
from web.context import photo_url
from web.forms import saved, shown_again
from web.hand_over import briefs, wizard
from web.hand_over.bp import bp
from web.lists import after_key, asked_id, next_url

__all__ = ["bp", "briefs", "wizard"]


@bp.get("/hand-overs")
@requires("hand_over:read")
def index() -> str:
    """List the hand-overs, and who has left and still owns something."""
    member = current_member()
    page = queries.hand_overs(member, after=after_key("hand-overs", queries.ORDERS["-created_at"]))
    return render_template(
        "hand_over/index.html", rows=_listed(page.rows), next_url=next_url(page, "hand-overs"),
        behind=[_left(found) for found in left_behind(member)], may_create=member.can("hand_over:create"),
    )  # fmt: skip


def _left(found: AnyRow) -> dict[str, Any]:
    return {
        "name": found.name, "removed": found.status == "removed", "photo": photo_url(found.user_id, found.photo_digest),
        "href": f"{url_for('hand_overs.new')}?from={found.id}",
    }  # fmt: skip


def _listed(rows: Any) -> list[dict[str, Any]]:
    counts = queries.counts_of([row.id for row in rows])
    names = queries.names_of_members({to_id for one in counts.values() for to_id in one})
    return [
        {"row": row, "to": sorted(names[to_id].name for to_id in counts[row.id]),
         "numbers": written(_summed(counts[row.id])), "href": url_for("hand_overs.show", hand_over_id=row.id),
         "briefs": f"{url_for('hand_overs.received')}?hand_over={row.id}"}
        for row in rows
    ]  # fmt: skip


def _summed(counts: dict[UUID, dict[str, int]]) -> dict[str, int]:
    sums: dict[str, int] = {}
    for one in counts.values():
        for resource, num in one.items():
            sums[resource] = sums.get(resource, 0) + num
    return sums


def hand_over_page(hand_over_id: UUID, values: Any = None, errors: Any = None) -> str:
    """Show one hand-over."""
    member = current_member()
    found = queries.hand_over(hand_over_id, member=member)
    counts = queries.counts_of([found.id])[found.id]
    names = queries.names_of_members(counts)
    until = actions.why_not_undone(HandOver(undone_at=found.undone_at, created_at=found.created_at))
    return render_template(
        "hand_over/show.html", found=found, errors=errors or {}, values=values or {}, until=until,
        takers=[_taker(names[to_id], one, found) for to_id, one in counts.items()], numbers=written(_summed(counts)),
        may_undo=not until and may_hand_over(found.from_id, member),
    )  # fmt: skip


def _taker(person: AnyRow, counts: dict[str, int], found: AnyRow) -> dict[str, Any]:
    return {
        "name": person.name, "photo": photo_url(person.user_id, person.photo_digest), "numbers": written(counts),
        "briefs": url_for("hand_overs.show_briefs", hand_over_id=found.id, to=person.id),
        "pdf": url_for("hand_overs.print_briefs", hand_over_id=found.id, to=person.id),
    }  # fmt: skip


@bp.get("/hand-overs/<uuid:hand_over_id>")
@requires("hand_over:read")
def show(hand_over_id: UUID) -> str:
    """Show one hand-over: who got how much, with the briefs for them."""
    return hand_over_page(hand_over_id)


@bp.post("/hand-overs/<uuid:hand_over_id>/undo")
@requires("hand_over:create")
@shown_again(hand_over_page)
def undo(hand_over_id: UUID) -> ResponseReturnValue:
    """Give back what still belongs to whom it was given."""
    queries.reached(hand_over_id, member=current_member())
    undone = actions.undo(hand_over_id, actor=current_member(), tenant=current_tenant(), base_url=settings().base_url)
    words = ngettext("%(num)s record went back.", "%(num)s records went back.", undone.returned)
    if undone.stayed:
        words = sentences(words, ngettext(
            "%(num)s stays: it has changed hands since.", "%(num)s stay: they have changed hands since.", undone.stayed
        ))  # fmt: skip
    return saved(url_for("hand_overs.show", hand_over_id=hand_over_id), words)


@bp.get("/handed-to-me")
@members_only
def received() -> str:
    """Show what was handed to the reader, or the briefs of one hand-over of these."""
    hand_over_id, member = asked_id("hand_over"), current_member()
    if hand_over_id is not None:
        back = (_("Handed to me"), url_for("hand_overs.received"))
        return briefs.briefs_page(hand_over_id, to_id=member.id, back=back, mine=True)
    page = queries.received(member, after=after_key("handed-to-me", queries.ORDERS["-created_at"]))
    return render_template("hand_over/received.html", rows=_listed(page.rows), next_url=next_url(page, "handed-to-me"))
