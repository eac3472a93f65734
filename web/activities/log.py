"""+ Log: what happened with a customer and what comes next, on one screen, in under ten seconds."""

from __future__ import annotations

from typing import Any

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from saas_crm.activities import actions, queries
from saas_crm.activities.models import OUTCOMES, Activity
from saas_crm.activities.schemas import QuickLog
from saas_crm.core.errors import AlreadyExists, InvalidInput
from saas_crm.core.i18n import gettext as _
from saas_crm.edge.current import current_member
from saas_crm.edge.declared import requires
from tenants.db import AnyRow
from web.activities import words
from web.activities.bp import bp
from web.activities.customer import About, about, at_customer
from web.customers.picked import checked, customer_named, customer_picked
from web.forms import came_from, form_id, local_path, saved, saved_before, shown_again
from web.lists import asked_choice, asked_id

KINDS = ("call", "visit", "email", "meeting", "note")
RECENT = 4
OTHER = "other"


def _log(values: dict[str, Any] | None = None, errors: dict[str, str] | None = None) -> str:
    member = current_member()
    given = _given()
    values = dict(values or _blank(given))
    recent = _recent(given, queries.recent_customers(member, limit=RECENT))
    if values.get("recent") not in {value for value, _name in recent}:
        values["recent"] = OTHER
    return render_template(
        "activities/log.html", values=values, errors=at_customer(errors or {}),
        recent=[*recent, (OTHER, _("Another one"))], has_recent=bool(recent),
        given=given, kinds=words.kind_tiles(*KINDS), next_steps=words.next_steps(),
        outcomes={kind: words.outcomes_for(kind) for kind in KINDS if words.outcomes_for(kind)},
        labels={"customer": _("Customer"), "body": _("What happened?"), "next_due_at": _("Day"),
                "next_subject": _("What to do"), "kind": _("What was it?"), "outcome": _("How did it go?")},
    )  # fmt: skip


@bp.get("/log")
@requires("activity:create")
def log() -> str:
    """Show the form; the query string may name the customer, the kind and the outcome."""
    return _log()


@bp.post("/log")
@requires("activity:create")
@shown_again(_log)
def save_log() -> ResponseReturnValue:
    """Save what happened and the next step, and go back to where the reader came from; sent twice, saved once."""
    member, activity_id = current_member(), form_id()
    try:
        happened, step = actions.quick_log(_read(), actor=member, activity_id=activity_id)
    except AlreadyExists:
        return saved_before(_back_from(queries.get_activity(activity_id, member=member)))
    message = _("Logged, and the next step is planned.") if step else _("Logged.")
    return saved(_back_from(happened), message)


def _back_from(happened: Activity) -> str:
    page = about(current_member(), company_id=happened.company_id, contact_id=happened.contact_id).page
    return local_path(request.form.get("next")) or page or url_for("today.index")


def _given() -> About:
    """Return whom the address, or a form shown again, names beforehand."""
    source = request.form if request.method == "POST" else request.args
    return about(
        current_member(), company_id=asked_id("company_id", source), contact_id=asked_id("contact_id", source),
        opportunity_id=asked_id("opportunity_id", source),
    )  # fmt: skip


def _blank(given: About) -> dict[str, str]:
    return {
        "kind": asked_choice("kind", KINDS, "call"), "outcome": asked_choice("outcome", OUTCOMES), "next_step": "none",
        "recent": given.value or (OTHER if request.args.get("customer") else ""), "next": came_from(""),
    }  # fmt: skip


def _recent(given: About, rows: Any) -> list[tuple[str, str]]:
    """Return the customers at hand: the one named beforehand first."""
    found = {given.value: f"{given.deal} · {given.name}" if given.deal else given.name} if given.value else {}
    for row in rows:
        found.setdefault(_value(row), row.contact_name or row.company_name)
    return list(found.items())[:RECENT]


def _value(row: AnyRow) -> str:
    return f"contact:{row.contact_id}" if row.contact_name else f"company:{row.company_id}"


def _read() -> QuickLog:
    """Return the checked form. Raises InvalidInput with each message at its field."""
    form: MultiDict[str, str] = MultiDict(request.form)
    wrong = _put_customer(form)
    if form.get("kind") == "note" and not form.get("body", "").strip():
        wrong["body"] = _("Write the note.")
    if form.get("next_step") != "pick":
        form.pop("next_due_at", None)
    elif not form.get("next_due_at"):
        wrong["next_due_at"] = _("Choose a day for the next step.")
    else:
        form["next_due_at"] = f"{form['next_due_at']}T09:00"
    try:
        return checked(QuickLog, form, wrong)
    except InvalidInput as invalid:  # what the schema says of the whole form stands beside its field already
        raise InvalidInput({name: said for name, said in invalid.errors.items() if name or not wrong}) from None


def _put_customer(form: MultiDict[str, str]) -> dict[str, str]:
    """Put the ids of whom was chosen into the form: by the picker, else by a chip. Return what is wrong."""
    member, recent = current_member(), form.get("recent", OTHER)
    try:
        chosen = customer_picked("customer", member, required=True)
        if chosen is None and recent != OTHER:
            chosen = customer_named(recent, "customer")
    except InvalidInput as invalid:
        return invalid.errors
    if chosen is None:
        return {"customer": _("Choose a customer.")}
    given = _given()
    keeps_deal = given.opportunity_id and recent == given.value
    for name in ("company_id", "contact_id"):
        form[name] = str(chosen[name] or "")
    form["opportunity_id"] = str(given.opportunity_id) if keeps_deal else ""
    return {}
