"""Pages: everything about one person, to read, to print, and for programs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

import orjson
from flask import Response, g, render_template, url_for

from saas_crm.core.audit import plain
from saas_crm.core.clock import now
from saas_crm.core.i18n import gettext as _
from saas_crm.core.i18n import pgettext
from saas_crm.edge.current import current_member
from saas_crm.edge.declared import requires
from saas_crm.privacy.exporting import personal_data
from saas_crm.privacy.registry import Rows
from web.formatting import day, moment
from web.history.rooms import Room, Telling, rooms, written
from web.history.words import labels_of_acts, verb, way
from web.privacy import words
from web.privacy.bp import bp
from web.privacy.paper import Paper, pdf_answer

Shown = list[tuple[str, list[list[tuple[str, str]]]]]
ROOMS = {"contact": "contact", "history": "contact", "deals": "opportunity", "activities": "activity",
         "mentions": "activity"}  # fmt: skip
NOT_SHOWN = ("id", "currency")


def titles() -> dict[str, str]:
    """Return what the sections are called."""
    return {
        "contact": _("Who they are"), "consents": _("What they said about being contacted"),
        "holds": _("Duties to keep"), "deals": _("Deals"), "activities": _("Activities"),
        "mentions": _("Where others of the company mention them"), "history": _("What was changed about them"),
    }  # fmt: skip


def shown(data: Mapping[str, Rows]) -> Shown:
    """Return what there is of a person as people read it: sections of rows of label and text."""
    named = titles()
    return [
        (named.get(section, section), [list(_values(section, row)) for row in rows])
        for section, rows in data.items()
        if rows
    ]


def _values(section: str, row: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    room = rooms.get(ROOMS.get(section, ""), Room(lambda: ""))
    labels = {**_further(), **words.consent_labels(), **room.labels()} | _renamed(room.labels())
    telling = Telling({}, str(row.get("currency") or g.tenant.currency))
    for name, value in row.items():
        if name in NOT_SHOWN or value in (None, "", []):
            continue
        if name == "changes":
            yield from _changes(room, value, telling)
        else:
            yield labels.get(name, name), _written(section, room, name, value, telling)


def _renamed(labels: Mapping[str, str]) -> dict[str, str]:
    """Return the labels of references under the names that rows have for them: "owner" for "owner_id"."""
    return {name.removesuffix("_id"): label for name, label in labels.items() if name.endswith("_id")}


def _written(section: str, room: Room, name: str, value: Any, telling: Telling) -> str:
    codes = words.consent_words() if section == "consents" else {}
    if name in codes:
        return codes[name].get(value, value)
    if name in ("action", "through"):
        return verb(value) if name == "action" else way(value)
    if name in room.writers:
        return written(room, name, plain(value), telling, None)
    if isinstance(value, datetime):
        return moment(value)
    return day(value) if isinstance(value, date) else written(room, name, plain(value), telling, None)


def _changes(room: Room, changes: Mapping[str, Any], telling: Telling) -> Iterator[tuple[str, str]]:
    labels = {**labels_of_acts(), **room.labels()}
    for name, change in changes.items():
        if name not in labels or not labels[name] or not isinstance(change, list) or len(change) != 2:
            continue
        if name in room.refers:  # whom or what it names is no part of what is known of the person
            yield labels[name], pgettext("field", "changed")
            continue
        old, new = (written(room, name, value, telling, None) for value in change)
        if old or new:
            yield labels[name], f"{old} → {new or _('empty')}" if old else new


def _further() -> dict[str, str]:
    return {
        "created_at": _("Added"), "updated_at": _("Last changed"), "last_activity_at": _("Last contact"),
        "deleted_at": _("In the recycle bin since"), "at": _("When"), "member": _("Written down by"),
        "note": _("Note"), "reason": _("Reason"), "until": _("Until"), "action": _("What"), "company": _("Company"),
        "owner": _("Owner"), "through": pgettext("audit", "Through"), "stage": _("Stage"), "closed_at": _("Closed"),
    }  # fmt: skip


def _name(data: Mapping[str, Rows]) -> str:
    """Return what somebody is called, also where only the log knows of them."""
    return next((row["name"] for row in data["contact"]), _("without a name"))


@bp.get("/contacts/<uuid:contact_id>/personal-data")
@requires("privacy:export")
def everything(contact_id: UUID) -> str:
    """Show everything about a person, to be read or printed."""
    data = personal_data(contact_id, actor=current_member(), kind="html")
    return render_template(
        "privacy/everything.html", contact_id=contact_id, name=_name(data), sections=shown(data),
        made=now(), json_url=url_for("privacy.everything_json", contact_id=contact_id),
        pdf_url=url_for("privacy.everything_pdf", contact_id=contact_id),
    )  # fmt: skip


@bp.get("/contacts/<uuid:contact_id>/personal-data.json")
@requires("privacy:export")
def everything_json(contact_id: UUID) -> Response:
    """Give out everything about a person for programs: the right to take it elsewhere."""
    member = current_member()
    data = personal_data(contact_id, actor=member, kind="json")
    about = {"workspace": g.tenant.name, "made_at": now(), "made_by": member.name, "contact_id": contact_id}
    body = orjson.dumps({"about": about, **data}, option=orjson.OPT_INDENT_2 | orjson.OPT_UTC_Z, default=str)
    headers = {"Content-Disposition": f'attachment; filename="person-{contact_id}.json"', "Cache-Control": "no-store"}
    return Response(body, content_type="application/json", headers=headers)


@bp.get("/contacts/<uuid:contact_id>/personal-data.pdf")
@requires("privacy:export")
def everything_pdf(contact_id: UUID) -> Response:
    """Give out everything about a person on paper."""
    data = personal_data(contact_id, actor=current_member(), kind="pdf")
    paper = Paper(_("Everything about %(name)s", name=_name(data)), g.tenant.name)
    for title, rows in shown(data):
        paper.heading(title)
        for number, row in enumerate(rows):
            if number:
                paper.rule()
            paper.lines(row)
    return pdf_answer(paper, f"person-{contact_id}")
