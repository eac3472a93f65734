"""The history of deals."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask.typing import ResponseReturnValue

from saas_crm.core.i18n import LANGUAGES, pgettext, spoken
from saas_crm.core.i18n import gettext as _
from saas_crm.edge.declared import requires
from saas_crm.opportunities import actions, queries
from saas_crm.opportunities.rules import DEFAULT_PIPELINE_NAMES, DEFAULT_STAGES
from saas_crm.opportunities.schemas import OpportunityWrite
from web.history.returning import history_page, put_back
from web.history.rooms import Returning, Room, as_amount, as_day, as_moment, by_language, chosen, tells
from web.numbers import number_label
from web.opportunities.bp import bp
from web.opportunities.filters import status_choices
from web.opportunities.values import deal_labels
from web.opportunities.words import reason_label


def _labels() -> dict[str, str]:
    labels = {name: label for name, label in deal_labels().items() if name != "contact_add"}
    return {
        **labels, "status": _("Outcome"), "close_reason": _("Reason"), "closed_at": _("Closed"),
        "close_note": _("Note"), "pipeline_id": _("Pipeline"), "currency": _("Currency"),
        "number": number_label("opportunity"),
    }  # fmt: skip


def _read(name: str, value: Any, record: Any) -> Any:
    """An amount is kept without its currency."""
    return {"amount": value or "0", "currency": record.currency} if name == "amount" else value


class _Reasons(dict[str, str]):
    """Every code of a reason in words."""

    def get(self, code: str, default: Any = None) -> Any:
        """Return the word for a reason."""
        return reason_label(code) or default


def _first_names() -> dict[str, str]:
    """Return what the stages of every new workspace are called, by each of the names they may be stored under."""
    every = [DEFAULT_PIPELINE_NAMES, *(stage.names for stage in DEFAULT_STAGES)]
    return {stored: names.get(spoken(), stored) for names in every for stored in names.values()}


tells("opportunity", Room(
    word=lambda: _("Deal"), labels=_labels,
    writers={
        "amount": as_amount, "expected_close": as_day, "closed_at": as_moment,
        "status": chosen(lambda: dict(status_choices())), "close_reason": chosen(_Reasons),
    },
    refers={
        "owner_id": "member", "company_id": "company", "contact_id": "contact", "contact_ids": "contact",
        "stage_id": "stage", "pipeline_id": "pipeline",
    },
    page=("opportunities.show", "opportunity_id"),
    returning=Returning(
        lambda record_id, member: queries.get_opportunity(record_id, member=member), OpportunityWrite,
        actions.update_opportunity, _read,
    ),
))  # fmt: skip
tells("pipeline", Room(
    word=lambda: _("Sales stages"),
    labels=lambda: {
        "name": _("Name"), "names": _("Names"), "kind": pgettext("stage", "Kind"), "position": _("Position"),
        "probability": _("Probability"), "archived_at": _("Archived"), "pipeline_id": _("Pipeline"),
    },
    writers={
        "archived_at": as_moment, "kind": chosen(lambda: dict(status_choices())), "name": chosen(_first_names),
        "names": by_language,
    },
    refers={"pipeline_id": "pipeline"}, entry=lambda code, name: (LANGUAGES.get(code, code), name or ""),
))  # fmt: skip


@bp.get("/deals/<uuid:opportunity_id>/history")
@requires("opportunity:read")
def deal_history(opportunity_id: UUID) -> str:
    """Show what was done with a deal."""
    return history_page("opportunity", opportunity_id)


@bp.post("/deals/<uuid:opportunity_id>/history/put-back")
@requires("opportunity:update")
def put_deal_back(opportunity_id: UUID) -> ResponseReturnValue:
    """Give a field of a deal its former value."""
    return put_back("opportunity", opportunity_id)
