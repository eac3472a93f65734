"""Pages: one activity, planning or writing one down, changing it."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from saas_crm.access.ownership import check_may, may
from saas_crm.activities import actions, queries
from saas_crm.activities.models import KINDS, OUTCOMES, Activity
from saas_crm.activities.rules import next_step_due
from saas_crm.activities.schemas import ActivityWrite
from saas_crm.core.clock import now, today_in
from saas_crm.core.errors import AlreadyExists, InvalidInput
from saas_crm.core.i18n import gettext as _
from saas_crm.core.i18n import pgettext
from saas_crm.customers.choosing import name_of
from saas_crm.customers.models import Company, Contact
from saas_crm.edge.current import current_member
from saas_crm.edge.declared import requires
from web.activities import words
from web.activities.bp import bp
from web.activities.customer import about, about_activity, at_customer
from web.conflicts import conflict_page
from web.customers.picked import added, checked, customer_picked
from web.forms import came_from, form_id, form_version, local_path, saved, saved_before, shown_again
from web.lists import asked, asked_choice, asked_id
from web.merging import Merged
from web.paused import may_recycle
from web.settings.access_words import access_url

LOCAL = "%Y-%m-%dT%H:%M"
FORM_KINDS = ("task", "call", "visit", "meeting", "email", "note")


def labels() -> dict[str, str]:
    """Return the label of each field of an activity, in the order of the form."""
    return {
        "kind": _("What is it?"), "subject": _("Subject"), "customer": _("Customer"), "due_at": _("Due"),
        "done_at": _("When"), "outcome": _("How did it go?"), "location": _("Place"),
        "duration_minutes": _("Minutes"), "body": _("Notes"),
    }  # fmt: skip


def activity_values(activity: Any) -> dict[str, str]:
    """Return an activity's fields, or a checked form's, as the form writes them."""
    return {
        name: _local(value) if name in ("due_at", "done_at") else "" if value is None else str(value)
        for name, value in ((name, getattr(activity, name)) for name in labels() if name != "customer")
    }


def _compared(value: Any) -> dict[str, str]:
    """Return the same with whom it is about, for the page with both values."""
    if not hasattr(value, "model_fields_set"):
        return activity_values(value) | {"customer": about_activity(value, current_member()).value}
    chosen = added("customer") or request.form.get("customer", "")
    if not chosen and (found := customer_picked("customer", current_member())):
        chosen = next((f"{name.removesuffix('_id')}:{value}" for name, value in found.items() if value), "")
    return activity_values(value) | {"customer": chosen}


def _local(value: datetime | str | None) -> str:
    """Write a moment as a date-and-time field takes it, in the member's time zone."""
    moment = datetime.fromisoformat(value) if isinstance(value, str) and value else value
    if not isinstance(moment, datetime):
        return ""
    return moment.astimezone(ZoneInfo(current_member().timezone)).strftime(LOCAL)


@bp.get("/activities/<uuid:activity_id>")
@requires("activity:read")
def show(activity_id: UUID) -> str:
    """Show one activity: for those that no customer's page shows."""
    member = current_member()
    activity = queries.get_activity(activity_id, member=member)
    here = url_for("activities.show", activity_id=activity_id)
    return render_template(
        "activities/show.html", activity=activity, about=about_activity(activity, member),
        outcome=words.outcome(activity.outcome), kind=words.kind_label(activity.kind),
        history_url=f"{here}/history",
        edit_url=f"{here}/edit" if may(activity, "update", member) else "",
        recycle_url=f"{here}/recycle" if may_recycle(activity, member) else "",
        access_url=access_url("activity", activity.id, member),
    )  # fmt: skip


def _new(values: dict[str, Any] | None = None, errors: dict[str, str] | None = None) -> str:
    if values is not None:
        return _form(None, values, errors)
    member = current_member()
    given = about(
        member, company_id=asked_id("company_id"), contact_id=asked_id("contact_id"),
        opportunity_id=asked_id("opportunity_id"),
    )  # fmt: skip
    due = next_step_due("tomorrow", today=today_in(member.timezone), timezone=member.timezone)
    blank = {
        "kind": asked_choice("kind", KINDS, "task"), "subject": asked("subject"), "state": "planned",
        "customer": given.value, "customer_text": given.name, "opportunity_id": given.opportunity_id or "",
        "due_at": _local(due), "done_at": _local(now()), "next": came_from(""),
    }  # fmt: skip
    return _form(None, blank, errors)


def _edit(activity_id: UUID, values: dict[str, Any] | None = None, errors: dict[str, str] | None = None) -> str:
    member = current_member()
    activity = queries.get_activity(activity_id, member=member)
    check_may(activity, "update", member)
    if values is None:
        whom = about_activity(activity, member)
        values = activity_values(activity) | {
            "customer": whom.value, "customer_text": whom.name, "next": came_from(""),
            "state": "done" if activity.done_at or not activity.due_at else "planned",
        }  # fmt: skip
        values["done_at"] = values["done_at"] or _local(activity.at)
    return _form(activity, values, errors)


def _form(activity: Activity | None, values: dict[str, Any], errors: dict[str, str] | None) -> str:
    return render_template(
        "activities/form.html", activity=activity, values=values, errors=at_customer(errors or {}), labels=labels(),
        kinds=words.kind_tiles(*FORM_KINDS),
        states=[("planned", _("Planned")), ("done", pgettext("activity", "Done"))],
        outcomes=[(code, words.outcome_label(code)) for code in OUTCOMES], recycle_url=_recycle_url(activity),
    )  # fmt: skip


def _recycle_url(activity: Activity | None) -> str:
    if activity is None or not may_recycle(activity, current_member()):
        return ""
    return url_for("activities.recycle", activity_id=activity.id)


def _conflict(activity_id: UUID) -> str | Merged:
    activity = queries.get_activity(activity_id, member=current_member())
    here = url_for("activities.show", activity_id=activity_id)
    return conflict_page(
        activity, ActivityWrite, _compared, labels(), action=here, back_url=here, shown=_readable
    )  # fmt: skip


def _readable(name: str, value: str) -> str:
    if name == "customer":
        kind, _sep, record_id = value.partition(":")
        return name_of(Contact if kind == "contact" else Company, asked_id("id", {"id": record_id}), current_member())
    if name == "outcome":
        return words.outcome_label(value)
    return words.kind_label(value) if name == "kind" else value.replace("T", " ") if name.endswith("_at") else value


@bp.get("/activities/new")
@requires("activity:create")
def new() -> str:
    """Show the empty form; the query string may name kind, subject and customer."""
    return _new()


@bp.post("/activities")
@requires("activity:create")
@shown_again(_new)
def create() -> ResponseReturnValue:
    """Write an activity down, or plan it; the same form sent twice leads to where the first one led."""
    member, activity_id = current_member(), form_id()
    try:
        activity = actions.create_activity(_read(None), actor=member, activity_id=activity_id)
    except AlreadyExists:
        return saved_before(_back_from(queries.get_activity(activity_id, member=member)), whole=False)
    back, planned = _back_from(activity), activity.due_at is not None and activity.done_at is None
    return saved(back, _("Planned.") if planned else _("Saved."), whole=False)


@bp.get("/activities/<uuid:activity_id>/edit")
@requires("activity:update")
def edit(activity_id: UUID) -> str:
    """Show the form with what is stored."""
    return _edit(activity_id)


@bp.post("/activities/<uuid:activity_id>")
@requires("activity:update")
@shown_again(_edit, conflict=_conflict)
def update(activity_id: UUID) -> ResponseReturnValue:
    """Save an activity."""
    member = current_member()
    activity = queries.get_activity(activity_id, member=member)
    check_may(activity, "update", member)
    actions.update_activity(activity, _read(activity), actor=member, version=form_version())
    return saved(_back_from(activity), _("Saved."))


def _back_from(activity: Activity) -> str:
    """Return where to go on after a save: where the form says, else to whom the activity is about."""
    page = about_activity(activity, current_member()).page
    return local_path(request.form.get("next")) or page or url_for("today.index")


def _read(activity: Activity | None) -> ActivityWrite:
    """Return the checked form; a new note needs its text, a plan its time. Raises InvalidInput."""
    form: MultiDict[str, str] = MultiDict(request.form)
    wrong: dict[str, str] = {}
    try:
        _put_customer(form, activity)
    except InvalidInput as invalid:
        wrong |= invalid.errors
    state = form.get("state", "")
    if state == "planned":
        form["done_at"], form["outcome"] = "", ""
        if not form.get("due_at") and form.get("kind") != "note":
            wrong["due_at"] = _("Choose when it is due.")
    elif state == "done" and activity is None:
        form["due_at"] = ""
    if form.get("kind") == "note" and not form.get("body", "").strip() and not form.get("subject", "").strip():
        wrong["body"] = _("Write the note.")
    return checked(ActivityWrite, form, wrong)


def _put_customer(form: MultiDict[str, str], activity: Activity | None) -> None:
    """Put the ids of whom was chosen into the form; whom an activity is about already stays untouched."""
    if "customer" not in form and "customer_text" not in form:
        return
    member = current_member()
    if activity is not None and form.get("customer") == about_activity(activity, member).value:
        return
    chosen = customer_picked("customer", member) or {"company_id": None, "contact_id": None}
    for name, value in chosen.items():
        form[name] = str(value or "")
