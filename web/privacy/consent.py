"""Pages: what a contact said about being contacted, and the duty to keep them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time
from typing import Any
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue

from saas_crm.access.ownership import may
from saas_crm.core.clock import today_in
from saas_crm.core.errors import InvalidInput
from saas_crm.core.forms import from_form
from saas_crm.core.i18n import gettext as _
from saas_crm.customers.queries import get_contact
from saas_crm.edge.current import current_member
from saas_crm.edge.declared import requires
from saas_crm.edge.input import input_context
from saas_crm.privacy import consents, keeping
from saas_crm.privacy.rules import CHANNELS, PURPOSES, SOURCES, latest
from saas_crm.privacy.schemas import ConsentWrite, HoldWrite
from web.customers.values import address_line
from web.formatting import day, moment, phone
from web.forms import form_id, saved, shown_again
from web.lists import after_key, next_url
from web.privacy import words
from web.privacy.bp import bp

Values = Mapping[str, Any]


def privacy_page(contact_id: UUID, values: Values | None = None, errors: Mapping[str, str] | None = None) -> str:
    """Show what a contact said, by channel, all they ever said, and what can be done about their data."""
    member = current_member()
    contact = get_contact(contact_id, member=member)
    said = consents.statements(contact_id)
    page = consents.history(contact_id, after=after_key("consents", consents.ORDERS["-at"]))
    typed = values or {}
    return render_template(
        "privacy/contact.html", contact=contact, lines=_lines(contact, said, typed.get("channel", "")),
        history=[_told(row) for row in page.rows], next_url=next_url(page, "consents"), errors=errors or {},
        values={"source": "talk", **typed}, may_record=may(contact, "update", member),
        warnings=words.warnings(consents.refused(contact_id)), purposes=list(words.purposes().items()),
        sources=list(words.sources().items()), may_export=member.can("privacy:export"), today=day_today(member),
        may_erase=member.can("privacy:delete"), may_hold=member.can("privacy:update"),
        hold=keeping.hold_of(contact_id) if member.can("privacy:read") else None,
    )  # fmt: skip


def day_today(member: Any) -> date:
    """Return the day it is where the member is."""
    return today_in(member.timezone)


def _lines(contact: Any, said: Any, typed: str) -> list[dict[str, Any]]:
    present, names, states = latest(said), words.channels(), words.states()
    purposes = words.purposes()
    found = []
    for channel in CHANNELS:
        answers = [
            {"purpose": purposes[purpose], "state": states[one.state], "tone": words.TONES[one.state],
             "icon": words.STATE_ICONS[one.state], "on": day(one.at)}
            for purpose in PURPOSES if (one := present.get((channel, purpose)))
        ]  # fmt: skip
        found.append({
            "channel": channel, "name": names[channel], "icon": words.ICONS[channel], "answers": answers,
            "address": _address(contact, channel), "open": channel == typed,
        })  # fmt: skip
    return sorted(found, key=lambda line: not (line["answers"] or line["address"]))


def _address(contact: Any, channel: str) -> str:
    number = phone(contact.mobile or contact.phone)
    known: dict[str, str] = {
        "email": contact.email,
        "phone": number,
        "sms": phone(contact.mobile),
        "post": address_line(contact, ""),
    }
    return known.get(channel, "")


def _told(row: Any) -> dict[str, Any]:
    return {
        "state": words.states()[row.state], "tone": words.TONES[row.state], "icon": words.STATE_ICONS[row.state],
        "channel": words.channels().get(row.channel, row.channel), "note": row.note,
        "purpose": words.purposes().get(row.purpose, row.purpose), "at": row.at, "written": moment(row.created_at),
        "source": words.sources().get(row.source, row.source), "who": row.member_name or _("Nobody signed in"),
    }  # fmt: skip


@bp.get("/contacts/<uuid:contact_id>/privacy")
@requires("contact:read")
def show(contact_id: UUID) -> str:
    """Show what a contact said about being contacted."""
    return privacy_page(contact_id)


@bp.post("/contacts/<uuid:contact_id>/privacy")
@requires("contact:update")
@shown_again(privacy_page, lists=("purpose",))
def record(contact_id: UUID) -> ResponseReturnValue:
    """Write down what a contact said, for one channel and one or several purposes; sent twice, it counts once."""
    member, record_id = current_member(), form_id()
    contact = get_contact(contact_id, member=member)
    said = latest(consents.statements(contact_id))
    chosen = list(dict.fromkeys(request.form.getlist("purpose")))
    if not chosen:
        raise InvalidInput({"purpose": _("Choose at least one.")})
    for purpose in chosen:
        channel = request.form.get("channel", "")
        former = said.get((channel, purpose))
        state = _state(request.form.get("answer", ""), former)
        data = from_form(
            ConsentWrite, {"channel": channel, "purpose": purpose, "state": state, "note": request.form.get("note", ""),
                           "source": request.form.get("source", SOURCES[0])}, input_context(form=True),
        )  # fmt: skip
        data.at = _when(request.form.get("on", ""), member)
        consents.record_consent(contact, data, actor=member, consent_id=_key(record_id, purpose))
    return saved(url_for("privacy.show", contact_id=contact_id), _("Saved."))


def _key(record_id: UUID, purpose: str) -> UUID:
    """Return the key of one answer: the same form with another answer, as after going back, is another one."""
    said = (request.form.get(name, "").strip() for name in ("channel", "answer", "on", "source", "note"))
    return uuid5(record_id, "\n".join((purpose, *said)))


def _state(answer: str, former: Any) -> str:
    """Return what an answer means: a no after a yes withdraws it, any other no is an objection."""
    if answer == "yes":
        return "given"
    return "withdrawn" if former is not None and former.state == "given" else "objected"


def _when(text: str, member: Any) -> datetime | None:
    """Return noon of the day that was chosen, None for today: it was said just now."""
    if not text:
        return None
    try:
        chosen = date.fromisoformat(text)
        if chosen == day_today(member):
            return None
        return datetime.combine(chosen, time(12), ZoneInfo(member.timezone))
    except (ValueError, OverflowError):
        raise InvalidInput({"on": _("Write a date.")}) from None


@bp.post("/contacts/<uuid:contact_id>/hold")
@requires("privacy:update")
@shown_again(privacy_page)
def hold(contact_id: UUID) -> ResponseReturnValue:
    """Forbid that a contact is erased or deleted."""
    contact = get_contact(contact_id, member=current_member())
    data = from_form(HoldWrite, request.form, input_context(form=True))
    keeping.set_hold(contact, data, actor=current_member())
    return saved(url_for("privacy.show", contact_id=contact_id), _("Saved."))


@bp.post("/contacts/<uuid:contact_id>/hold/lift")
@requires("privacy:update")
def lift(contact_id: UUID) -> ResponseReturnValue:
    """Let a contact be erased and deleted again."""
    keeping.lift_hold(get_contact(contact_id, member=current_member()), actor=current_member())
    return saved(url_for("privacy.show", contact_id=contact_id), _("The duty to keep is lifted."))
