"""Writes of opportunities: open, change, move; closing is next door. Never a commit."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import insert, update
from sqlalchemy.orm.attributes import set_committed_value

from saas_crm.access.field_rules import may_write, writable
from saas_crm.access.numbering import number_new
from saas_crm.access.ownership import check_may, check_owner, check_version
from saas_crm.access.permissions import CurrentMember
from saas_crm.activities.actions import ActivityHappened
from saas_crm.core import events, saving
from saas_crm.core.audit import plain, record_act
from saas_crm.core.clock import now
from saas_crm.core.errors import InvalidInput, NotFound
from saas_crm.core.forms import given
from saas_crm.core.i18n import gettext as _
from saas_crm.core.money import Money
from saas_crm.customers.queries import get_company, get_contact
from saas_crm.opportunities.events import StageChanged
from saas_crm.opportunities.further import change_of_people, checked_contacts, write_contacts
from saas_crm.opportunities.indexing import FOUND_BY, index
from saas_crm.opportunities.models import Opportunity, Stage, StageChange
from saas_crm.opportunities.pipelines import first_stage, get_stage
from saas_crm.opportunities.schemas import OpportunityWrite, StageMove
from saas_crm.search import actions as search
from tenants.db import db, new_id

_STEP = insert(StageChange.__table__)  # type: ignore[arg-type]  # a Table; the history is written, never loaded


def open_opportunity(
    data: OpportunityWrite, *, actor: CurrentMember, currency: str, opportunity_id: UUID | None = None
) -> Opportunity:
    """Open a deal, the actor's own unless an owner is named, in the first stage unless one is.

    Raises Forbidden, InvalidInput, AlreadyExists.
    """
    actor.require("opportunity:create")
    deal = Opportunity(id=opportunity_id or new_id(), currency=currency, stage_since=now(), last_activity_at=now())
    stage = _open_stage(data.stage_id, actor) if data.stage_id else first_stage(actor)
    deal.stage_id, deal.pipeline_id = stage.id, stage.pipeline_id
    values = writable(given(data), "opportunity", actor, None)
    values["owner_id"] = data.owner_id or actor.id
    _fill(deal, values, actor)
    number_new(deal, actor)
    saving.insert(deal, may_exist=opportunity_id is not None)
    write_contacts(deal, checked_contacts(set(values.get("contact_ids", ())), actor), set())
    _remember(deal, None, actor)
    index(deal)
    return deal


def update_opportunity(
    deal: Opportunity, data: OpportunityWrite, *, actor: CurrentMember, version: int | None = None
) -> Opportunity:
    """Change what was given of a deal; a new stage is a move. Raises Forbidden, InvalidInput, VersionConflict."""
    check_may(deal, "update", actor)
    check_version(deal, version)
    values = writable(given(data), "opportunity", actor, lambda name: _present(deal, name))
    found_by = _found_by(deal)
    stage_id = values.get("stage_id")
    # Every read comes before the first write: the row and its totals are then touched by one statement, in the
    # order that all moves keep, and two of them cannot wait for each other.
    stage = _stage_for(deal, stage_id, actor) if stage_id and stage_id != deal.stage_id else None
    people = change_of_people(deal, data.contact_ids, actor) if "contact_ids" in values else None
    _fill(deal, values, actor)
    if people:
        deal.updated_at = now()  # the people of a deal are part of it: its version must tell that they changed
    if stage is not None:
        place(deal, stage, "open", actor)
    db.session.flush()
    if people:
        present, wanted = people
        write_contacts(deal, wanted - present, present - wanted)
        change = [plain(sorted(present)), plain(sorted(wanted))]
        record_act(db.session(), "update", "opportunity", deal.id, {"contact_ids": change})
    if _found_by(deal) != found_by:
        index(deal)
    else:
        search.touch(db.session(), deal.id)
    return deal


def move_to_stage(
    deal: Opportunity, move: StageMove, *, actor: CurrentMember, version: int | None = None, stage: Stage | None = None
) -> Opportunity:
    """Move a deal to another open stage of its pipeline; a closed deal is opened again by it.

    `stage` is the one it goes to, where it was loaded and held together with the deal. Moving to where it is
    changes nothing. Raises Forbidden, InvalidInput, VersionConflict.
    """
    check_may(deal, "update", actor)
    check_version(deal, version)
    if move.stage_id == deal.stage_id:
        return deal
    place(deal, _stage_for(deal, move.stage_id, actor, stage), "open", actor)
    return deal


def place(deal: Opportunity, stage: Stage, status: str, actor: CurrentMember) -> None:
    """Put a deal into a stage, with its history; permission and rules have been checked.

    A move is a sign of life: a deal that has just moved is not stale.
    """
    former = deal.stage_id
    deal.stage_id, deal.status = stage.id, status
    set_committed_value(deal, "stage", stage)
    deal.stage_since = deal.last_activity_at = now()
    if status == "open" and deal.closed_at is not None:
        deal.closed_at, deal.close_reason, deal.close_note = None, "", ""
    db.session.flush()
    _remember(deal, former, actor)


def recycle(deal: Opportunity, *, actor: CurrentMember, version: int | None = None) -> None:
    """Put a deal into the recycle bin for 30 days."""
    check_may(deal, "delete", actor)
    check_version(deal, version)
    deal.deleted_at, deal.deleted_by_id = now(), actor.id
    db.session.flush()
    search.drop(db.session(), deal.id)


def restore(deal: Opportunity, *, actor: CurrentMember) -> None:
    """Take a deal out of the recycle bin again."""
    deal.deleted_at = deal.deleted_by_id = None
    check_may(deal, "delete", actor)
    db.session.flush()
    index(deal)


def note_activity(happened: ActivityHappened) -> None:
    """Note on a deal when something last happened: it is not stale then; no edit, so no version."""
    db.session.execute(
        update(Opportunity)
        .where(Opportunity.id == happened.opportunity_id, Opportunity.last_activity_at < happened.at)
        .values(last_activity_at=happened.at, updated_at=Opportunity.updated_at)
    )


def _found_by(deal: Opportunity) -> tuple[Any, ...]:
    return tuple(getattr(deal, name) for name in FOUND_BY)


def _stage_for(deal: Opportunity, stage_id: UUID, actor: CurrentMember, held: Stage | None = None) -> Stage:
    stage = _open_stage(stage_id, actor, held)
    if stage.pipeline_id != deal.pipeline_id:
        raise InvalidInput({"stage_id": _("This stage belongs to another pipeline.")}, {"stage_id": "pipeline"})
    return stage


def _open_stage(stage_id: UUID, actor: CurrentMember, held: Stage | None = None) -> Stage:
    try:
        stage = held or get_stage(stage_id, member=actor, keep=True)
    except NotFound:
        raise InvalidInput({"stage_id": _("Choose a stage.")}, {"stage_id": "unknown"}) from None
    if stage.kind != "open" or stage.archived_at is not None:
        raise InvalidInput(
            {"stage_id": _("Choose an open stage; to win or lose a deal, close it.")}, {"stage_id": "closed"}
        )
    return stage


def _fill(deal: Opportunity, values: dict[str, Any], actor: CurrentMember) -> None:
    if "owner_id" in values and values["owner_id"] != deal.owner_id:
        check_owner("opportunity", values["owner_id"], actor, former=deal.owner_id)
    _check_customer(deal, values, actor)
    if "amount" in values:
        money = values["amount"]
        if money and money.currency != deal.currency:
            message = _("Amounts here are in %(currency)s.", currency=deal.currency)
            raise InvalidInput({"amount": message}, {"amount": "currency"})
        _set(deal, "amount", money.amount if money else Decimal(0))
    for name in ("name", "expected_close", "company_id", "contact_id", "owner_id", "description"):
        if name in values:
            _set(deal, name, values[name])


def _present(deal: Opportunity, name: str) -> Any:
    return Money(deal.amount, deal.currency) if name == "amount" else getattr(deal, name, None)


def _set(deal: Opportunity, name: str, value: Any) -> None:
    if getattr(deal, name) != value:
        setattr(deal, name, value)


def _check_customer(deal: Opportunity, values: dict[str, Any], actor: CurrentMember) -> None:
    """Check that company and contact are visible; a contact brings their company along."""
    wrong = _("Choose one of the values offered.")
    if values.get("company_id") not in (None, deal.company_id):
        try:
            get_company(values["company_id"], member=actor)
        except NotFound:
            raise InvalidInput({"company_id": wrong}, {"company_id": "unknown"}) from None
    if values.get("contact_id") not in (None, deal.contact_id):
        try:
            contact = get_contact(values["contact_id"], member=actor)
        except NotFound:
            raise InvalidInput({"contact_id": wrong}, {"contact_id": "unknown"}) from None
        may_follow = deal.version is None or may_write(actor, "opportunity", "company_id", new=False)
        if values.get("company_id", deal.company_id) is None and may_follow:
            values["company_id"] = contact.company_id


def _remember(deal: Opportunity, former: UUID | None, actor: CurrentMember) -> None:
    step = {
        "id": new_id(), "opportunity_id": deal.id, "from_stage_id": former, "to_stage_id": deal.stage_id,
        "amount": deal.amount, "member_id": actor.id,
    }  # fmt: skip
    db.session.execute(_STEP, step)
    events.publish(StageChanged(deal.id, former, deal.stage_id, deal.status))
