"""Addresses of exports: companies, contacts, deals and activities."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, render_template, request, url_for

from saas_crm.access.naming import names_of
from saas_crm.access.owners import owner_names
from saas_crm.activities import exporting as activities
from saas_crm.activities.models import KINDS
from saas_crm.activities.queries import ActivityFilter
from saas_crm.core.clock import today_in
from saas_crm.core.i18n import gettext as _
from saas_crm.customers import exporting as customers
from saas_crm.customers.models import Company, Contact
from saas_crm.customers.queries import orders_of
from saas_crm.edge.current import current_member
from saas_crm.edge.declared import requires
from saas_crm.opportunities import exporting as deals
from saas_crm.opportunities.pipelines import stages
from saas_crm.opportunities.queries import ORDERS
from tenants.db import AnySelect, stream
from web.activities import words
from web.customers.listing import asked_filter
from web.exports.files import cells_of, columns_of, export, fields_told
from web.history.rooms import Room, rooms
from web.lists import asked, asked_choice, asked_id
from web.opportunities.filters import asked_deals

bp = Blueprint("exports", __name__)


@bp.get("/companies/export")
@requires("company:export")
def companies() -> Response:
    """Give out the companies that the list shows."""
    return _customers(Company, _("Companies"), customers.COMPANY_FIELDS)


@bp.get("/contacts/export")
@requires("contact:export")
def contacts() -> Response:
    """Give out the contacts that the list shows."""
    return _customers(Contact, _("Contacts"), customers.CONTACT_FIELDS)


def _customers(model: Any, title: str, fields: tuple[str, ...]) -> Response:
    member, wanted = current_member(), asked_filter()
    member.require(f"{model.__resource__}:read")
    sort = asked_choice("sort", orders_of(model), "name")
    return _export(
        model.__resource__,
        title,
        fields,
        lambda told: customers.exported(model, member, wanted, told, sort),
        asdict(wanted),
    )


@bp.get("/deals/export")
@requires("opportunity:export")
def opportunities() -> Response:
    """Give out the deals that the list shows."""
    member = current_member()
    member.require("opportunity:read")
    wanted, sort = asked_deals(member, today_in(member.timezone)), asked_choice("sort", ORDERS, "-updated_at")
    return _export(
        "opportunity", _("Deals"), deals.FIELDS, lambda told: deals.exported(member, wanted, told, sort), asdict(wanted)
    )


@bp.get("/activities/export")
@requires("activity:export")
def activity_file() -> Response:
    """Give out activities: of everybody or one member, of one kind, of one customer or deal, of a time."""
    member = current_member()
    member.require("activity:read")
    wanted = ActivityFilter(
        kind=asked_choice("kind", KINDS), owner_id=asked_id("owner"), company_id=asked_id("company_id"),
        contact_id=asked_id("contact_id"), opportunity_id=asked_id("opportunity_id"),
    )  # fmt: skip
    since, until = asked_day("from"), asked_day("until")
    end = until + timedelta(days=1) if until and until < date.max else None
    times = {"since": moment_of(since), "before": moment_of(end)}
    return _export(
        "activity", _("Activities"), activities.FIELDS,
        lambda told: activities.exported(member, wanted, told, **times), asdict(wanted) | times,
    )  # fmt: skip


def asked_day(name: str) -> date | None:
    """Return a day of the query string; None when it is missing or no day."""
    try:
        return date.fromisoformat(asked(name))
    except ValueError:
        return None


def moment_of(day: date | None) -> datetime | None:
    """Return the first moment of a day where the member is."""
    return datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(current_member().timezone)) if day else None


def _export(
    resource: str, title: str, fields: tuple[str, ...], ask: Callable[[tuple[str, ...]], AnySelect],
    wanted: Mapping[str, Any],
) -> Response:  # fmt: skip
    room, told = _with_stages(rooms[resource]), fields_told(resource, fields)
    cells = cells_of(room, told)
    return export(
        resource, title, columns_of(room, told), lambda: (cells(row) for row in stream(ask(told))), wanted
    )  # fmt: skip


def _with_stages(room: Room) -> Room:
    """Let stages be written by name: there are few, and a deal's row holds the id."""
    if "stage_id" not in room.refers:
        return room
    names = {str(stage.id): stage.name for stage in stages(current_member(), archived=True)}
    refers = {name: kind for name, kind in room.refers.items() if name != "stage_id"}
    writers = {**room.writers, "stage_id": lambda value, _telling: names.get(str(value), "")}
    return Room(room.word, room.labels, writers, refers)


@bp.get("/settings/export")
@requires("activity:export")
def index() -> str:
    """Show everything that can be taken out, and choose which activities."""
    member = current_member()
    rows = (
        ("company", "exports.companies", _("Companies"), "building-2"),
        ("contact", "exports.contacts", _("Contacts"), "users"),
        ("opportunity", "exports.opportunities", _("Deals"), "handshake"),
    )
    allowed = [row for row in rows if member.can(f"{row[0]}:export")]
    return render_template(
        "settings/export.html", values=dict(request.args), errors={},
        lists=[(url_for(endpoint), title, icon) for _kind, endpoint, title, icon in allowed],
        kinds=[(kind, words.kind_label(kind)) for kind in KINDS],
        people=owner_names(member, "activity"),
        formats=(("Excel", "xlsx"), ("CSV", "csv")), about=_about(),
    )  # fmt: skip


def _about() -> str:
    """Return the name of the one customer or deal whose activities are asked for, "" for all."""
    asked_for = {kind: asked_id(f"{kind}_id") for kind in ("company", "contact", "opportunity")}
    names = names_of({kind: {found} for kind, found in asked_for.items() if found}, current_member())
    return ", ".join(found.name for found in names.values())
