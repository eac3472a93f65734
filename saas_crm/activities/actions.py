"""Writes of activities: log, plan, finish, reopen, change; never a commit."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select, update

from saas_crm.access.ownership import check_may, check_owner, check_version
from saas_crm.access.permissions import CurrentMember
from saas_crm.access.visibility import parent_model, visible
from saas_crm.activities.models import Activity
from saas_crm.activities.rules import HAPPENS, next_step_due, place_in_time
from saas_crm.activities.schemas import ActivityWrite, QuickLog
from saas_crm.core import events
from saas_crm.core.clock import now, today_in
from saas_crm.core.errors import InvalidInput
from saas_crm.core.forms import given
from saas_crm.core.i18n import gettext as _
from saas_crm.core.saving import insert
from saas_crm.customers.models import Company, Contact
from tenants.db import db, new_id

PARENTS = ("company", "contact", "opportunity")


@dataclass(frozen=True, slots=True)
class ActivityHappened:
    """Something happened with a customer; upper rooms note it on their own records."""

    opportunity_id: UUID
    at: datetime


def create_activity(data: ActivityWrite, *, actor: CurrentMember, activity_id: UUID | None = None) -> Activity:
    """Log or plan an activity on records the actor sees; raises Forbidden, InvalidInput, AlreadyExists.

    A kind that happens (call, visit …) with neither `done_at` nor `due_at` has just happened.
    """
    actor.require("activity:create")
    activity = Activity(id=activity_id or new_id())
    values = given(data)
    if data.kind in HAPPENS and data.done_at is None and data.due_at is None:
        values["done_at"] = now()
    values["owner_id"] = data.owner_id or actor.id
    check_owner("activity", values["owner_id"], actor)
    _attach(activity, values, actor)
    _fill(activity, values)
    insert(activity, may_exist=activity_id is not None)
    _touch(activity)
    return activity


def quick_log(
    data: QuickLog, *, actor: CurrentMember, activity_id: UUID | None = None
) -> tuple[Activity, Activity | None]:
    """Log what happened and plan the next step, in one go; returns both. Raises as create_activity does."""
    where = {
        "company_id": data.company_id,
        "contact_id": data.contact_id,
        "opportunity_id": data.opportunity_id,
    }
    happened = create_activity(
        ActivityWrite(kind=data.kind, body=data.body, outcome=data.outcome, done_at=now(), **where),
        actor=actor, activity_id=activity_id,
    )  # fmt: skip
    if data.next_step == "none":
        return happened, None
    due = data.next_due_at
    if data.next_step != "pick":
        due = next_step_due(data.next_step, today=today_in(actor.timezone), timezone=actor.timezone)
    subject = data.next_subject or _("Follow up")
    step = ActivityWrite(kind="task", subject=subject, due_at=due, **where)
    return happened, create_activity(step, actor=actor)


def update_activity(
    activity: Activity, data: ActivityWrite, *, actor: CurrentMember, version: int | None = None
) -> Activity:
    """Change what was given of an activity; raises Forbidden, InvalidInput, VersionConflict."""
    check_may(activity, "update", actor)
    check_version(activity, version)
    values = given(data)
    if "owner_id" in values and values["owner_id"] != activity.owner_id:
        check_owner("activity", values["owner_id"], actor, former=activity.owner_id)
    _attach(activity, values, actor)
    _fill(activity, values)
    db.session.flush()
    _touch(activity)
    return activity


def set_done(activity: Activity, done: bool, *, actor: CurrentMember, outcome: str | None = None) -> Activity:
    """Tick an activity off, or take the tick back; doing so twice changes nothing."""
    check_may(activity, "update", actor)
    if done != (activity.done_at is not None):
        activity.done_at = now() if done else None
        activity.at = place_in_time(done_at=activity.done_at, due_at=activity.due_at, written_at=now())
    if outcome is not None:
        activity.outcome = outcome
    db.session.flush()
    if done:
        _touch(activity)
    return activity


def recycle(activity: Activity, *, actor: CurrentMember, version: int | None = None) -> None:
    """Put an activity into the recycle bin."""
    check_may(activity, "delete", actor)
    check_version(activity, version)
    activity.deleted_at, activity.deleted_by_id = now(), actor.id
    db.session.flush()


def restore(activity: Activity, *, actor: CurrentMember) -> None:
    """Take an activity out of the recycle bin again."""
    activity.deleted_at = activity.deleted_by_id = None
    check_may(activity, "delete", actor)
    db.session.flush()


def _attach(activity: Activity, values: dict[str, Any], actor: CurrentMember) -> None:
    """Check that the records named are visible, and add what follows: a contact's or a deal's company."""
    for parent in PARENTS:
        given_id = values.get(f"{parent}_id")
        if given_id is None or given_id == getattr(activity, f"{parent}_id"):
            continue
        row = _parent(parent, given_id, actor)
        if row is None:
            message = _("Choose one of the values offered.")
            raise InvalidInput({f"{parent}_id": message}, {f"{parent}_id": "unknown"})
        for key in ("company_id", "contact_id"):
            if key != f"{parent}_id" and values.get(key) is None and getattr(row, key, None):
                values[key] = getattr(row, key)


def _parent(parent: str, record_id: UUID, actor: CurrentMember) -> Any:
    model = parent_model(parent)
    columns = [getattr(model, name) for name in ("id", "company_id", "contact_id") if hasattr(model, name)]
    query = select(*columns).where(model.id == record_id, model.deleted_at.is_(None), visible(model, actor))
    return db.session.execute(query).one_or_none()


def _fill(activity: Activity, values: dict[str, Any]) -> None:
    for name, value in values.items():
        if getattr(activity, name) != value:
            setattr(activity, name, value)
    at = place_in_time(done_at=activity.done_at, due_at=activity.due_at, written_at=activity.created_at or now())
    if activity.at != at:
        activity.at = at


def _touch(activity: Activity) -> None:
    """Note on the records when something last happened; no edit, so no version and no audit row."""
    if activity.done_at is None:
        return
    for model, record_id in ((Company, activity.company_id), (Contact, activity.contact_id)):
        if record_id is not None:
            touched = (model.last_activity_at.is_(None)) | (model.last_activity_at < activity.done_at)
            db.session.execute(
                update(model)
                .where(model.id == record_id, touched)
                .values(last_activity_at=activity.done_at, updated_at=model.updated_at)
            )
    if activity.opportunity_id is not None:
        events.publish(ActivityHappened(activity.opportunity_id, activity.done_at))
