"""The history of activities."""

from __future__ import annotations

from uuid import UUID

from flask.typing import ResponseReturnValue

from saas_crm.activities import actions, queries
from saas_crm.activities.models import KINDS, OUTCOMES
from saas_crm.activities.schemas import ActivityWrite
from saas_crm.core.i18n import gettext as _
from saas_crm.edge.declared import requires
from web.activities import words
from web.activities.bp import bp
from web.activities.changing import labels
from web.history.returning import history_page, put_back
from web.history.rooms import Returning, Room, as_moment, chosen, tells


def _labels() -> dict[str, str]:
    own = {name: label for name, label in labels().items() if name != "customer"}
    return {
        **own, "kind": _("Kind"), "done_at": _("Done at"), "outcome": _("Outcome"), "company_id": _("Company"),
        "contact_id": _("Contact"), "opportunity_id": _("Deal"), "owner_id": _("Owner"),
    }  # fmt: skip


tells("activity", Room(
    word=lambda: _("Activity"), labels=_labels,
    writers={
        "due_at": as_moment, "done_at": as_moment,
        "kind": chosen(lambda: {kind: words.kind_label(kind) for kind in KINDS}),
        "outcome": chosen(lambda: {code: words.outcome_label(code) for code in OUTCOMES}),
    },
    refers={
        "owner_id": "member", "company_id": "company", "contact_id": "contact", "opportunity_id": "opportunity",
    },
    page=("activities.show", "activity_id"),
    returning=Returning(
        lambda record_id, member: queries.get_activity(record_id, member=member), ActivityWrite,
        actions.update_activity,
    ),
))  # fmt: skip


@bp.get("/activities/<uuid:activity_id>/history")
@requires("activity:read")
def activity_history(activity_id: UUID) -> str:
    """Show what was done with an activity."""
    return history_page("activity", activity_id)


@bp.post("/activities/<uuid:activity_id>/history/put-back")
@requires("activity:update")
def put_activity_back(activity_id: UUID) -> ResponseReturnValue:
    """Give a field of an activity its former value."""
    return put_back("activity", activity_id)
