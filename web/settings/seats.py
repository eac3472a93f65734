"""Who keeps a seat where the plan has fewer than there are people: owners choose."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from saas_crm.access.seats import choose, most_seats, seats
from saas_crm.core.i18n import gettext as _
from saas_crm.edge.current import current_member
from saas_crm.edge.declared import owners_only
from web.forms import saved, shown_again
from web.settings.members_bp import bp


def seats_page(values: Mapping[str, Any] | None = None, errors: Mapping[str, str] | None = None) -> ResponseReturnValue:
    """Show who has a seat, to be chosen; where everybody has one there is nothing to choose."""
    most = most_seats()
    if most is None:
        return redirect(url_for("settings_members.index"), 303)
    people = seats()
    chosen = set((values or {}).get("member_ids", ())) or {str(one.member_id) for one in people if one.seated}
    return render_template(
        "settings/seats.html", people=people, most=most, few=len(people) > most, chosen=chosen, errors=errors or {},
    )  # fmt: skip


@bp.get("/settings/members/seats")
@owners_only
def show_seats() -> ResponseReturnValue:
    """Show who has a seat."""
    return seats_page()


@bp.post("/settings/members/seats")
@owners_only
@shown_again(seats_page, lists=("member_ids",))
def choose_seats() -> ResponseReturnValue:
    """Decide who keeps a seat."""
    ids = [UUID(text) for text in request.form.getlist("member_ids") if _is_id(text)]
    choose(ids, actor=current_member())
    return saved(url_for("settings_members.show_seats"), _("Saved. It holds from their next click on."))


def _is_id(text: str) -> bool:
    try:
        return bool(UUID(text))
    except ValueError:
        return False
